/** Vitest global setup of the browser project: there is a Chromium, or the run ends here with what to do. */
import { findChromium, installChromium } from './chromium.ts'

export default function setup(): void {
  if (findChromium() === undefined) installChromium()
}
