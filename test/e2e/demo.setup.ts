/** What the end-to-end tests need: the demo as `npm run demo` builds it, from the library as `npm run build` built it. */
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { resolve } from 'node:path'

export default function setup(): void {
  const root = resolve(import.meta.dirname, '../..')
  if (!existsSync(resolve(root, 'dist/browser/selvage.js')))
    throw new Error('dist/ has no library. Run "npm run build" before the end-to-end tests ("npm test" does both).')
  const { status } = spawnSync(process.execPath, ['demo/start.mjs', '--build-only', '--force'], {
    cwd: root,
    stdio: 'inherit',
  })
  if (status !== 0) throw new Error('The demo could not be built: see above.')
}
