/** Where does a hit's link lead? */
import type { Hit } from '../types.ts'

export function hrefOf(hit: Hit): string {
  return hit.url
}
