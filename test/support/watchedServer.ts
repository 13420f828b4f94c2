/**
 * Static hosting of a folder by a real server (sirv), watched: what was asked for, in which wave, and how many bytes went
 * out. A wave is what is asked for at the same time: nothing is answered before nobody asks for more.
 */
import { createServer } from 'node:http'
import sirv from 'sirv'
import type { StaticSite } from './staticServer.ts'

export interface Asked {
  readonly file: string
  /** As the client wrote it: `bytes=0-99`. */
  readonly range: string | undefined
  /** From 1 on; 0 where waves are not looked at. */
  readonly wave: number
  readonly status: number
  /** Sent, headers too; what the client broke off counts as far as it got. */
  readonly bytes: number
}

export interface WatchedSite extends StaticSite {
  /** What was asked for until now, once all of it is answered. */
  asked(): Promise<readonly Asked[]>
}

export interface ServerOptions {
  /** Whether parts of files are sent. Default true; else whoever asks for one gets the whole. */
  readonly knowsRanges?: boolean
  /** Answer wave by wave. Default false: at once. */
  readonly inWaves?: boolean
}

/** After so long nobody asks for more, since client and server share a process: what follows waits for an answer. */
const QUIET_MS = 60

export async function serveWatched(folder: string, options: ServerOptions = {}): Promise<WatchedSite> {
  const { knowsRanges = true, inWaves = false } = options
  const asked: Promise<Asked>[] = []
  const send = sirv(folder, { dev: true, dotfiles: false })
  let wave = 0
  let waiting: (() => void)[] = []
  let quiet: NodeJS.Timeout | undefined
  const answerAll = () => {
    const answers = waiting
    waiting = []
    wave++
    for (const answer of answers) answer()
  }
  const server = createServer((request, response) => {
    const file = (request.url ?? '').slice(1)
    const { range } = request.headers
    if (!knowsRanges) delete request.headers.range
    const answer = () => {
      const own = wave
      const { socket } = request
      const before = socket.bytesWritten
      asked.push(
        new Promise((resolve) => {
          response.on('close', () => {
            resolve({ file, range, wave: own, status: response.statusCode, bytes: socket.bytesWritten - before })
          })
        }),
      )
      send(request, response, () => {
        response.writeHead(404).end()
      })
    }
    if (!inWaves) return answer()
    waiting.push(answer)
    clearTimeout(quiet)
    // Twice round: after a pause of the whole process the timer comes due before what has arrived meanwhile is read.
    quiet = setTimeout(() => {
      quiet = setTimeout(answerAll, QUIET_MS)
    }, QUIET_MS)
  })
  await new Promise<void>((resolve) => server.listen(0, 'localhost', resolve))
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('The server has no port.')
  return {
    url: `http://localhost:${address.port}/`,
    asked: () => Promise.all(asked),
    close() {
      clearTimeout(quiet)
      server.closeAllConnections()
      server.close()
    },
  }
}
