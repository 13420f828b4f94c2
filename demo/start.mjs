/**
 * `npm run demo`: index the Vue documentation (once), build the page, serve it. The library is built before.
 * With --build-only it stops before serving; --force builds the index anew; --port N chooses the port.
 */
// @ts-check
import { spawn } from 'node:child_process'
import { cp, rm } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { build, preview } from 'vite'

const root = fileURLToPath(new URL('..', import.meta.url))
const { values } = parseArgs({
  options: {
    'build-only': { type: 'boolean', default: false },
    force: { type: 'boolean', default: false },
    port: { type: 'string', default: '4173' },
  },
})

process.chdir(root)
// The index lies outside dist/, so that the next run finds it: selvage build leaves an index alone that is up to date.
await selvage(
  'build',
  'demo/content/vue',
  '-o',
  'demo/.index/vue',
  '--base-url',
  'https://vuejs.org/',
  '--anchors',
  'vitepress',
  ...(values.force ? ['--force'] : []),
)

const config = { configFile: 'vite.config.ts', mode: 'demo' }
await build({ ...config, logLevel: 'warn' })
await rm('dist/demo/index', { recursive: true, force: true })
await cp('demo/.index', 'dist/demo/index', { recursive: true })

if (!values['build-only']) {
  const server = await preview({ ...config, preview: { port: Number(values.port), host: 'localhost' } })
  process.stdout.write(`\n  The demo runs at ${server.resolvedUrls?.local[0]}  (Ctrl-C ends it)\n\n`)
}

/**
 * The command as a user runs it, with its progress bar.
 * @param {...string} args
 */
function selvage(...args) {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, ['dist/node/main.js', ...args], { stdio: 'inherit' })
    child.on('error', reject)
    child.on('exit', (code) => (code === 0 ? resolve(undefined) : process.exit(code ?? 1)))
  })
}
