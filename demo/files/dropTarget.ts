/** The whole page takes files: an overlay while they are dragged over it. Knows nothing of what becomes of them. */
import { h, icon } from '../dom.ts'

export function takeDrops(onDrop: (data: DataTransfer) => void): void {
  const overlay = h(
    'div',
    { class: 'drop', 'aria-hidden': 'true', 'data-testid': 'drop', hidden: true },
    h(
      'div',
      { class: 'drop-frame' },
      icon('drop-icon', 'M12 4v11m0 0-4.5-4.5M12 15l4.5-4.5M4 16v4h16v-4'),
      h('p', { class: 'drop-title' }, 'Drop to search them too'),
      h('p', {}, 'Markdown, HTML and text: files, folders or zips. They stay in this browser.'),
    ),
  )
  document.body.append(overlay)
  const show = (isShown: boolean) => {
    overlay.hidden = !isShown
  }
  const carriesFiles = (event: DragEvent) => event.dataTransfer?.types.includes('Files') === true

  for (const type of ['dragenter', 'dragover'] as const)
    addEventListener(type, (event) => {
      if (!carriesFiles(event)) return
      event.preventDefault()
      if (event.dataTransfer) event.dataTransfer.dropEffect = 'copy'
      show(true)
    })
  // Without one that is entered next, it is the window that was left.
  addEventListener('dragleave', (event) => {
    if (event.relatedTarget === null) show(false)
  })
  // No pointer moves while something is dragged: some browsers tell of a drag's end, given up with Escape, by nothing else.
  addEventListener('pointermove', () => show(false))
  addEventListener('drop', (event) => {
    if (!carriesFiles(event)) return
    event.preventDefault() // or the browser opens the file in place of the page
    show(false)
    if (event.dataTransfer) onDrop(event.dataTransfer)
  })
}
