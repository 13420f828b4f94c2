/** What plugin.ts makes of an AssemblyScript source: the compiled module in base64. */
declare module '*.as.ts?wasm' {
  const base64: string
  export default base64
}
