/**
 * Vite plugins that make the library's files: what the source names in a way that dev and tests understand becomes, in
 * dist/browser/ and dist/node/, plain sibling files that Node, any bundler and any static page understand.
 */
import { readFileSync } from 'node:fs'
import { chmod } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { gzipSync } from 'node:zlib'
import type { Plugin } from 'vite'
import type { RuntimeBuild } from '../encoder/runtime.ts'
import { RUNTIMES, runtimePath } from './runtimePath.ts'

const BUILDS: readonly RuntimeBuild[] = ['webgpu', 'wasm']

/**
 * `virtual:selvage-runtime`: the addresses of onnxruntime-web's wasm files. In dev and tests the files themselves; in a build
 * they are gzipped into assets: raw one is over the 25 MiB that some hosts allow for one file. The runtime's own references to
 * the raw files are removed, or bundlers would ship them a second time.
 */
export function runtimeAsset(): Plugin {
  const id = 'virtual:selvage-runtime'
  let building = false
  return {
    name: 'selvage:runtime',
    enforce: 'pre',
    configResolved(config) {
      building = config.command === 'build'
    },
    resolveId: (source) => (source === id ? `\0${id}` : undefined),
    load(loaded) {
      if (loaded !== `\0${id}`) return undefined
      const addressOf = (build: RuntimeBuild): string => {
        if (!building) return build
        const source = gzipSync(readFileSync(runtimePath(build)), { level: 9 })
        return `import.meta.ROLLUP_FILE_URL_${this.emitFile({ type: 'asset', name: `onnxruntime-${build}.bin`, source })}`
      }
      const imports = BUILDS.map((build) => `import ${build} from 'onnxruntime-web/${RUNTIMES[build]}?url'`)
      const addresses = BUILDS.map((build) => `${build}: ${addressOf(build)}`)
      return `${building ? '' : imports.join('\n')}\nexport default { ${addresses.join(', ')} }`
    },
    transform(code, file) {
      const build = BUILDS.find((name) => basename(file).startsWith(`ort.${name}.`))
      if (!building || build === undefined) return undefined
      const own = `new URL("${RUNTIMES[build]}",import.meta.url)`
      if (!code.includes(own)) throw new Error(`${file} no longer names its wasm file as ${own}: look at it again.`)
      const changed = code
        .replaceAll(own, '"given-by-selvage"') // never asked for: session.ts always gives the bytes
        .replaceAll(`"ort.${build}.bundle.min.mjs",import.meta.url`, 'import.meta.url') // its own name, before bundling
      return { code: changed, map: null }
    },
  }
}

/** Files that start workers. */
const STARTS_WORKERS = /\/(worker\/spawn|node\/(encode|assign|exact|train)Pool)\.ts$/

/**
 * `new URL('./encoder.ts', ...)` becomes `new URL('./encoder.js', ...)`, untouched by the bundler: the worker scripts are
 * entries of their own, and the line stays in the form that the bundler of whoever uses the library looks for.
 */
export function siblingWorkers(): Plugin {
  const held = 'SELVAGE_IMPORT_META_URL'
  return {
    name: 'selvage:workers',
    enforce: 'pre',
    transform(code, file) {
      if (!STARTS_WORKERS.test(file)) return undefined
      return { code: code.replace(/'\.\/(\w+)\.ts', import\.meta\.url/g, `'./$1.js', ${held}`), map: null }
    },
    renderChunk: (code) => ({ code: code.replaceAll(held, 'import.meta.url'), map: null }),
  }
}

/**
 * Code that is fetched when it is wanted, by the file that wants it: what its source imports, and the sibling's name. Small
 * ones say to Vite that they stay files: as `data:` addresses a strict policy would block them.
 */
const LATE_CODE: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  'worker/openOps.ts': { '../ops/choose.ts': 'vectors.js' },
  'worker/scoring.ts': { '../engine/rerankScores.ts': 'vectors.js' },
  'worker/client.ts': { './teaching.ts': 'teach.js?no-inline' },
  'worker/openIndex.ts': { './lessons.ts': 'lessons.js' },
  'worker/reranker.ts': { './reranking.ts': 'rerank.js?no-inline' },
  'engine/engine.ts': { './vectors.ts': 'vectors.js', './like.ts': 'vectors.js' },
  'ops/kernelCode.ts': { './webgpu/ops.ts': 'webgpu.js', './cpu.ts': 'wasm.js' },
  'encoder/session.ts': {
    'onnxruntime-web/webgpu': 'onnxruntime-webgpu.js',
    'onnxruntime-web/wasm': 'onnxruntime-wasm.js',
  },
  'widget/strings/index.ts': { './languages.ts': 'languages.js' },
  'widget/highlight.ts': { './target.ts': 'highlight.js?no-inline' },
  'widget/bar.ts': { './heatMapView.ts': 'heatmap.js?no-inline' },
}

/**
 * `import('./cpu.ts')` becomes an import of `new URL('./wasm.js', import.meta.url)`, in the library's browser files only.
 * To a bundler the sibling is then a file to copy, as the runtime's is; it must not name siblings itself. As a plain import() it would be a chunk, which
 * Vite refuses in workers of its default format; and it stands alone, for a chunk that shared code with its worker would
 * bring that up a second time wherever the worker's address has a query.
 */
export function siblingModules(): Plugin {
  const held = 'SELVAGE_SIBLING_URL'
  return {
    name: 'selvage:siblings',
    enforce: 'pre',
    applyToEnvironment: ({ config }) => config.consumer === 'client',
    transform(code, file) {
      const late = Object.entries(LATE_CODE).find(([name]) => file.endsWith(`/src/${name}`))?.[1]
      if (late === undefined) return undefined
      let changed = code
      for (const [source, sibling] of Object.entries(late)) {
        const own = `import('${source}')`
        if (changed.split(own).length !== 2) throw new Error(`${file} has not one ${own}: look at LATE_CODE again.`)
        changed = changed.replace(own, `import(${held}('${sibling}'))`)
      }
      return { code: changed, map: null }
    },
    generateBundle(_, bundle) {
      const call = new RegExp(`${held}\\([\`'"]([\\w.?-]+)[\`'"]\\)`, 'g')
      const found = (_: string, name: string) =>
        `/* @vite-ignore *//* webpackIgnore: true */new URL("./${name}",import.meta.url).href`
      for (const file of Object.values(bundle)) if (file.type === 'chunk') file.code = file.code.replace(call, found)
    },
  }
}

/** Files with a `#!` line may be run: npx links to them as they are, and says "Permission denied" after a new build. */
export function executables(): Plugin {
  return {
    name: 'selvage:executables',
    async writeBundle({ dir = '.' }, bundle) {
      for (const file of Object.values(bundle))
        if (file.type === 'chunk' && file.code.startsWith('#!')) await chmod(join(dir, file.fileName), 0o755)
    },
  }
}

/** WGSL without its comments and indentation, which are most of it. Lines stay, for the compiler names them in errors. */
export function bareShaders(): Plugin {
  const suffix = '.wgsl?raw'
  return {
    name: 'selvage:shaders',
    enforce: 'pre',
    load(id) {
      if (!id.endsWith(suffix)) return undefined
      const source = readFileSync(id.slice(0, -'?raw'.length), 'utf8')
      const bare = source.split('\n').map((line) => line.replace(/\/\/.*$/, '').trim())
      return `export default ${JSON.stringify(bare.join('\n'))}`
    },
  }
}
