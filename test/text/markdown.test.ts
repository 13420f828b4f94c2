/** Markdown → sections and blocks: small inputs, whole outputs. */
import { expect, test } from 'vitest'
import { lines, read } from './show.ts'

/** Front matter and fences need their first column, so templates carry a margin. */
const markdown = (text: string, options?: Parameters<typeof read>[2]) => read('page.md', lines(text), options)

test('headings make sections with their path, anchor and own text', async () => {
  expect(
    await markdown(`
      Before any heading.

      # Guide

      Intro.

      ## Install

      ### On Linux

      Use apt.

      ## Use
    `),
  ).toBe(
    lines(`
      # Guide [/page.html]
      paragraph| Before any heading.
      paragraph| Intro.
      # Guide › Install [/page.html#install]
      # Guide › Install › On Linux [/page.html#on-linux]
      paragraph| Use apt.
      # Guide › Use [/page.html#use]
    `),
  )
})

test('a heading that skips a level hangs on the next higher one; a second h1 starts again below the title', async () => {
  expect(await markdown('# A\n\n#### B\n\n## C\n\n# D\n\n## E\n\nx')).toBe(
    lines(`
      # A [/page.html]
      # A › B [/page.html#b]
      # A › C [/page.html#c]
      # A › D [/page.html#d]
      # A › D › E [/page.html#e]
      paragraph| x
    `),
  )
})

test('setext headings are headings; inside fences, quotes and lists # is none, but still counts for ids', async () => {
  expect(
    await markdown(`
      Title
      =====

      Part
      ----

      \`\`\`md
      # not a heading
      \`\`\`

      > ## Part
      > quoted

      - ## Part

      ## Part
    `),
  ).toBe(
    lines(`
      # Title [/page.html]
      # Title › Part [/page.html#part]
      code| # not a heading
      quote| Part
      quote| quoted
      list-item| - Part
      # Title › Part [/page.html#part-3]
    `),
  )
})

test('inline markup reads as its text: code, links, images, breaks, entities, escapes, strikethrough', async () => {
  expect(
    await markdown(
      'Call `useRef()` — see [the **docs**](/x "tip"), ![a diagram](d.png)\\\nnext\nline &amp; \\*done\\* ~~old~~ <kbd>Ctrl</kbd>[^1].\n\n[^1]: A note.',
    ),
  ).toBe(
    lines(`
      # page [/page.html]
      paragraph| Call useRef() — see the docs, a diagram
      next line & *done* old Ctrl.
      paragraph| A note.
    `),
  )
})

test('a fence keeps its text and no more: no language line, exact lines, kind code', async () => {
  expect(await markdown('Run:\n\n```sh [npm]\n$ npm i\n\n  indented\n```\n\n    old style')).toBe(
    '# page [/page.html]\nparagraph| Run:\ncode| $ npm i\n\n  indented\ncode| old style',
  )
})

test('one block per list item; nesting, numbers and tasks stay readable in the text', async () => {
  const { parsePage } = await import('../../src/text/parse/index.ts')
  const content = lines(`
    # L

    - one
      more
      - inner

        second paragraph
        \`\`\`js
        code()
        \`\`\`
    - [x] done

    3. three
    4. four
  `)
  const page = await parsePage({ path: 'l.md', content })
  expect(page?.sections[0]?.text).toBe(
    '- one more\n  - inner\n    second paragraph\n\ncode()\n\n- [x] done\n3. three\n4. four',
  )
  expect(page?.sections[0]?.blocks.map((block) => block.kind)).toEqual([
    'list-item',
    'list-item',
    'list-item',
    'code',
    'list-item',
    'list-item',
    'list-item',
  ])
})

test('tables are rows of cells; quotes lose their marks, GitHub alerts their name', async () => {
  expect(
    await markdown(`
      | Option | Default |
      | --- | :-: |
      | \`a\\|b\` | **yes** |
      | c |  |

      > [!WARNING]
      > Take care.
    `),
  ).toBe(
    lines(`
      # page [/page.html]
      table| Option | Default
      a|b | yes
      c
      quote| Take care.
    `),
  )
})

test('raw HTML is read as HTML; comments, scripts, styles and generator commands are not text', async () => {
  expect(
    await markdown(`
      <script setup>
      import { ref } from 'vue'

      const n = ref(0)
      </script>

      # V

      <!-- note to self -->

      [[toc]]

      <div class="box">

      Inside **Markdown**.

      <table><tr><td>a</td><td>b</td></tr></table>

      </div>

      <details><summary>More</summary><p>Hidden text</p></details>

      <!--@include: ./part.md-->

      <<< @/snippets/code.js

      <style scoped>
      p { color: red }
      </style>

      {{ count }} of <MyComponent v-if="ok" /> items<br>next
    `),
  ).toBe(
    lines(`
      # V [/page.html]
      paragraph| Inside Markdown.
      table| a | b
      paragraph| More
      paragraph| Hidden text
      paragraph| {{ count }} of items
      next
    `),
  )
})

