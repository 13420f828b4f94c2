/** `selvage serve` over HTTP: an index with its page, a site as it is, and what is not served. No model is loaded. */
import { readFile } from 'node:fs/promises'
import { createServer, request, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { run } from '../../src/node/cli.ts'
import { DEFAULT_MODEL } from '../../src/node/model.ts'
import { type Serving, serve } from '../../src/node/serve.ts'
import { commandLine } from '../support/command.ts'
import { STRICT_CSP } from '../support/staticServer.ts'

/** Those of a package, without one that is built: a file for the page, and a model with a name of its own. */
vi.mock('../../src/node/runtimeFiles.ts', () => ({
  runtimeFiles: async (model = DEFAULT_MODEL) => [
    { name: 'widget.js', absolutePath: import.meta.filename },
    { name: 'model/selvage.json', absolutePath: join(model, 'selvage.json') },
  ],
}))

const FIXTURE = join(import.meta.dirname, '../fixtures/index-v1')
const PACK = 'centroids-7eef946cc0b3b0ab.pack'
const cli = commandLine('selvage-serve-')
const { write } = cli
let serving: Serving | undefined
afterEach(async () => {
  await serving?.close()
  serving = undefined
})

async function start(dir: string): Promise<(path: string, options?: RequestInit) => Promise<Response>> {
  const started = await serve({ dir, port: 0 })
  serving = started
  return (path, options) => fetch(new URL(path, started.url), options)
}

describe('an index', () => {
  test('a page to try it on, under a strict policy and without anything inline', async () => {
    const get = await start(FIXTURE)
    expect(serving?.kind).toBe('index')
    const response = await get('/?q=cats')
    expect(response.headers.get('content-type')).toBe('text/html; charset=utf-8')
    const strict = STRICT_CSP.split('; ').filter((rule) => !rule.startsWith('manifest-src')) // this page has none
    const policy = [...strict, "base-uri 'none'", "form-action 'none'", "frame-ancestors 'none'"]
    expect(response.headers.get('content-security-policy')?.split('; ').sort()).toEqual(policy.sort())
    const page = await response.text()
    expect(page).toContain('<selvage-search index="/index/" model="/selvage/model/"></selvage-search>')
    expect(page).toContain('3 pages, 5 passages, 34 tokens. 1.2 kB, 2 bits, model fake.')
    expect(page).not.toMatch(/<style|style=|<script(?![^>]*src=)|\son\w+=/)
    for (const [, path] of page.matchAll(/(?:src|href)="([^"]+)"/g)) expect(path).toMatch(/^\/(page\.css|selvage\/)/)
    expect((await get('/page.css')).headers.get('content-type')).toBe('text/css; charset=utf-8')
  })

  test('the index below /index/, what its page needs below /selvage/, all under the policy', async () => {
    const get = await start(FIXTURE)
    const pack = await get(`/index/${PACK}`)
    expect(pack.headers.get('content-type')).toBe('application/octet-stream')
    expect(pack.headers.get('content-security-policy')).toMatch(/^default-src 'none'/)
    expect(Buffer.from(await pack.arrayBuffer())).toEqual(await readFile(join(FIXTURE, PACK)))
    expect((await get('/index/manifest.json')).headers.get('content-type')).toBe('application/json')
    expect(await (await get('/selvage/model/selvage.json')).json()).toMatchObject({ name: 'selvage-mini' })
    expect(await (await get('/selvage/widget.js')).text()).toContain('selvage serve')
    for (const path of ['/manifest.json', '/index/none.pack', '/selvage/none.js', '/selvage/model/config.json'])
      expect((await get(path)).status).toBe(404)
  })

  test('parts of files', async () => {
    const get = await start(FIXTURE)
    const whole = await readFile(join(FIXTURE, PACK))
    const part = async (range: string) => {
      const response = await get(`/index/${PACK}`, { headers: { range } })
      return { status: response.status, bytes: Buffer.from(await response.arrayBuffer()), headers: response.headers }
    }
    const middle = await part('bytes=10-19')
    expect(middle).toMatchObject({ status: 206, bytes: whole.subarray(10, 20) })
    expect(middle.headers.get('content-range')).toBe('bytes 10-19/544')
    expect(await part('bytes=540-')).toMatchObject({ status: 206, bytes: whole.subarray(540) })
    expect(await part('bytes=540-9999')).toMatchObject({ status: 206, bytes: whole.subarray(540) })
    expect(await part('bytes=544-')).toMatchObject({ status: 416 })
    // Those that sirv would read as something else.
    for (const range of ['bytes=-5', 'bytes=0-0', 'bytes=5-2', 'bytes=1-2,5-6', 'pages=1-2'])
      expect(await part(range)).toMatchObject({ status: 200, bytes: whole })
  })

  test('what has not changed is not sent again', async () => {
    const get = await start(FIXTURE)
    const first = await get(`/index/${PACK}`)
    const etag = first.headers.get('etag')!
    expect(first.headers.get('cache-control')).toBe('no-cache')
    await first.arrayBuffer()
    // Not by fetch: it answers a 304 to its own question only.
    expect(await statusOf(`/index/${PACK}`, { 'if-none-match': etag })).toBe(304)
  })
})

describe('a site', () => {
  test('is served as it is, with a manifest of its own', async () => {
    await write('index.html', '<h1>Home</h1>')
    await write('guide/index.html', '<h1>Guide</h1>')
    await write('about.html', '<h1>About</h1>')
    await write('manifest.json', '{"name":"A web app"}')
    await write('app.wasm', 'x')
    await write('.env', 'SECRET=1')
    await write('.git/config', 'x')
    await write('a\\b', 'x') // on Windows the file b in the folder a
    const get = await start(cli.folder)
    expect(serving?.kind).toBe('site')
    const home = await get('/')
    expect(await home.text()).toBe('<h1>Home</h1>')
    expect(home.headers.has('content-security-policy')).toBe(false)
    expect(await (await get('/about')).text()).toBe('<h1>About</h1>')
    expect((await get('/app.wasm')).headers.get('content-type')).toBe('application/wasm')
    const guide = await get('/guide?a=b')
    expect(guide.url).toBe(`${serving?.url}guide/?a=b`)
    expect(await guide.text()).toBe('<h1>Guide</h1>')
    for (const path of ['/.env', '/%2eenv', '/.git/config', '/nothing', '/%zz', '/%00', '/a%5Cb', '/..%5C..%5Cx'])
      expect((await get(path)).status).toBe(404)
    expect(await statusOf('/../../etc/hostname')).toBe(404)
    await write('index.html', '<h1>Changed</h1>')
    expect(await (await get('/')).text()).toBe('<h1>Changed</h1>')
    expect((await get('/', { method: 'POST' })).status).toBe(405)
  })

  test('pages may lie in sub-folders only', async () => {
    await write('en/guide/index.html', '<h1>Guide</h1>')
    await start(cli.folder)
    expect(serving?.kind).toBe('site')
  })
})

describe('the command', () => {
  test('prints the address, serves, and ends well when it is told to', async () => {
    const controller = new AbortController()
    const ended = run(['serve', FIXTURE, '--port', '0'], controller.signal)
    await vi.waitFor(() =>
      expect(cli.out).toMatch(/^The index .*index-v1 is served at http:\/\/localhost:\d+\/ \(Ctrl-C/),
    )
    const url = /http:\S+/.exec(cli.out)![0]
    expect((await fetch(url)).status).toBe(200)
    controller.abort()
    expect(await ended).toBe(0)
    await expect(fetch(url)).rejects.toThrow()
  })

  test('a port in use is passed over, and said', async () => {
    const occupant = createServer()
    const port = await listening(occupant)
    try {
      const controller = new AbortController()
      const ended = run(['serve', FIXTURE, '--port', String(port), '--host', '127.0.0.1'], controller.signal)
      await vi.waitFor(() => expect(cli.out).toContain('is served at'))
      expect(cli.out).toMatch(
        new RegExp(`^Port ${port} is in use\\. The index .* at http://127\\.0\\.0\\.1:(?!${port}/)\\d+/`),
      )
      controller.abort()
      expect(await ended).toBe(0)
    } finally {
      occupant.close()
    }
  })

  test.each([
    ['nothing to serve', [], /nothing to serve at .*: neither the manifest\.json of an index nor any \.html file/],
    ['a port that is none', ['--port', '70000'], /port.*70000/i],
    ['a host that is none', ['--host', '256.0.0.1'], /Choose others with --port and --host/],
  ])('%s', async (_, args, message) => {
    expect(await run(['serve', args.length > 0 ? FIXTURE : cli.folder, ...args])).toBe(1)
    expect(cli.err).toMatch(message)
    expect(cli.err).not.toMatch(/\n {4}at /)
  })

  test('a manifest that is damaged, and one of a newer version', async () => {
    await write('manifest.json', '{')
    expect(await run(['serve', cli.folder])).toBe(1)
    expect(cli.err).toMatch(/is not JSON/)
    await write('index.html', 'x')
    await write('manifest.json', '{"format":"selvage","version":99}')
    expect(await run(['serve', cli.folder])).toBe(1)
    expect(cli.err).toMatch(/has format version 99/)
  })
})

/** A request as it is written: fetch would tidy its path, and keep answers. */
function statusOf(path: string, headers: Record<string, string> = {}): Promise<number | undefined> {
  return new Promise((done, failed) => {
    const asked = request({ host: 'localhost', port: serving?.port, path, headers }, (response) => {
      response.resume()
      done(response.statusCode)
    })
    asked.on('error', failed).end()
  })
}

async function listening(server: Server): Promise<number> {
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  const address: AddressInfo | string | null = server.address()
  if (address === null || typeof address === 'string') throw new Error('no port')
  return address.port
}
