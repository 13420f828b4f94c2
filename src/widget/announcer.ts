/**
 * What a screen reader is told. Two polite regions take turns, since a region that is set to what it says already stays
 * silent (the idea is Pagefind's); what is said in quick succession is said once, the last of it.
 */
import { h } from './dom.ts'

const REST_MS = 400

export const announcerSheet = new CSSStyleSheet()
announcerSheet.replaceSync(
  '.announcer{position:absolute;inline-size:1px;block-size:1px;overflow:hidden;clip-path:inset(50%);white-space:nowrap}',
)

export class Announcer {
  readonly root = h('div', { class: 'announcer' }, region(), region())
  #timer: ReturnType<typeof setTimeout> | undefined

  say(text: string): void {
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => {
      const [spoken, next] = this.root.children
      if (!spoken || !next) return
      spoken.textContent = ''
      next.textContent = text
      this.root.append(spoken) // the order tells whose turn it is
    }, REST_MS)
  }

  stop(): void {
    clearTimeout(this.#timer)
  }
}

const region = () => h('div', { 'aria-live': 'polite', 'aria-atomic': 'true' })
