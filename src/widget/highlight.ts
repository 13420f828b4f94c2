/** Where is the sentence of the hit that was chosen, on a page that no browser scrolled to it? */
import type { Hit } from '../types.ts'

export function rememberTarget(_hit: Hit): void {}

export function highlightTarget(): void {}
