/** What a dialog of this page does that the element does not do by itself. */

/** Closed by a press that begins and ends beside it: one that ends there was a selection in it. */
export function closesBeside(dialog: HTMLDialogElement): void {
  let began: EventTarget | null = null
  dialog.addEventListener('pointerdown', ({ target }) => {
    began = target
  })
  dialog.addEventListener('click', ({ target }) => {
    if (target === dialog && began === target) dialog.close()
  })
}
