/**
 * Processes and threads that the sources start, in tests: Node 20 runs no TypeScript, and vitest compiles only what it loads itself. So
 * the script that a file names is bundled once, into a file below node_modules/, where its packages are found.
 */
import { createHash } from 'node:crypto'
import { mkdirSync, renameSync, writeFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { build, type Plugin } from 'vite'
import { assemblyScript } from '../../src/ops/wasm/plugin.ts'

const FOLDER = resolve(import.meta.dirname, '../../node_modules/.cache/selvage-tests')

export function nodeWorkers(): Plugin {
  return {
    name: 'selvage:node-workers',
    enforce: 'pre',
    async transform(code, file) {
      const name = /(?:fork|Worker)\(new URL\('(\.\/\w+\.ts)', import\.meta\.url\)/.exec(code)?.[1]
      if (name === undefined || !/\/node\/\w+Pool\.ts$/.test(file)) return undefined
      const worker = join(dirname(file), name)
      const bundled = pathToFileURL(await bundle(worker)).href
      return { code: code.replace(`new URL('${name}', import.meta.url)`, `new URL('${bundled}')`), map: null }
    },
  }
}

/** The path of the bundle. Named by its content, and put in place whole: several test runs may do it at once. */
async function bundle(entry: string): Promise<string> {
  const output = await build({
    configFile: false,
    plugins: [assemblyScript()],
    logLevel: 'silent',
    build: { ssr: entry, target: 'node20', write: false, rolldownOptions: { output: { codeSplitting: false } } },
  })
  if (!('output' in output)) throw new Error(`${entry} was not bundled into one file.`)
  const { code } = output.output[0]
  const path = join(FOLDER, `${createHash('sha256').update(code).digest('hex').slice(0, 16)}.mjs`)
  mkdirSync(FOLDER, { recursive: true })
  writeFileSync(`${path}.${process.pid}.tmp`, code)
  renameSync(`${path}.${process.pid}.tmp`, path)
  return path
}
