/**
 * The files of an example as tabs. Those that are not chosen stay findable: the browser's own search, and a link to a text in
 * them, open them (`hidden="until-found"`). Without this script the files stand one below the other.
 */
let made = 0

export function codeTabs(root: HTMLElement): void {
  const panels = [...root.querySelectorAll<HTMLElement>(':scope > .code-file')]
  const list = document.createElement('div')
  list.className = 'tabs'
  list.role = 'tablist'
  list.ariaLabel = root.dataset['label'] ?? 'Files'
  const tabs = panels.map((panel) => tabOf(panel))
  const choose = (index: number) => {
    panels.forEach((panel, i) => {
      if (i === index) panel.removeAttribute('hidden')
      else panel.setAttribute('hidden', 'until-found')
      const tab = tabs[i]
      if (tab === undefined) return
      tab.ariaSelected = String(i === index)
      tab.tabIndex = i === index ? 0 : -1
    })
  }
  panels.forEach((panel, i) => {
    panel.addEventListener('beforematch', () => choose(i))
    tabs[i]?.addEventListener('click', () => choose(i))
  })
  list.addEventListener('keydown', (event) => {
    const from = tabs.findIndex((tab) => tab.ariaSelected === 'true')
    const to = target(event.key, from, tabs.length)
    if (to === undefined) return
    event.preventDefault()
    choose(to)
    tabs[to]?.focus()
  })
  list.append(...tabs)
  root.prepend(list)
  root.classList.add('is-tabbed')
  choose(0)
}

function tabOf(panel: HTMLElement): HTMLButtonElement {
  const id = `file-${++made}`
  const tab = document.createElement('button')
  tab.type = 'button'
  tab.role = 'tab'
  tab.className = 'tab'
  tab.id = `${id}-tab`
  tab.textContent = panel.querySelector('figcaption')?.textContent ?? ''
  tab.setAttribute('aria-controls', id)
  panel.id = id
  panel.role = 'tabpanel'
  panel.setAttribute('aria-labelledby', tab.id)
  return tab
}

function target(key: string, from: number, count: number): number | undefined {
  if (key === 'ArrowRight') return (from + 1) % count
  if (key === 'ArrowLeft') return (from + count - 1) % count
  if (key === 'Home') return 0
  return key === 'End' ? count - 1 : undefined
}
