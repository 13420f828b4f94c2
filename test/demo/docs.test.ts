/** The documentations as the demo shows them: each component and container by hand, and what must hold of every page. */
import { readFileSync } from 'node:fs'
import { posix, resolve } from 'node:path'
import { type DefaultTreeAdapterTypes, parseFragment } from 'parse5'
import { beforeAll, describe, expect, test } from 'vitest'
import { type Article, finish } from '../../demo/site/docs/finish.ts'
import { Layout } from '../../demo/site/docs/layout.ts'
import { Links } from '../../demo/site/docs/links.ts'
import { renderReact } from '../../demo/site/docs/react.ts'
import { isKnown } from '../../demo/site/docs/reactComponents.ts'
import { type RenderedPage, renderDocs } from '../../demo/site/docs/render.ts'
import { VueRenderer } from '../../demo/site/docs/vue.ts'
import { recordOf } from '../../demo/site/indexes.ts'
import { addressOf, type Docs, type DocsPage } from '../../demo/site/pages.ts'
import { readPairs } from '../../demo/teach/pairs.ts'
import { pageOfRecord } from '../../src/text/parse/index.ts'

const ROOT = resolve(import.meta.dirname, '../..')
const SITE = 'https://demo.example/'
const PAIRS = resolve(ROOT, 'demo/content/teach/pairs.jsonl')

const page = (docs: Docs, path: string, source = ''): DocsPage => ({
  ...{ docs, path, source, kind: 'Guide' },
  address: addressOf(docs, path),
})
const PAGES = [
  page('react', 'learn/index'),
  page('react', 'learn/state'),
  page('vue', 'guide/intro'),
  page('vue', 'api/ref'),
]
const links = new Links(PAGES)
let vueRenderer: VueRenderer
beforeAll(async () => {
  vueRenderer = await VueRenderer.create(ROOT)
})

function react(source: string): Article {
  const { root, title } = renderReact(`---\ntitle: Title\n---\n\n${source}`)
  return finish(root, page('react', 'learn/state'), title, links)
}

function vue(source: string): Article {
  return finish(vueRenderer.render('guide/intro', `# Intro\n\n${source}`), page('vue', 'guide/intro'), undefined, links)
}

/** Without the `h1` and without white space between tags. */
function body({ html }: Article): string {
  return html
    .replace(/<h1.*?<\/h1>/s, '')
    .replace(/>\s+</g, '><')
    .trim()
}

