/**
 * One configuration for builds, the demo and tests.
 *   vite build --mode library --app   dist/browser/: selvage.js, widget.js and the two workers, each one file that any
 *                                     bundler or static page can use · dist/node/: the command line, `selvage/node`
 *                                     and `selvage/vite`
 *   vite build --mode demo            dist/demo/: the demo page, which uses the library as built
 *   vite build --mode bench           dist/bench/: benches in plain Node without a test runner around them
 *   vitest --mode interop             exchange with next-plaid and fast-plaid themselves
 *   vitest                            projects `node`; `browser`, in a real Chromium, so that WebGPU is real too
 *                                     (SwiftShader where there is no GPU); `e2e`, the built page and the packed package
 */
import { fileURLToPath } from 'node:url'
import { playwright } from '@vitest/browser-playwright'
import { defaultClientConditions, type EnvironmentOptions } from 'vite'
import { defineConfig, type ViteUserConfig } from 'vitest/config'
import { docsPages } from './demo/site/docs/plugin.ts'
import { contentSecurityPolicy, navigation, shellFiles } from './demo/site/plugins.ts'
import { installable } from './demo/site/pwa.ts'
import { tellRequests } from './demo/site/tellRequests.ts'
import { bareShaders, executables, runtimeAsset, siblingModules, siblingWorkers } from './src/node/bundle.ts'
import { assemblyScript } from './src/ops/wasm/plugin.ts'
import { CHROMIUM_FLAGS, chromiumPath } from './test/support/chromium.ts'
import { nodeWorkers } from './test/support/nodeWorkers.ts'

/** A browser file that stands alone: no chunks beside it that a worker would have to fetch in a second wave. */
function browserFile(name: string, entry: string): EnvironmentOptions {
  return {
    consumer: 'client',
    build: {
      outDir: 'dist/browser',
      emptyOutDir: name === 'selvage', // the first to be built
      assetsDir: '.',
      target: 'es2022',
      sourcemap: true,
      copyPublicDir: false,
      rolldownOptions: {
        input: { [name]: entry },
        preserveEntrySignatures: 'strict',
        output: { entryFileNames: '[name].js', codeSplitting: false },
      },
    },
  }
}

/** Dependencies stay outside. Chunks lie beside the entries, since paths to the package's files count folders. */
const nodeFiles: EnvironmentOptions = {
  consumer: 'server',
  build: {
    ssr: true,
    outDir: 'dist/node',
    target: 'node20',
    minify: false,
    copyPublicDir: false,
    rolldownOptions: {
      input: {
        main: 'src/node/main.ts',
        index: 'src/node/index.ts',
        vite: 'src/node/vite.ts',
        encodeWorker: 'src/node/encodeWorker.ts',
        assignWorker: 'src/node/assignWorker.ts',
        trainWorker: 'src/node/trainWorker.ts',
        exactWorker: 'src/node/exactWorker.ts',
      },
      output: { entryFileNames: '[name].js', chunkFileNames: '[name]-[hash].js' },
    },
  },
}

const WORKER_CONDITIONS = ['worker', ...defaultClientConditions]

const library: ViteUserConfig = {
  // Two of its importers name it in two ways, and it would be there twice.
  resolve: { alias: { acorn: fileURLToPath(new URL('node_modules/acorn/dist/acorn.mjs', import.meta.url)) } },
  base: './',
  plugins: [assemblyScript(), runtimeAsset(), siblingWorkers(), siblingModules(), bareShaders(), executables()],
  environments: {
    selvage: browserFile('selvage', 'src/index.ts'),
    encoder: browserFile('encoder', 'src/worker/encoder.ts'),
    engine: browserFile('engine', 'src/worker/engine.ts'),
    // The Markdown parser's entities: in a page it asks the document for them, and a worker has none.
    writer: { ...browserFile('writer', 'src/worker/writer.ts'), resolve: { conditions: WORKER_CONDITIONS } },
    vectors: browserFile('vectors', 'src/worker/vectors.ts'),
    rerank: browserFile('rerank', 'src/worker/reranking.ts'),
    teach: browserFile('teach', 'src/worker/teaching.ts'),
    lessons: browserFile('lessons', 'src/worker/lessons.ts'),
    webgpu: browserFile('webgpu', 'src/ops/webgpu/ops.ts'),
    wasm: browserFile('wasm', 'src/ops/cpu.ts'),
    onnxruntimeWebgpu: browserFile('onnxruntime-webgpu', 'onnxruntime-web/webgpu'),
    onnxruntimeWasm: browserFile('onnxruntime-wasm', 'onnxruntime-web/wasm'),
    widget: browserFile('widget', 'src/widget/search.ts'),
    languages: browserFile('languages', 'src/widget/strings/languages.ts'),
    highlight: browserFile('highlight', 'src/widget/target.ts'),
    heatmap: browserFile('heatmap', 'src/widget/heatMapView.ts'),
    docsearch: browserFile('docsearch', 'src/adapters/docsearch.ts'),
    pagefind: browserFile('pagefind', 'src/adapters/pagefind.ts'),
    eval: browserFile('eval', 'src/eval/index.ts'),
    node: nodeFiles,
  },
  builder: {
    async buildApp(builder) {
      for (const name of Object.keys(library.environments ?? {})) {
        const environment = builder.environments[name]
        if (environment) await builder.build(environment)
      }
    },
  },
}

