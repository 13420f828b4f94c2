/**
 * What the encoder asks of an inference runtime, so that it need not know which one it has: onnxruntime-web in the
 * browser (session.ts), onnxruntime-node in Node (node/session.ts), a fake in tests. Here too is what those two share
 * about graphs: the inputs and outputs of an encoder, and telling a broken file from a broken runtime.
 */
import { SelvageError } from '../errors.ts'
import type { EncoderBackend } from '../types.ts'

/** A graph with its weights, in memory. */
export interface SessionSource {
  /** The graph's place in words, for messages. */
  readonly name: string
  readonly graph: Uint8Array
  /** Weight files outside the graph; `path` as the graph names them. */
  readonly external: readonly { readonly path: string; readonly data: Uint8Array }[]
}

export interface Session {
  /** Where it runs, in words. */
  readonly device: string
  /** Names of the graph's inputs. */
  readonly inputs: readonly string[]
  /** ids and mask `[batch, length]` → vectors `[batch, length, E]`. Calls may overlap; they run one after the other. */
  run(ids: Int32Array, mask: Int32Array, batch: number, length: number): Promise<Float32Array>
  close(): Promise<void>
}

/** The builds of onnxruntime-web: one for GPUs, which can use the CPU as well, and a smaller one for the CPU alone. */
export type RuntimeBuild = 'webgpu' | 'wasm'

export interface Runtime {
  /** Backends it has, the preferred one first. */
  readonly backends: readonly EncoderBackend[]
  /**
   * Why the backend cannot be used here, found out before the model is downloaded; undefined where it can. What that backend
   * needs is then fetched and started already: ask about the others only when this one failed.
   */
  unavailable(backend: EncoderBackend, options: { readonly allowSoftware: boolean }): Promise<string | undefined>
  create(backend: EncoderBackend, source: SessionSource): Promise<Session>
}

/** The input tensors' values by name, int64 as ONNX wants ids. Texts stand alone, so their token types are all 0. */
export function inputValues(inputs: readonly string[], ids: Int32Array, mask: Int32Array): [string, BigInt64Array][] {
  const values: Record<string, () => BigInt64Array> = {
    input_ids: () => BigInt64Array.from(ids, BigInt),
    attention_mask: () => BigInt64Array.from(mask, BigInt),
    token_type_ids: () => new BigInt64Array(ids.length),
  }
  return inputs.flatMap((name) => {
    const make = values[name]
    return make === undefined ? [] : [[name, make()]]
  })
}

/** Of a graph's outputs the one with token vectors: ours and fastlate's name, next-plaid's, or the only one. */
export function vectorOutput(source: SessionSource, inputs: readonly string[], outputs: readonly string[]): string {
  const strange = inputs.filter((name) => !['input_ids', 'attention_mask', 'token_type_ids'].includes(name))
  if (strange.length > 0 || !inputs.includes('input_ids')) {
    throw new SelvageError(
      'model-invalid',
      `${source.name} has the inputs ${inputs.join(', ')}; wanted input_ids, attention_mask and perhaps token_type_ids. ` +
        'It is not the graph of a text encoder.',
    )
  }
  const known = ['embeddings', 'output'].find((name) => outputs.includes(name))
  const output = known ?? (outputs.length === 1 ? outputs[0] : undefined)
  if (output !== undefined) return output
  throw new SelvageError(
    'model-invalid',
    `${source.name} has the outputs ${outputs.join(', ')}; wanted "embeddings" or "output" [batch, sequence, E]. ` +
      'Export the model with its projection.',
  )
}

/** A failure to make a session: of the file where the runtime says that it cannot be read, else of the runtime. */
export function creationError(thrown: unknown, source: SessionSource): SelvageError {
  if (thrown instanceof SelvageError) return thrown
  const reason = thrown instanceof Error ? thrown.message : String(thrown)
  const unreadable = /protobuf|invalid_graph|not a valid model|invalid model|external data|external_data|out of bounds/i
  return unreadable.test(reason)
    ? new SelvageError(
        'model-invalid',
        `${source.name} cannot be read (${source.graph.length} bytes): it or its weights are truncated or malformed. ` +
          `Fetch the model again. The runtime says: ${reason}`,
        { cause: thrown },
      )
    : new SelvageError('runtime-failed', `No session could be made for ${source.name}: ${reason}`, { cause: thrown })
}
