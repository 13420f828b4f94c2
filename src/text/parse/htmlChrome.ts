/**
 * What in a page is not its text: navigation, controls, permalinks, line numbers, what authors marked to be ignored.
 * Decided element by element, by meaning first (tags, roles, attributes), by class names of the common generators
 * where there is no other sign. The list of tags follows Pagefind's, so that what a site's owner knows holds here.
 */
import { isLeftOut, weightOf } from './htmlMarks.ts'
import { attribute, classesOf, type Element, findAll, findFirst, rawText } from './htmlTree.ts'

const CHROME_TAGS: ReadonlySet<string> = new Set(
  (
    'head title script style noscript template nav footer svg canvas iframe frameset object embed audio video map ' +
    'button input select option datalist textarea label progress meter annotation'
  ).split(' '),
)

/** Controls whose text is read all the same, since it says what the text beside it is about. */
const NAMING_CLASSES: ReadonlySet<string> = new Set([
  'sd-tab-label', // sphinx-design: "macOS" before the commands for it
])

const CHROME_ROLES: ReadonlySet<string> = new Set(
  'navigation search banner contentinfo menu menubar toolbar dialog doc-toc doc-pagelist doc-noteref doc-backlink'.split(
    ' ',
  ),
)

const CHROME_CLASSES: ReadonlySet<string> = new Set([
  'headerlink', // Sphinx, MkDocs
  'header-anchor', // VitePress, VuePress
  'hash-link', // Docusaurus
  'anchor-link', // Jupyter
  'sl-anchor-link', // Starlight
  'viewcode-link', // Sphinx: [source]
  'footnote-reference', // Sphinx
  'footnote-ref', // Python-Markdown, remark
  'linenos', // Pygments
  'linenodiv',
  'lineno',
  'line-numbers',
  'line-numbers-wrapper', // VitePress
  'table-of-contents', // VitePress, Docusaurus
  'prev-next-area', // pydata theme
  'toc-backref-arrow',
])

export function isChrome(element: Element): boolean {
  const tag = element.tagName
  if (CHROME_TAGS.has(tag)) return !classesOf(element).some((name) => NAMING_CLASSES.has(name))
  for (const { name, value } of element.attrs) {
    if (name === 'hidden' || (name.startsWith('data-') && isLeftOut(element, name))) return true
    if (name === 'aria-hidden' && value === 'true') return true
    if (name === 'role' && CHROME_ROLES.has(value)) return true
    if (name === 'style' && /display\s*:\s*none/i.test(value)) return true
    if (name === 'class' && value !== '' && hasChromeClass(element)) return true
  }
  if (tag === 'a') return isPermalink(element)
  return tag === 'aside' && isLinkList(element)
}

/** Also what has weight 0, where text is taken whole: within a heading, a cell, code. */
export function isUnread(element: Element): boolean {
  return isChrome(element) || weightOf(element) === 0
}

function hasChromeClass(element: Element): boolean {
  const classes = classesOf(element)
  if (classes.some((name) => CHROME_CLASSES.has(name))) return true
  if (classes.includes('contents') && (classes.includes('topic') || classes.includes('local'))) return true // docutils
  return classes.includes('lang') && isCodeFrame(element.parentNode) // VitePress: the language beside the code
}

function isCodeFrame(node: Element['parentNode']): boolean {
  return node !== null && 'attrs' in node && classesOf(node).some((name) => name.startsWith('language-'))
}

/** `¶`, `#` or nothing visible, linking into the page. A heading wrapped in its own link keeps its text. */
function isPermalink(link: Element): boolean {
  if (attribute(link, 'href')?.includes('#') !== true) return false
  return (
    !/[\p{Letter}\p{Number}]/u.test(rawText(link)) &&
    findFirst(link, (element) => element.tagName === 'img') === undefined
  )
}

/** An aside may be a note within the text (Starlight) or the page's navigation; the latter is links all through. */
function isLinkList(aside: Element): boolean {
  if (findFirst(aside, (element) => element.tagName === 'nav') !== undefined) return true
  const links = findAll(aside, (element) => element.tagName === 'a', true)
  const linked = links.reduce((sum, link) => sum + visibleLength(link), 0)
  return linked > visibleLength(aside) / 2
}

function visibleLength(element: Element): number {
  return rawText(element).replace(/\s+/g, '').length
}
