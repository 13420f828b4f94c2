/**
 * WebGPU in Node, for the bench: Dawn, from the npm package `webgpu`, which is not installed with the others because of its
 * size (npm install --no-save webgpu). On Linux it finds Vulkan drivers; VK_ICD_FILENAMES names one.
 */
/** What is used of the package. */
interface Dawn {
  create(options: readonly string[]): GPU
  readonly globals: object
}

/** Dawn's object: when it is collected the process crashes. */
let held: GPU | undefined

/** Sets up `navigator.gpu`. @returns undefined, or why there is none that figures should be taken from. */
export async function findGpu(acceptSoftware: boolean): Promise<string | undefined> {
  const dawn = await load()
  if (dawn === undefined) return 'the package webgpu is not installed (npm install --no-save webgpu)'
  Object.assign(globalThis, dawn.globals)
  held = dawn.create([])
  Object.defineProperty(globalThis, 'navigator', { value: { gpu: held }, configurable: true })
  const adapter = await held.requestAdapter()
  if (adapter === null) return 'WebGPU offers no adapter'
  const software = adapter.info.isFallbackAdapter || /swiftshader|llvmpipe/i.test(adapter.info.device)
  return software && !acceptSoftware ? `the adapter is software (${adapter.info.device})` : undefined
}

async function load(): Promise<Dawn | undefined> {
  const name = 'webgpu' // a variable, so that no bundler looks for it
  const loaded: Dawn | undefined = await import(/* @vite-ignore */ name).catch(() => undefined)
  return loaded
}