describe('react.dev', () => {
  test.each([
    ['Intro', '<Intro>\n\nHello.\n\n</Intro>', '<div class="intro"><p>Hello.</p></div>'],
    ['Note', '<Note>\n\nA.\n\n</Note>', '<div class="box box-note"><p class="box-title">Note</p><p>A.</p></div>'],
    [
      'Pitfall',
      '<Pitfall>\n\nA.\n\n</Pitfall>',
      '<div class="box box-warning"><p class="box-title">Pitfall</p><p>A.</p></div>',
    ],
    [
      'YouWillLearn',
      '<YouWillLearn>\n\n* A\n\n</YouWillLearn>',
      '<div class="box box-learn"><p class="box-title">You will learn</p><ul><li>A</li></ul></div>',
    ],
    [
      'Solution',
      '<Solution>\n\nA.\n\n</Solution>',
      '<details class="box box-solution"><summary><span>Show solution</span></summary><div><p>A.</p></div></details>',
    ],
    [
      'Hint on one line',
      '<Hint>A.</Hint>',
      '<details class="box box-hint"><summary><span>Show hint</span></summary><div><p>A.</p></div></details>',
    ],
    ['InlineToc', '<InlineToc />', ''],
    ['CodeStep', '<CodeStep step={2}>a</CodeStep>', '<p><span class="step step-2">a</span></p>'],
    ['CanaryBadge', '<CanaryBadge /> x', '<p><span class="badge">Canary</span> x</p>'],
    ['Math', '<Math><MathI>y</MathI> = 2</Math>', '<p><span class="math"><var>y</var> = 2</span></p>'],
    [
      'Diagram',
      '<DiagramGroup>\n\n<Diagram name="a" height={2} alt="A tree.">\n\nBefore\n\n</Diagram>\n\n</DiagramGroup>',
      '<figure class="picture"><p class="picture-text"><span class="picture-mark">Picture</span> A tree.</p>' +
        '<figcaption><p>Before</p></figcaption></figure>',
    ],
    [
      'Illustration',
      '<Illustration src="/a.png" alt="A cook." caption="Render" />',
      '<figure class="picture"><p class="picture-text"><span class="picture-mark">Picture</span> A cook.</p>' +
        '<figcaption>Render</figcaption></figure>',
    ],
    [
      'ConsoleBlock',
      '<ConsoleBlock level="error">\n\nWarning: a\n\n</ConsoleBlock>',
      '<div class="console console-error"><p>Warning: a</p></div>',
    ],
    ['TerminalBlock', '<TerminalBlock>\n\nnpm i\n\n</TerminalBlock>', '<div class="terminal"><p>npm i</p></div>'],
  ])('%s', (_name, source, html) => {
    expect(body(react(source))).toBe(html)
  })

  test('a deep dive is opened by its heading, which keeps its id', () => {
    const { html, ids, toc } = react('<DeepDive>\n\n#### Why so? {/*why-so*/}\n\nBecause.\n\n</DeepDive>')
    expect(html).toContain('<details class="box box-deep"><summary><h2 id="why-so">Why so?</h2></summary>')
    expect(ids).toContain('why-so')
    expect(toc).toEqual([])
  })

  test('the files of a sandbox are tabs with names; hidden ones are the last', () => {
    const files = '```js src/App.js\na\n```\n\n```js src/data.js hidden\nb\n```\n\n```css\nc\n```'
    const { html } = react(`<Sandpack>\n\n${files}\n\n</Sandpack>`)
    expect([...html.matchAll(/<figcaption>(.*?)</g)].map(([, name]) => name)).toEqual([
      'App.js',
      'styles.css',
      'data.js',
    ])
    expect(react('<Sandpack>\n\n```js\na\n```\n\n</Sandpack>').html).not.toContain('code-tabs')
  })

  test('examples and challenges have a heading', () => {
    const { html, toc } = react(
      '## A {/*a*/}\n\n### B {/*b*/}\n\n<Recipes titleText="Two ways" titleId="two">\n\n#### One {/*one*/}\n\n</Recipes>\n\n<Challenges>\n\nA.\n\n</Challenges>',
    )
    expect(html).toContain('<h4 id="two">Two ways')
    expect(toc.map(({ id, depth }) => [id, depth])).toEqual([
      ...[
        ['a', 2],
        ['b', 3],
        ['challenges', 2],
      ],
    ])
  })

  test('lines and steps of code are marked, and its text is the same', () => {
    const { html } = react('```js {2} [[1, 1, "b"], [2, 2, "c"]]\nconst a = b\nc()\n```')
    expect(html).toContain('<span class="step step-1">b</span>')
    expect(html).toMatch(/<span class="marked">.*step-2">c<\/span>\(\)/)
    expect(textOf(html)).toContain('const a = b\nc()')
    // Where nothing is coloured too.
    expect(react('```\nplain < text\n```').html).toContain('<pre><code>plain &#x3C; text</code></pre>')
    // The braces of another thing mark nothing.
    expect(react("```js {expectedErrors: {'a': [1]}}\na\n```").html).not.toContain('marked')
  })

  test('links lead to pages here, and else to their own site', () => {
    const { html } = react(
      '[a](/learn#x) [b](/learn/state) [c](/blog/1) [d](#y) [e](https://vuejs.org/api/ref.html) [f](javascript:alert)',
    )
    expect([...html.matchAll(/<a href="(.*?)"/g)].map(([, href]) => href)).toEqual([
      ...['index.html#x', 'state.html', 'https://react.dev/blog/1', '#y', '../../vue/api/ref.html'],
    ])
  })

  test('no level of headings is left out', () => {
    const { html } = react('## A {/*a*/}\n\n#### B {/*b*/}\n\n#### C {/*c*/}\n\n##### D {/*d*/}\n\n## E {/*e*/}')
    expect([...html.matchAll(/<(h\d) id="(.)"/g)].map(([, level, id]) => `${level} ${id}`)).toEqual([
      ...['h2 a', 'h3 b', 'h3 c', 'h4 d', 'h2 e'],
    ])
  })

  test('a repeated id is given once, and nothing is styled in place', () => {
    const { html } = react('## A {/*a*/}\n\n## B {/*a*/}\n\n<div style={{ color: "red" }}>\n\nC.\n\n</div>')
    expect([...html.matchAll(/<h2 id="(.*?)"/g)].map(([, id]) => id)).toEqual(['a', 'a-1'])
    expect(html).not.toContain('style')
  })
})

describe('the Vue documentation', () => {
  test.each([
    [':::tip', ':::tip\nA.\n:::', '<div class="box box-tip"><p class="box-title">TIP</p><p>A.</p></div>'],
    [
      'a title of its own',
      '::: warning Mind this\nA.\n:::',
      '<div class="box box-warning"><p class="box-title">Mind this</p><p>A.</p></div>',
    ],
    [
      '::: details',
      '::: details More\nA.\n:::',
      '<details class="box box-details"><summary>More</summary><p>A.</p></details>',
    ],
    [
      'the two ways',
      '<div class="options-api">\n\nA.\n\n</div>',
      '<div class="api api-options"><p class="api-name">Options API</p><p>A.</p></div>',
    ],
    ['a badge', 'x <sup class="vt-badge ts" /> y', '<p>x <span class="badge">TS</span> y</p>'],
    ['a badge with text', 'x <sup class="vt-badge" data-text="3.5+" />', '<p>x <span class="badge">3.5+</span></p>'],
    [
      'a lesson',
      '<VueSchoolLink href="https://vueschool.io/a" title="Free lesson"/>\n\nB.',
      '<p class="lesson"><a href="https://vueschool.io/a">Free lesson</a></p><p>B.</p>',
    ],
    ['a script', '<script setup>\nimport A from "./A.vue"\n</script>\n\nB.', '<p>B.</p>'],
    ['a comment', 'A.\n\n<!-- not for readers -->', '<p>A.</p>'],
  ])('%s', (_name, source, html) => {
    expect(body(vue(source))).toBe(html)
  })

  test('what runs there is said to, with a link to it', () => {
    for (const source of ['<div class="demo">\n  <Basic />\n</div>', '<Basic />', '<p v-if="a">{{ a }}</p>']) {
      const { html, links: followed } = vue(source)
      expect(html).toContain('class="elsewhere"')
      expect(html).not.toContain('{{')
      expect(followed).toEqual(['https://vuejs.org/guide/intro.html'])
    }
  })

  test('groups of code are tabs', () => {
    const { html } = vue('::: code-group\n\n```sh [npm]\nnpm i\n```\n\n```sh [yarn]\nyarn\n```\n\n:::')
    expect([...html.matchAll(/<figcaption>(.*?)</g)].map(([, name]) => name)).toEqual(['npm', 'yarn'])
    expect(textOf(html)).toContain('npm i')
  })

  test('lines in braces are marked', () => {
    expect(vue('```js{2}\na\nb\n```').html).toContain('<span class="marked">b')
  })

  test('ids as written, the title without its stars, links to pages here', () => {
    const { html, toc } = vue('## Props \\* {#declaring}\n\n[a](/api/ref#x) [b](./nowhere.md) [c](/tutorial/)')
    expect(toc).toEqual([{ id: 'declaring', text: 'Props', depth: 2 }])
    expect([...html.matchAll(/<a href="(.*?)"/g)].map(([, href]) => href)).toEqual([
      ...['../api/ref.html#x', 'https://vuejs.org/guide/nowhere.html', 'https://vuejs.org/tutorial/'],
    ])
  })
})

describe('all pages', () => {
  let all: readonly RenderedPage[]
  let layouts: readonly Layout[]
  beforeAll(async () => {
    const { vue: ofVue, react: ofReact } = await renderDocs(ROOT)
    all = [...ofVue, ...ofReact]
    layouts = [new Layout('vue', ofVue), new Layout('react', ofReact)]
  }, 240_000)

  test('there are some, each with one title and in reach of the list of pages', () => {
    expect(all.length).toBeGreaterThan(250)
    expect(all.filter(({ html }) => html.split('<h1').length !== 2)).toEqual([])
    const listed = layouts.flatMap(({ pages }) => pages.map(({ address }) => address))
    expect(listed.toSorted()).toEqual(all.map(({ address }) => address).toSorted())
    expect(new Set(listed).size).toBe(listed.length)
  })

  test('every section that the index links to is there; those that are taught with are sections', async () => {
    const missing: string[] = []
    const titles = new Map<string, string | undefined>()
    let sections = 0
    for (const one of all) {
      titles.set(SITE + one.address, one.title)
      const parsed = await pageOfRecord(recordOf(one, '../../'), { anchors: 'vitepress' })
      for (const { anchor, url, headings } of parsed?.sections ?? []) {
        sections++
        if (anchor !== '') titles.set(new URL(url, `${SITE}index/docs/`).href, headings.at(-1)?.replace(/\s*\*+$/, ''))
        if (anchor !== '' && !one.ids.has(anchor)) missing.push(url)
      }
    }
    expect(missing).toEqual([])
    expect(sections).toBeGreaterThan(2000)
    const { pairs, wrong } = readPairs(readFileSync(PAIRS, 'utf8'), SITE)
    expect([pairs.length, wrong]).toEqual([126, []])
    expect(pairs.filter(({ url, title }) => titles.get(url) !== title)).toEqual([])
  }, 120_000)

  test('links to pages here resolve', () => {
    const addresses = new Set(all.map(({ address }) => address))
    const dead = all.flatMap((one) =>
      one.links
        .filter((href) => !/^(?:https?:|mailto:|#)/.test(href))
        .map((href) => posix.join(posix.dirname(one.address), href.replace(/#.*/, '')))
        .filter((target) => !addresses.has(target)),
    )
    expect(dead).toEqual([])
  })

  test('nothing of the sources is left raw, and nothing that a strict policy forbids', () => {
    const raw = all.flatMap(({ address, html }) => {
      // Code is what it is, and some titles are the names of components.
      const text = textOf(html.replace(/<(pre|code|h1)\b.*?<\/\1>/gs, ''))
      return (text.match(/^:::.*|\{\/\*.*|\{#[\w-]+\}|\{\{.*|<\/?[A-Z]\w+.*/gm) ?? []).map(
        (found) => `${address}: ${found}`,
      )
    })
    expect(raw).toEqual([])
    const forbidden = all.flatMap(({ address, html }) =>
      tagsOf(html)
        .filter(({ name, attributes }) => NOT_ALLOWED.has(name) || attributes.some(isForbidden))
        .map(({ name }) => `${address}: ${name}`),
    )
    expect(forbidden).toEqual([])
  })

  test('every component of react.dev is known', () => {
    const names = all
      .filter(({ docs }) => docs === 'react')
      .flatMap(({ source }) => [...source.replace(/```.*?```/gs, '').matchAll(/^ *<([A-Z]\w*)/gm)])
      .map(([, name = '']) => name)
    expect(names.length).toBeGreaterThan(1000)
    expect([...new Set(names)].filter((name) => !isKnown(name))).toEqual([])
  })

  test('a page has its place in the frame', () => {
    const [layout] = layouts
    const one = layout?.pages.find(({ path }) => path === 'guide/essentials/computed')
    if (!layout || !one) throw new Error('There is no such page.')
    const html = layout.fill('<a href="../x">{{ title }}</a>{{ side }}{{ turn }}{{ source }}', one)
    expect(html).toContain('<a href="../../../../x">Computed Properties</a>')
    expect(html).toContain('aria-current="page">Computed Properties')
    expect(html).toContain('rel="prev" href="reactivity-fundamentals.html"')
    expect(html).toContain('https://vuejs.org/guide/essentials/computed.html')
  })
})

const NOT_ALLOWED = new Set(['script', 'style', 'iframe', 'img', 'video', 'object'])

function isForbidden(name: string): boolean {
  return name === 'style' || /^(?:on|v-|:|@)/.test(name)
}

function tagsOf(html: string): readonly { name: string; attributes: readonly string[] }[] {
  const tags: { name: string; attributes: readonly string[] }[] = []
  walk(html, (node) => {
    if ('tagName' in node) tags.push({ name: node.tagName, attributes: node.attrs.map(({ name }) => name) })
  })
  return tags
}

function textOf(html: string): string {
  let text = ''
  walk(html, (node) => {
    if (node.nodeName === '#text' && 'value' in node) text += node.value
  })
  return text
}

type Node = DefaultTreeAdapterTypes.ChildNode

function walk(html: string, visit: (node: Node) => void): void {
  const go = (nodes: readonly Node[]): void => {
    for (const node of nodes) {
      visit(node)
      if ('childNodes' in node) go(node.childNodes)
    }
  }
  go(parseFragment(html).childNodes)
}
