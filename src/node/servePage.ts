/**
 * The page on which `selvage serve` lets an index be tried: the search element, and what the index is. No inline script
 * and no inline style, so that it lives under the strict Content-Security-Policy that it is served with.
 */
import { type Manifest, packBytes } from '../engine/manifest.ts'
import { formatBytes } from '../util.ts'

export function searchPage(manifest: Manifest): string {
  const { model, texts, vectors } = manifest
  const n = (value: number) => value.toLocaleString('en')
  const counts = `${n(texts.pages)} pages, ${n(texts.passages)} passages, ${n(vectors.tokens)} tokens`
  return `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <meta name="color-scheme" content="light dark">
    <title>Try this index · Selvage</title>
    <link rel="stylesheet" href="/page.css">
    <script type="module" src="/selvage/widget.js"></script>
  </head>
  <body>
    <main>
      <h1>Try this index</h1>
      <selvage-search index="/index/" model="/selvage/model/"></selvage-search>
      <noscript><p>Search runs in this page: it needs JavaScript.</p></noscript>
      <p class="facts">${counts}. ${formatBytes(packBytes(manifest))}, ${vectors.bits} bits, model ${escaped(model.name)}.</p>
    </main>
  </body>
</html>
`
}

export const PAGE_CSS = `:root {
  color-scheme: light dark;
  font: 1rem/1.5 system-ui, sans-serif;
}
main {
  max-width: 44rem;
  margin: 2rem auto;
  padding: 0 1.25rem;
}
h1 {
  font-size: 1.25rem;
}
.facts {
  margin-top: 2rem;
  font-size: 0.875rem;
  opacity: 0.75;
}
`

function escaped(text: string): string {
  return text.replace(/[&<>"]/g, (character) => `&#${character.charCodeAt(0)};`)
}
