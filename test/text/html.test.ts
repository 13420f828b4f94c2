/** HTML → sections and blocks: finding the content, leaving out the chrome, reading what is left. */
import { expect, test } from 'vitest'
import { parsePage } from '../../src/text/parse/index.ts'
import { lines, read } from './show.ts'

const html = (text: string) => read('page.html', lines(text))

test('only the main content, without navigation, controls and what is hidden or ignored', async () => {
  expect(
    await html(`
      <!doctype html><html lang="pt-BR"><head><title>T — Site</title><script>x()</script></head><body>
      <header>Site header</header><nav>Menu</nav>
      <main>
        <nav>Breadcrumbs</nav>
        <h1>Title</h1>
        <p>Text.</p>
        <div hidden>hidden</div><div aria-hidden="true">decoration</div><p style="display: none">gone</p>
        <div data-pagefind-ignore>ignored</div><div data-selvage-ignore="all">ignored</div>
        <button>Copy</button><label>Search <input></label><select><option>v2</option></select>
        <template><p>template</p></template><noscript>no script</noscript><style>p{}</style>
        <svg><title>icon</title></svg><iframe>frame</iframe>
        <aside><p>A note, with <a href="/x">a link</a>.</p></aside>
        <aside><ul><li><a href="#a">On this</a></li><li><a href="#b">page</a></li></ul></aside>
        <footer>Edit this page</footer>
      </main>
      <aside>Sidebar</aside><footer>Footer</footer></body></html>
    `),
  ).toBe('# Title [/page.html]\nparagraph| Text.\nparagraph| A note, with a link.')
})

test.each([
  [
    'marked parts win, all of them',
    '<main><p>m</p><div data-pagefind-body>a</div><div data-selvage-body>b</div></main>',
    'a b',
  ],
  ['main', '<p>x</p><main><p>m</p></main>', 'm'],
  ['role=main', '<p>x</p><div role="main"><p>m</p></div>', 'm'],
  [
    'the one article in main that holds most of it',
    '<main><p>x</p><article>the article</article></main>',
    'the article',
  ],
  ['not a small one', '<main><p>the main text</p><article>x</article></main>', 'the main text x'],
  ['article without main', '<div>x</div><article>the article</article>', 'the article'],
  ['body without its header', '<header>x</header><p>b</p>', 'b'],
  ['no tags at all', 'just text', 'just text'],
])('content: %s', async (_, body, expected) => {
  const page = await parsePage({ path: 'p.html', content: `<title>T</title>${body}` })
  expect(page?.sections.map((section) => section.text.replaceAll('\n\n', ' '))).toEqual([expected])
})

test('anchors: the heading’s id, the section’s, one inside it, one just before; permalinks are not title', async () => {
  expect(
    await html(`
      <title>T</title><main>
      <h2 id="own">Own<a class="headerlink" href="#own" title="Permalink">¶</a></h2>
      <section id="outer"><h2>Section<a href="page.html#outer">#</a></h2><p>a</p><h3>label</h3></section>
      <h2><span id="inner"></span>Inner <a class="header-anchor" href="#inner" aria-label="Permalink">&#8203;</a></h2>
      <a name="before"></a><h2>Before</h2>
      <h2 id="linked"><a href="#linked">Linked</a></h2>
      <div class="section" id="old"><h2>Old Sphinx</h2></div>
      </main>
    `),
  ).toBe(
    lines(`
      # T [/page.html]
      # T › Own [/page.html#own]
      # T › Section [/page.html#outer]
      paragraph| a
      paragraph| label
      # T › Inner [/page.html#inner]
      # T › Before [/page.html#before]
      # T › Linked [/page.html#linked]
      # T › Old Sphinx [/page.html#old]
    `),
  )
})

test('where no heading has an id, all start sections', async () => {
  expect(await html('<h1>T</h1>a<h2>B</h2>b<h3>C</h3>c')).toBe(
    lines(`
      # T [/page.html]
      paragraph| a
      # T › B [/page.html]
      paragraph| b
      # T › B › C [/page.html]
      paragraph| c
    `),
  )
})

test('text after a nested section belongs to the section around it', async () => {
  expect(
    await html(`
      <main><section id="a"><h2>A</h2><p>one</p><section id="b"><h3>B</h3><p>two</p></section><p>three</p></section>
      <details><summary>More</summary><h2 id="c">C</h2><p>four</p></details><p>five</p></main>
    `),
  ).toBe(
    lines(`
      # page [/page.html]
      paragraph| More
      paragraph| five
      # page › A [/page.html#a]
      paragraph| one
      paragraph| three
      # page › A › B [/page.html#b]
      paragraph| two
      # page › C [/page.html#c]
      paragraph| four
    `),
  )
})

test('code keeps its lines: plain, with <br>, with a <div> per line, without line numbers and language label', async () => {
  expect(
    await html(`
      <main><div class="language-js"><button>Copy</button><span class="lang">js</span><pre><code><span class="line">a {</span>
      <span class="line">  b</span>
      }</code></pre></div>
      <pre><span class="linenos">1 </span>x<br>  y</pre>
      <pre><code><div>one</div><div>  two</div></code></pre>
      <table class="highlighttable"><tr><td class="linenos"><pre>1</pre></td><td class="code"><pre>z</pre></td></tr></table></main>
    `),
  ).toBe('# page [/page.html]\ncode| a {\n  b\n}\ncode| x\n  y\ncode| one\n  two\ncode| z')
})

