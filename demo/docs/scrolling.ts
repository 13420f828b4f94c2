/** What is wider than its place can be scrolled by keys too: it takes the focus while it is, and only then. */
export function reachByKeys(boxes: Iterable<HTMLElement>): void {
  const observer = new ResizeObserver((entries) => {
    for (const { target } of entries) {
      if (target.scrollWidth > target.clientWidth) target.setAttribute('tabindex', '0')
      else target.removeAttribute('tabindex')
    }
  })
  for (const box of boxes) observer.observe(box)
}
