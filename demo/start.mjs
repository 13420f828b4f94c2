/**
 * `npm run demo`: build the indexes (once), build the pages, serve them. The library is built before.
 * With --build-only it stops before serving; --force builds the indexes anew; --port N chooses the port.
 * What is built of documents lies in demo/.index, outside dist/, so that the next run finds it: `selvage build` leaves an
 * index alone that is up to date, and each passage is encoded once for all of them.
 */
// @ts-check
import { spawn } from 'node:child_process'
import { constants } from 'node:fs'
import { cp, rm, writeFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { createJiti } from 'jiti'
import { build, preview } from 'vite'

const root = fileURLToPath(new URL('..', import.meta.url))
const { values } = parseArgs({
  options: {
    'build-only': { type: 'boolean', default: false },
    force: { type: 'boolean', default: false },
    port: { type: 'string', default: '4173' },
  },
})
const INDEXES = 'demo/.index'
const CACHED = ['--incremental', '--cache-dir', `${INDEXES}/cache`]
/** What the builds need besides, and no page does. */
const NOT_SERVED = [`${INDEXES}/cache`, `${INDEXES}/records`]

process.chdir(root)
/** @type {typeof import('./site/indexes.ts')} */
const { planIndexes, describeLab } = await createJiti(import.meta.url).import('./site/indexes.ts')
/** @type {typeof import('./site/checkFiles.ts')} */
const { writeCheckFiles } = await createJiti(import.meta.url).import('./site/checkFiles.ts')
const builds = await planIndexes(root, `${INDEXES}/records`)
for (const { name, input, args } of builds)
  await selvage('build', input, '-o', `${INDEXES}/${name}`, ...args, ...CACHED, ...(values.force ? ['--force'] : []))
await writeFile(`${INDEXES}/lab/lab.json`, await describeLab(`${INDEXES}/lab`))

const config = { configFile: 'vite.config.ts', mode: 'demo' }
await build({ ...config, logLevel: 'warn' })
await rm('dist/demo/index', { recursive: true, force: true })
await cp(INDEXES, 'dist/demo/index', {
  recursive: true,
  mode: constants.COPYFILE_FICLONE,
  filter: (path) => !NOT_SERVED.includes(path),
})
await writeCheckFiles(`${INDEXES}/check`, `${INDEXES}/records/check.json`, 'dist/demo/check')

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
