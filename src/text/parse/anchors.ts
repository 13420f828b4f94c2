/**
 * Heading ids as a site generator makes them, so that a link to a section lands on it.
 * The duplicate rules are part of it: both generators count per page, and only VitePress counts explicit ids.
 */
import { slugify } from '@mdit-vue/shared'
import GithubSlugger from 'github-slugger'

/**
 * `github`: GitHub, Docusaurus, Astro and Starlight, Next and Nextra, rehype-slug.
 * `vitepress`: VitePress and VuePress 2 (markdown-it-anchor with mdit-vue's slugify).
 */
export type AnchorStyle = 'github' | 'vitepress'

export interface Anchors {
  /** The id of the page's next heading. `text` is the heading as the generator slugs it, without inline HTML. */
  next(text: string, explicit: string | undefined): string
}

export function createAnchors(style: AnchorStyle): Anchors {
  return style === 'vitepress' ? vitepressAnchors() : githubAnchors()
}

function githubAnchors(): Anchors {
  const slugger = new GithubSlugger()
  return { next: (text, explicit) => explicit ?? slugger.slug(text) }
}

/** VitePress turns `:tada:` into an emoji before it makes the id, and leaves emojis out of it. */
const EMOJI_NAME = /(^|\s):[a-z0-9_+-]+:(?=\s|$)/g

function vitepressAnchors(): Anchors {
  const taken = new Set<string>()
  const repeats = new Map<string, number>()
  return {
    next(text, explicit) {
      const slug = explicit ?? slugify(text.replace(EMOJI_NAME, '$1'))
      let id = slug
      // VitePress refuses a page whose explicit ids repeat; here the link still goes to the first of them.
      if (explicit === undefined) {
        let repeat = repeats.get(slug) ?? 0
        while (taken.has(id)) id = `${slug}-${++repeat}`
        repeats.set(slug, repeat)
      }
      taken.add(id)
      return id
    },
  }
}
