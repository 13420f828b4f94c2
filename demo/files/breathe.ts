/**
 * Long work on the page's own thread, in turns: who has worked for long enough lets the browser draw and answer first.
 * A message to oneself is used, since timers of a page in the background come once a second.
 */

/** Far below the 50 ms after which a browser calls a turn long, as what is called meanwhile takes its time, too. */
const TURN_MS = 10

let turnBegan = 0
let waiting: Promise<void> | undefined

/** Resolves at once while the turn is young, else in the next one. */
export function breathe(): Promise<void> | undefined {
  if (performance.now() - turnBegan < TURN_MS) return undefined
  waiting ??= new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel()
    port1.onmessage = () => {
      port1.close()
      turnBegan = performance.now()
      waiting = undefined
      resolve()
    }
    port2.postMessage(0)
  })
  return waiting
}
