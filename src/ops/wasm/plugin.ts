/**
 * Vite plugin, build time only: `import kernels from './kernels.as.ts?wasm'` gives the compiled module as base64.
 * So dev server, tests and library builds all compile the source at hand, no binary is committed, and no file is
 * fetched at run time. Nothing in src imports this file; vite.config.ts does.
 */
import { readFile } from 'node:fs/promises'
import { basename, dirname, join, resolve } from 'node:path'
import type { Plugin } from 'vite'

/** Of our own module ids, where no other plugin looks for a file. */
const PREFIX = '\0wasm:'

export function assemblyScript(): Plugin {
  return {
    name: 'selvage:assemblyscript',
    enforce: 'pre', // or Vite's own resolver takes the source for plain TypeScript
    resolveId: {
      filter: { id: /\.as\.ts\?wasm$/ },
      handler(source, importer) {
        if (importer === undefined) return undefined
        return PREFIX + resolve(importer, '..', source.slice(0, -'?wasm'.length))
      },
    },
    load: {
      filter: { id: /^\0wasm:/ },
      async handler(id) {
        const path = id.slice(PREFIX.length)
        const sources = await readSources(path)
        for (const name of sources.keys()) this.addWatchFile(join(dirname(path), name))
        const binary = await compileOnce(basename(path), sources)
        return `export default '${Buffer.from(binary).toString('base64')}'`
      },
    },
  }
}

/** The source and what it imports, all in one folder, by name. */
async function readSources(path: string, known = new Map<string, string>()): Promise<Map<string, string>> {
  const source = await readFile(path, 'utf8')
  known.set(basename(path), source)
  for (const [, name] of source.matchAll(/from '\.\/(\w+\.as)'/g))
    if (!known.has(`${name}.ts`)) await readSources(join(dirname(path), `${name}.ts`), known)
  return known
}

/** By source text: test projects, workers and watch mode all ask for the same few modules. */
const compiled = new Map<string, Promise<Uint8Array>>()

function compileOnce(name: string, sources: ReadonlyMap<string, string>): Promise<Uint8Array> {
  const key = JSON.stringify([...sources])
  const known = compiled.get(key)
  if (known !== undefined) return known
  const binary = compile(name, sources)
  compiled.set(key, binary)
  return binary
}

/** AssemblyScript → a WebAssembly binary that needs SIMD and nothing from outside. */
async function compile(name: string, sources: ReadonlyMap<string, string>): Promise<Uint8Array> {
  const { main: asc } = await import('assemblyscript/asc') // late: it takes half a second, and most runs need it not
  let binary: Uint8Array | undefined
  const { error, stderr } = await asc(
    [name, '--outFile', 'out.wasm', '-O3', '--runtime', 'stub', '--noAssert', '--enable', 'simd', '--use', 'abort='],
    {
      readFile: (path) => sources.get(path) ?? null,
      writeFile: (path, contents) => {
        if (path === 'out.wasm' && typeof contents !== 'string') binary = contents
      },
      listFiles: () => [],
    },
  )
  if (error !== null || binary === undefined) throw new Error(`${name} does not compile:\n${stderr.toString()}`)
  return binary
}
