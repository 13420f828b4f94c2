/** What vite.config.ts tells the tests, also those in the browser, which see no environment variables. */
declare module 'vitest' {
  interface ProvidedContext {
    /** True in CI: a missing WebGPU fails the tests that need it instead of skipping them. */
    requireWebGpu: boolean
  }
}

export {}
