/** Which section one reads, told by "On this page": the last heading that has passed the top of the window. */
export function markPlace(links: Iterable<HTMLAnchorElement>): void {
  const entries = [...links].flatMap((link) => {
    const heading = document.getElementById(decodeURIComponent(link.hash.slice(1)))
    return heading ? [{ link, heading }] : []
  })
  if (entries.length === 0) return
  let isWaiting = false
  const mark = () => {
    isWaiting = false
    const line = innerHeight / 4
    const passed = entries.findLast(({ heading }) => heading.getBoundingClientRect().top < line)
    for (const entry of entries) {
      if (entry === passed) entry.link.setAttribute('aria-current', 'location')
      else entry.link.removeAttribute('aria-current')
    }
  }
  const later = () => {
    if (!isWaiting) requestAnimationFrame(mark)
    isWaiting = true
  }
  document.addEventListener('scroll', later, { passive: true })
  mark()
}
