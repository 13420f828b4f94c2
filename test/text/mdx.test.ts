/** MDX: what its reader sees of components and expressions. Malformed files are read as Markdown. */
import { expect, test } from 'vitest'
import { lines, read } from './show.ts'

const mdx = (text: string) => read('page.mdx', lines(text))

test('imports, exports and expressions go; children and visible attributes of components stay', async () => {
  expect(
    await mdx(`
      import { Card } from 'ui'
      export const meta = { a: 1 }

      # Page

      <Intro>

      Read **this** first.

      </Intro>

      {/* a remark */}

      <LinkCard title="Setup" description="How to begin." href="/setup" />

      Press <Kbd>Ctrl</Kbd>{' '}<Icon name="x" />now, {count} times{"!"}

      <img src="d.png" alt="A diagram" />

      <Member name="Ada Lovelace" title="Analyst">Counts.</Member>

      <Tabs>
        <TabItem label="npm">
          \`npm i\`
        </TabItem>
      </Tabs>

      <style>{\`p { color: red }\`}</style>
    `),
  ).toBe(
    lines(`
      # Page [/page.html]
      paragraph| Read this first.
      paragraph| Setup: How to begin.
      paragraph| Press Ctrl now, times!
      paragraph| A diagram
      paragraph| Ada Lovelace: Analyst
      paragraph| Counts.
      paragraph| npm
      paragraph| npm i
    `),
  )
})

test('text after a component belongs to the section before it, not to a heading inside', async () => {
  expect(
    await mdx(`
      ## Outer

      Before.

      <DeepDive>

      #### Inner

      Aside.

      </DeepDive>

      After.
    `),
  ).toBe(
    lines(`
      # page › Outer [/page.html#outer]
      paragraph| Before.
      paragraph| After.
      # page › Outer › Inner [/page.html#inner]
      paragraph| Aside.
    `),
  )
})

test('headings written as elements are headings', async () => {
  expect(await mdx('<h2 id="own">One <em>more</em></h2>\n\na\n\n<h3>\n  Label\n</h3>\n\nb')).toBe(
    '# page › One more [/page.html#own]\nparagraph| a\nparagraph| Label\nparagraph| b',
  )
})

test('explicit ids, though {#id} is no expression', async () => {
  expect(await mdx('## One {#first}\n\na\n\n## Two {/*second*/}\n\nb')).toBe(
    '# page › One [/page.html#first]\nparagraph| a\n# page › Two [/page.html#second]\nparagraph| b',
  )
})

test('an empty <a id> names the heading after it, not one after other text', async () => {
  expect(await mdx('<a id="x" />\n\n## One\n\nText <a id="y" /> here.\n\n## Two')).toBe(
    '# page › One [/page.html#x]\nparagraph| Text here.\n# page › Two [/page.html#two]',
  )
})

test.each([
  ['an unclosed component', '# T\n\n<Note>\n\nText.\n', '# T [/page.html]\nparagraph| Text.'],
  ['a stray brace', '# T\n\nText { here.\n', '# T [/page.html]\nparagraph| Text { here.'],
  ['a stray less-than', '# T\n\nif a < b\n', '# T [/page.html]\nparagraph| if a < b'],
  ['an HTML comment', '# T\n\n<!-- c -->\n\nText.\n', '# T [/page.html]\nparagraph| Text.'],
])('malformed: %s does not lose the page', async (_, content, expected) => {
  expect(await read('page.mdx', content)).toBe(expected)
})

test('a .md file is MDX where a heading has its id as a comment or components are imported, and only there', async () => {
  expect(await read('a.md', '## T {/*id*/}\n\n{/* hidden */}\n\n<Note>Seen {1 + 1}</Note>')).toBe(
    '# a › T [/a.html#id]\nparagraph| Seen',
  )
  expect(await read('a.md', 'import Tabs from \'@theme/Tabs\';\n\n<Tabs label="npm">Seen {1 + 1}</Tabs>')).toBe(
    '# a [/a.html]\nparagraph| npm\nparagraph| Seen',
  )
  expect(await read('a.md', '## T\n\n```md\n## H {/*id*/}\n```\n\nSeen {1 + 1}')).toBe(
    '# a › T [/a.html#t]\ncode| ## H {/*id*/}\nparagraph| Seen {1 + 1}',
  )
  expect(await read('a.md', "<script setup>\nimport X from './X.vue'\n</script>\n\nSeen {{ 1 + 1 }}")).toBe(
    '# a [/a.html]\nparagraph| Seen {{ 1 + 1 }}',
  )
})