test('lists, nested and numbered; tables with captions; definition lists', async () => {
  expect(
    await html(`
      <title>T</title><main>
      <ul><li>one<ul><li><p>inner</p><p>more</p></li></ul></li><li><pre>code</pre></li></ul>
      <ol start="3"><li>three</li><li>four</li></ol>
      <table><caption>Options</caption><tr><th>Name<th>Default</tr><tr><td><code>a</code><td><p>1</p><p>2</p></tr><tr><td></td><td></td></tr></table>
      <table><tr><td>layout only</td></tr></table>
      <dl><dt>Returns</dt><dd>The size.</dd><dt>Raises:</dt><dd><ul><li>E</li></ul></dd><dt>a</dt><dt>b</dt><dd><p>Both.</p><p>More.</p></dd><dt>last</dt></dl>
      <blockquote><p>quoted</p><h2 id="q">heading</h2></blockquote>
      </main>
    `),
  ).toBe(
    lines(`
      # T [/page.html]
      list-item| - one
      list-item| - inner
      list-item| more
      code| code
      list-item| 3. three
      list-item| 4. four
      table| Options
      Name | Default
      a | 1 2
      paragraph| layout only
      paragraph| Returns: The size.
      paragraph| Raises
      list-item| - E
      paragraph| a, b: Both.
      paragraph| More.
      paragraph| last
      quote| quoted
      quote| heading
    `),
  )
})

test('Sphinx objects are sections, unless the heading says it already; options are not', async () => {
  const dt = (id: string, name: string) =>
    `<dt class="sig sig-object py" id="${id}"><span class="sig-prename">m.</span><span class="sig-name">${name}</span>()<a class="reference internal" href="#s"><span class="viewcode-link">[source]</span></a><a class="headerlink" href="#${id}">¶</a></dt>`
  expect(
    await html(`
      <main><section id="m"><h1>m</h1><p>Module.</p>
      <dl class="py function">${dt('m.f', 'f')}${dt('m.g', 'g')}<dd><p>Both.</p><dl class="field-list"><dt>Returns</dt><dd><p>x</p></dd></dl></dd></dl>
      <p>After.</p>
      <dl class="py class">${dt('m.C', 'C')}<dd><p>Class.</p><dl class="py method">${dt('m.C.d', 'd')}<dd><p>Method.</p></dd></dl></dd></dl>
      <dl class="std option"><dt class="sig sig-object std" id="opt"><span class="sig-name">--all</span></dt><dd><p>Everything.</p></dd></dl>
      </section></main>
    `),
  ).toBe(
    lines(`
      # m [/page.html]
      paragraph| Module.
      paragraph| After.
      paragraph| --all: Everything.
      # m › m.f [/page.html#m.f]
      code| m.f()
      code| m.g()
      paragraph| Both.
      paragraph| Returns: x
      # m › m.C [/page.html#m.C]
      code| m.C()
      paragraph| Class.
      # m › m.C › m.d [/page.html#m.C.d]
      code| m.d()
      paragraph| Method.
    `),
  )
})

test('images speak by their alternative text, but not by their path', async () => {
  expect(await html('<main><p>See <img alt="the diagram" src="d.png"> <img alt="../_images/d.png"></p></main>')).toBe(
    '# page [/page.html]\nparagraph| See the diagram',
  )
})

test('title: first h1 of the content, else <title>; language and description from the head', async () => {
  const head = '<html lang="de"><title> A &amp;\n B </title><meta name="description" content="What it is.">'
  const page = await parsePage({ path: 'p.html', content: `${head}<h1>Site</h1><main><h2 id="x">X</h2></main>` })
  expect({ title: page?.title, language: page?.language, description: page?.description }).toEqual({
    title: 'A & B',
    language: 'de',
    description: 'What it is.',
  })
  expect((await parsePage({ path: 'p.html', content: `${head}<main><h1>H <em>1</em></h1></main>` }))?.title).toBe('H 1')
})

test('a page that only redirects is no page', async () => {
  expect(await html('<meta http-equiv="refresh" content="0; url=/new/"><p>Moved</p>')).toBe('(not for search)')
})

test('broken HTML gives what a browser would show', async () => {
  expect(await html('<main><h1>T</h2><p>a<p>b<ul><li>c<li>d</main></div><b>e')).toBe(
    '# T [/page.html]\nparagraph| a\nparagraph| b\nlist-item| - c\nlist-item| - d',
  )
})

test('labels of tabs say what the text in them is about; a title in the body is not seen', async () => {
  expect(
    await html(`
      <main><title>gone</title><div class="sd-tab-set"><input type="radio"><label class="sd-tab-label">macOS</label>
      <div class="sd-tab-content"><pre>brew install x</pre></div><label>Search</label></div></main>
    `),
  ).toBe('# page [/page.html]\nparagraph| macOS\ncode| brew install x')
})
