/**
 * The encoder's runtime in Node: onnxruntime-node on the CPU, for building indexes and for the command line.
 * `run` of onnxruntime-node 1.30 computes on the calling thread, so a batch blocks it (its backend.js wraps a
 * synchronous call in setImmediate; microsoft/onnxruntime#32346). Several threads inside one batch it does have.
 */
import { availableParallelism } from 'node:os'
import { InferenceSession, Tensor } from 'onnxruntime-node'
import {
  creationError,
  inputValues,
  type Runtime,
  type Session,
  type SessionSource,
  vectorOutput,
} from '../encoder/runtime.ts'
import { SelvageError } from '../errors.ts'

export interface NodeRuntimeOptions {
  /** CPU threads of one run. Default: all cores. */
  readonly threads?: number | undefined
}

export function nodeRuntime(options: NodeRuntimeOptions = {}): Runtime {
  const threads = options.threads ?? availableParallelism()
  if (!Number.isInteger(threads) || threads < 1) {
    throw new SelvageError('invalid-argument', `threads is ${threads}, wanted a whole number from 1.`)
  }
  return {
    backends: ['node'],
    unavailable: async () => undefined,
    create: (_, source) => createSession(source, threads),
  }
}

async function createSession(source: SessionSource, threads: number): Promise<Session> {
  let session: InferenceSession
  try {
    session = await InferenceSession.create(source.graph, {
      executionProviders: ['cpu'],
      externalData: source.external.map(({ path, data }) => ({ path, data })),
      intraOpNumThreads: threads,
      logSeverityLevel: 3,
    })
  } catch (thrown) {
    throw creationError(thrown, source)
  }
  const output = vectorOutput(source, session.inputNames, session.outputNames)
  return {
    device: `CPU, ${threads} thread${threads === 1 ? '' : 's'}`,
    inputs: session.inputNames,
    async run(ids, mask, batch, length) {
      const values = inputValues(session.inputNames, ids, mask)
      const feeds = values.map(([name, data]) => [name, new Tensor('int64', data, [batch, length])] as const)
      const data = (await session.run(Object.fromEntries(feeds), [output]))[output]?.data
      if (data instanceof Float32Array) return data
      throw new SelvageError('model-invalid', `${source.name} gives no f32 in its output "${output}".`)
    },
    close: () => session.release(),
  }
}
