/**
 * Files dropped on a page as from a file manager: the browser itself makes the drag events, with real files and folders of the
 * disk. (A DataTransfer that a script makes has no folders.)
 */
import type { Page } from 'playwright'

export interface Drag {
  /** They are let go. */
  drop(): Promise<void>
  /** They are not: Escape was pressed. */
  leave(): Promise<void>
}

/** Carries the files over the page and holds them there. */
export async function drag(page: Page, paths: readonly string[]): Promise<Drag> {
  const session = await page.context().newCDPSession(page)
  const data = { items: [], files: [...paths], dragOperationsMask: 1 }
  const send = (type: 'dragEnter' | 'dragOver' | 'drop' | 'dragCancel') =>
    session.send('Input.dispatchDragEvent', { type, x: 200, y: 200, data })
  await send('dragEnter')
  await send('dragOver')
  return {
    drop: async () => {
      await send('drop')
      await session.detach()
    },
    leave: async () => {
      await send('dragCancel')
      await session.detach()
      await page.mouse.move(300, 300)
    },
  }
}

export async function drop(page: Page, paths: readonly string[]): Promise<void> {
  await (await drag(page, paths)).drop()
}
