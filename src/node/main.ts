#!/usr/bin/env node
/** The `selvage` command. */
import { run } from './cli.ts'

/** `selvage search ... | head` closes the pipe when it has seen enough: that is an end, not a fault. */
for (const stream of [process.stdout, process.stderr])
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error
    process.exit()
  })

process.exitCode = await run(process.argv.slice(2))
