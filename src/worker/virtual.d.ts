/** The addresses of onnxruntime-web's wasm files, gzipped in builds. Made by the runtime plugin in vite.config.ts. */
declare module 'virtual:selvage-runtime' {
  const urls: Readonly<Record<'webgpu' | 'wasm', string>>
  export default urls
}