/** The library as it is published. */
function builtFile(name: string): string {
  return `${fileURLToPath(new URL('dist/browser/', import.meta.url))}${name}.js`
}

const demo: ViteUserConfig = {
  root: 'demo',
  plugins: [navigation, contentSecurityPolicy, installable, docsPages, shellFiles],
  base: './',
  publicDir: '../public',
  resolve: {
    alias: [
      { find: /^selvage$/, replacement: builtFile('selvage') },
      { find: /^selvage\/(widget|eval)$/, replacement: builtFile('$1') },
    ],
  },
  worker: { format: 'es', plugins: () => [tellRequests()] },
  build: {
    outDir: '../dist/demo',
    emptyOutDir: true,
    target: 'es2022',
    rolldownOptions: {
      checks: { pluginTimings: false }, // the documentations are rendered by one
      external: ['node:worker_threads'], // unzipit asks for it in Node alone
      input: {
        index: 'demo/index.html',
        playground: 'demo/playground.html',
        check: 'demo/check.html',
        docs: 'demo/docs/page.html',
        sw: 'demo/sw.ts',
      },
      // Browsers ask for a service worker under the same name again, to see whether it has changed.
      output: { entryFileNames: ({ name }) => (name === 'sw' ? 'sw.js' : 'assets/[name]-[hash].js') },
    },
  },
}

const bench: ViteUserConfig = {
  plugins: [assemblyScript(), siblingWorkers()],
  build: {
    ssr: true,
    outDir: 'dist/bench',
    target: 'node20',
    minify: false,
    copyPublicDir: false,
    rolldownOptions: {
      input: {
        plaid: 'test/bench/plaid.ts',
        keywords: 'test/bench/keywords.ts',
        store: 'test/bench/store.ts',
        live: 'test/bench/live.ts',
        demo: 'test/bench/demo.ts',
        rerank: 'test/bench/rerank.ts',
        negation: 'test/bench/negation.ts',
        contrast: 'test/bench/contrastPairs.ts',
        lesson: 'test/bench/lesson.ts',
        teach: 'test/bench/teach.ts',
        train: 'test/bench/train.ts',
        trainWorker: 'src/node/trainWorker.ts',
      },
      // Beside the entries, as in dist/node: paths to the package's files count folders.
      output: { chunkFileNames: '[name]-[hash].js' },
    },
  },
}

const tests: ViteUserConfig = {
  plugins: [assemblyScript(), runtimeAsset(), nodeWorkers()],
  worker: { format: 'es', plugins: () => [assemblyScript(), runtimeAsset()] },
  test: {
    // On a laptop without WebGPU its tests are skipped, visibly; in CI that is a failure.
    provide: { requireWebGpu: Boolean(process.env['CI']) },
    benchmark: { include: ['test/bench/**/*.bench.ts'] },
    projects: [
      {
        extends: true,
        test: {
          name: 'node',
          include: ['test/**/*.test.ts'],
          exclude: ['test/**/*.browser.test.ts', 'test/e2e/**', 'test/interop/**'],
          testTimeout: 60_000, // a model is loaded in some
        },
      },
      {
        extends: true,
        // Found late, they would reload the page in the middle of a test.
        optimizeDeps: {
          include: [
            'axe-core',
            'fast-check',
            'idb',
            '@huggingface/tokenizers',
            'onnxruntime-web/webgpu',
            'onnxruntime-web/wasm',
          ],
        },
        test: {
          name: 'browser',
          include: ['test/**/*.browser.test.ts'],
          globalSetup: ['test/support/chromium.setup.ts'],
          fileParallelism: false, // pages that share one GPU process lose devices
          testTimeout: 60_000, // shaders are compiled for a GPU that is software: seconds on a busy machine
          hookTimeout: 60_000,
          browser: {
            enabled: true,
            headless: true,
            screenshotFailures: false,
            provider: playwright({ launchOptions: { executablePath: chromiumPath(), args: CHROMIUM_FLAGS } }),
            instances: [{ browser: 'chromium' }],
          },
        },
      },
      {
        plugins: [assemblyScript()], // indexes are built in the tests' own process too
        test: {
          name: 'e2e',
          include: ['test/e2e/**/*.test.ts'],
          globalSetup: ['test/support/chromium.setup.ts', 'test/e2e/demo.setup.ts'],
          fileParallelism: false,
          testTimeout: 120_000,
          hookTimeout: 120_000,
        },
      },
    ],
  },
}

/** Needs cargo and a Python with fast-plaid: test/interop says how. */
const interop: ViteUserConfig = {
  plugins: [assemblyScript()],
  test: { include: ['test/interop/*.test.ts'] },
}

const CONFIGS: Readonly<Record<string, ViteUserConfig>> = { library, demo, bench, interop }

export default defineConfig(({ mode }) => CONFIGS[mode] ?? tests)
