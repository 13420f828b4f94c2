/** The address of onnxruntime-web's wasm file, gzipped in builds. Made by the runtime plugin in vite.config.ts. */
declare module 'virtual:selvage-runtime' {
  const url: string
  export default url
}