test('containers: markers go, titles stay, also in lists and when unclosed', async () => {
  expect(
    await markdown(`
      ::: tip
      Plain.
      :::

      :::warning Mind \`this\`
      - item
        :::

      ::: code-group

      \`\`\`sh
      ::: in code
      \`\`\`
      :::

      :::tip[Did you know?]{icon="heart"}
      Yes.
      :::

      ::: details Click me {open}
      Never closed.
    `),
  ).toBe(
    lines(`
      # page [/page.html]
      paragraph| Plain.
      paragraph| Mind this
      list-item| - item
      code| ::: in code
      paragraph| Did you know?
      paragraph| Yes.
      paragraph| Click me
      paragraph| Never closed.
    `),
  )
})

test.each([
  ['## Title {#own}', 'Title', 'own'],
  ['## Title {#own .class key=value}', 'Title', 'own'],
  ['## Title {: #own }', 'Title', 'own'],
  ['## Title { #own }', 'Title', 'own'],
  ['## `code` {#own} ##', 'code', 'own'],
  ['## __init__ {#__VUE_OPTIONS_API__}', 'init', '__VUE_OPTIONS_API__'],
  ['## Title {/*own*/}', 'Title', 'own'],
  ['## Where you _can_ {/*where-you-_can_*/}', 'Where you can', 'where-you-_can_'],
  ['## Title {/* #own */}', 'Title', 'own'],
  ['## Title {/* two words */}', 'Title', 'title'],
  ['## Title {.class}', 'Title', 'title'],
  ['## <a id="own"></a>Title', 'Title', 'own'],
  ['<a name="own"></a>\n\n## Title', 'Title', 'own'],
  ['## Title <sup class="vt-badge" data-text="3.5+" /> {#own}', 'Title', 'own'],
  ['## Title <Badge type="tip" text="new" />', 'Title', 'title'],
  ['## A <br> B', 'A B', 'a--b'],
])('heading %j is %j at #%s', async (heading, title, anchor) => {
  expect(await markdown(`# Page\n\n${heading}\n\ntext`)).toBe(
    `# Page [/page.html]\n# Page › ${title} [/page.html#${anchor}]\nparagraph| text`,
  )
})

test('an id that is no heading’s stays text', async () => {
  expect(await markdown('Write `{#id}` or {#id} after it.')).toBe(
    '# page [/page.html]\nparagraph| Write {#id} or {#id} after it.',
  )
})

test('a raw heading without an id is a label where the page links its headings', async () => {
  expect(await markdown('# Rules\n\n## Names\n\n<h3>Bad</h3>\n\n`x`\n\n<h3 id="good">Good</h3>\n\n`name`')).toBe(
    lines(`
      # Rules [/page.html]
      # Rules › Names [/page.html#names]
      paragraph| Bad
      paragraph| x
      # Rules › Names › Good [/page.html#good]
      paragraph| name
    `),
  )
})

test('seams between inline elements are spaces, as the reader sees two things', async () => {
  expect(await markdown('Use <span class="a">`mounted`</span><span class="b">`onMounted`</span> here.')).toBe(
    '# page [/page.html]\nparagraph| Use mounted onMounted here.',
  )
})

test('scripts of every direction and width', async () => {
  expect(
    await markdown('# 指南 🚀\n\n## 快速开始\n\n你好，世界。\n\n## مقدمة\n\nمرحبا', { anchors: 'vitepress' }),
  ).toBe(
    lines(`
      # 指南 🚀 [/page.html]
      # 指南 🚀 › 快速开始 [/page.html#%E5%BF%AB%E9%80%9F%E5%BC%80%E5%A7%8B]
      paragraph| 你好，世界。
      # 指南 🚀 › مقدمة [/page.html#%D9%85%D9%82%D8%AF%D9%85%D8%A9]
      paragraph| مرحبا
    `),
  )
})

test('CRLF and CR files are the same as LF files', async () => {
  const content = '---\ntitle: T\n---\n# T\n\n```\na\nb\n```\n\nc\nd\n'
  const expected = await read('a.md', content)
  expect(expected).toBe('# T [/a.html]\ncode| a\nb\nparagraph| c d')
  expect(await read('a.md', content.replaceAll('\n', '\r\n'))).toBe(expected)
  expect(await read('a.md', content.replaceAll('\n', '\r'))).toBe(expected)
  expect(await read('a.md', `\ufeff${content}`)).toBe(expected)
})
