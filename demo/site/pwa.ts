/**
 * What makes the demo an app that can be installed: its manifest and its icons, drawn from icon.svg when it is built. All
 * addresses are relative, so that it is one below any path.
 */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import sharp from 'sharp'
import type { Plugin } from 'vite'

const DENIM = '#1c2650'
const PAPER = '#f6f7f9'
const MANIFEST = 'manifest.webmanifest'
const APPLE = 'icons/apple-180.png'
/** Systems cut a maskable icon to their own shape: what counts lies within the middle four fifths. */
const SAFE = 0.86

const ICONS = [
  { file: 'icons/any-192.png', size: 192, purpose: 'any' },
  { file: 'icons/any-512.png', size: 512, purpose: 'any' },
  { file: 'icons/maskable-512.png', size: 512, purpose: 'maskable' },
] as const

const manifest = {
  name: 'Selvage: search the Vue and React documentation',
  short_name: 'Selvage',
  description: 'Search by meaning, whole in the browser: documentation and your own files, with and without a network.',
  id: './',
  start_url: './',
  scope: './',
  display: 'standalone',
  background_color: PAPER,
  theme_color: DENIM,
  categories: ['education', 'productivity', 'developer'],
  icons: ICONS.map(({ file, size, purpose }) => ({
    src: `./${file}`,
    type: 'image/png',
    sizes: `${size}x${size}`,
    purpose,
  })),
  shortcuts: [
    { name: 'Search Vue', url: './?in=vue' },
    { name: 'Search React', url: './?in=react' },
    { name: 'Playground', url: './playground.html' },
  ],
}

export const installable: Plugin = {
  name: 'selvage:pwa',
  apply: 'build',
  async buildStart() {
    const svg = await readFile(join(import.meta.dirname, '../icon.svg'))
    const emit = (fileName: string, source: string | Uint8Array) => this.emitFile({ type: 'asset', fileName, source })
    for (const { file, size, purpose } of ICONS) emit(file, await drawn(svg, size, purpose === 'maskable'))
    emit(APPLE, await drawn(svg, 180, true))
    emit(MANIFEST, JSON.stringify(manifest, null, 2))
  },
  // Of every page, however it was made. Vite would give the manifest a name of its own, and its addresses another base.
  generateBundle: {
    order: 'post',
    handler(_, bundle) {
      for (const file of Object.values(bundle)) {
        if (file.type !== 'asset' || !file.fileName.endsWith('.html')) continue
        const root = '../'.repeat(file.fileName.split('/').length - 1) || './'
        const links =
          `    <link rel="manifest" href="${root}${MANIFEST}" />\n` +
          `    <link rel="apple-touch-icon" href="${root}${APPLE}" />\n`
        file.source = Buffer.from(file.source)
          .toString('utf8')
          .replace(/ *<\/head>/, () => `${links}  </head>`)
      }
    },
  },
}

/** `isWhole`: the ground reaches to the edges, and the mark stands in the middle of it. */
async function drawn(svg: Uint8Array, size: number, isWhole: boolean): Promise<Uint8Array> {
  const inner = isWhole ? Math.round(size * SAFE) : size
  const around = Math.floor((size - inner) / 2)
  const mark = sharp(svg, { density: (72 * inner) / 32 }).resize(inner, inner)
  if (isWhole) {
    const rest = size - inner - around
    mark
      .extend({ top: around, left: around, bottom: rest, right: rest, background: DENIM })
      .flatten({ background: DENIM })
  }
  return mark.png({ palette: true, colours: 64, compressionLevel: 9 }).toBuffer()
}
