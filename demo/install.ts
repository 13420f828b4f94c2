/** Whether the browser offers to install the page as an app, and the doing of it. Browsers that do not offer it are not asked. */

/** Of Chromium's browsers; no standard has it. */
interface InstallOffer extends Event {
  prompt(): Promise<unknown>
}

let offer: InstallOffer | undefined

/** `changed` is told whether it is offered now. */
export function watchInstall(changed: (isOffered: boolean) => void): void {
  const set = (next: InstallOffer | undefined) => {
    offer = next
    changed(next !== undefined)
  }
  addEventListener('beforeinstallprompt', (event) => {
    if (!('prompt' in event)) return
    event.preventDefault() // the button asks, when somebody wants it
    set(event as InstallOffer)
  })
  addEventListener('appinstalled', () => set(undefined))
}

/** An offer is good for one question. */
export async function install(): Promise<void> {
  const asked = offer
  offer = undefined
  await asked?.prompt()
}
