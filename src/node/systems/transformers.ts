/**
 * Models of other kinds, run through transformers.js, which whoever wants them installs: token ids in, the graph's output out.
 * Texts are cut as the Python tokenizers cut them, a pair at its longer text first: transformers.js itself cuts the end away,
 * and the closing token with it. It reads local files only. What an output means is pooled.ts's and pairs' matter.
 */
import { availableParallelism } from 'node:os'
import type * as Transformers from '@huggingface/transformers'
import { SelvageError } from '../../errors.ts'
import type { ModelFolder } from './modelFolder.ts'

type Library = typeof Transformers

/** Token ids of one input, and which text of a pair each is of. */
export interface Tokens {
  readonly ids: readonly number[]
  readonly types: readonly number[]
}

export interface Output {
  readonly name: string
  readonly data: Float32Array
  readonly dims: readonly number[]
}

export interface Graph {
  readonly outputs: readonly string[]
  /** A text, or a pair of two, cut to the model's length. */
  tokenize(text: string, pair?: string): Tokens
  /** All in one run, padded; `mask` is `[inputs, length]`. */
  run(inputs: readonly Tokens[]): Promise<{ readonly outputs: readonly Output[]; readonly mask: Uint8Array }>
  close(): Promise<void>
}

/** Tokens of one run, padding included: more takes more memory and is no faster. */
export const TOKENS_PER_RUN = 4096

/** Inputs in runs of about equal length, the longest first; numbers of `inputs`. */
export function inRuns(inputs: readonly Tokens[]): number[][] {
  const order = [...inputs.keys()].sort((a, b) => inputs[b]!.ids.length - inputs[a]!.ids.length)
  const runs: number[][] = []
  for (let at = 0; at < order.length; ) {
    const length = Math.max(1, inputs[order[at]!]!.ids.length)
    const count = Math.max(1, Math.floor(TOKENS_PER_RUN / length))
    runs.push(order.slice(at, at + count))
    at += count
  }
  return runs
}

/** Errors: `runtime-failed` where transformers.js is not installed; `model-invalid` where it cannot load the model. */
export async function openGraph(model: ModelFolder, threads = availableParallelism()): Promise<Graph> {
  const library = await loadTransformers()
  const { AutoModel, AutoTokenizer, Tensor } = library
  const file = model.graph.slice(model.graph.lastIndexOf('/') + 1).replace(/\.onnx$/, '')
  const subfolder = model.graph.slice(0, Math.max(0, model.graph.lastIndexOf('/')))
  const loading = async () => {
    const tokenizer = await AutoTokenizer.from_pretrained(model.folder, { local_files_only: true })
    const net = await AutoModel.from_pretrained(model.folder, {
      local_files_only: true,
      model_file_name: file,
      subfolder,
      dtype: 'fp32', // the file's name as it is, whatever is in it
      device: 'cpu',
      session_options: { intraOpNumThreads: threads, logSeverityLevel: 3 },
    })
    return [tokenizer, net] as const
  }
  const [tokenizer, net] = await loading().catch((cause: unknown) => {
    const reason = cause instanceof Error ? cause.message : String(cause)
    throw new SelvageError('model-invalid', `The model in ${model.folder} cannot be loaded: ${reason}`, { cause })
  })
  const sessions: Record<string, { readonly inputNames: readonly string[]; readonly outputNames: readonly string[] }> =
    net.sessions
  const { inputNames = [], outputNames = [] } = sessions['model'] ?? {}
  const padding = tokenizer.pad_token_id ?? 0
  const split = (text: string, pair: string | undefined, isWhole: boolean): Tokens => {
    const given = { add_special_tokens: isWhole, return_tensor: false, return_token_type_ids: true } as const
    // An empty text is taken for none, and a pair without one for no pair.
    const second = pair === undefined ? null : pair || ' '
    const { input_ids: ids, token_type_ids: types } = tokenizer(text, { ...given, text_pair: second })
    return { ids, types: types ?? ids.map(() => 0) }
  }
  return {
    outputs: outputNames,
    tokenize(text, pair) {
      const whole = split(text, pair, true)
      if (whole.ids.length <= model.maxLength) return whole
      const parts = [text, ...(pair === undefined ? [] : [pair])].map((part) => split(part, undefined, false).ids)
      return cut(whole, parts, model.maxLength)
    },
    async run(inputs) {
      const length = inputs.reduce((most, { ids }) => Math.max(most, ids.length), 0)
      const dims = [inputs.length, length]
      const filled = (fill: number, of: (tokens: Tokens) => readonly number[]) => {
        const values = new BigInt64Array(inputs.length * length).fill(BigInt(fill))
        inputs.forEach((tokens, i) => {
          of(tokens).forEach((value, t) => {
            values[i * length + t] = BigInt(value)
          })
        })
        return values
      }
      const mask = filled(0, ({ ids }) => ids.map(() => 1))
      const feeds: Record<string, Transformers.Tensor> = {
        input_ids: new Tensor(
          'int64',
          filled(padding, ({ ids }) => ids),
          dims,
        ),
        attention_mask: new Tensor('int64', mask, dims),
      }
      if (inputNames.includes('token_type_ids'))
        feeds['token_type_ids'] = new Tensor(
          'int64',
          filled(0, ({ types }) => types),
          dims,
        )
      const given: Record<string, Transformers.Tensor> = await net(feeds)
      const outputs = outputNames.flatMap((name) => {
        const { data, dims: shape } = given[name] ?? {}
        return data instanceof Float32Array && shape ? [{ name, data, dims: shape }] : []
      })
      return { outputs, mask: Uint8Array.from(mask, Number) }
    },
    async close() {
      await net.dispose()
    },
  }
}

/**
 * A text or pair that is too long, without the middle of what surrounds it: special tokens stay. Of a pair the longer text is cut
 * first, and once both are too long each has a half, the longer one the odd token: as `truncation=True` does in Python.
 */
export function cut(whole: Tokens, parts: readonly (readonly number[])[], maxLength: number): Tokens {
  const content = parts.reduce((sum, { length }) => sum + length, 0)
  const room = Math.max(0, maxLength - (whole.ids.length - content))
  const kept = roomOf(
    parts.map(({ length }) => length),
    room,
  )
  const ids: number[] = []
  const types: number[] = []
  let at = 0
  const take = (end: number) => {
    ids.push(...whole.ids.slice(at, end))
    types.push(...whole.types.slice(at, end))
    at = end
  }
  // Special tokens stand before, between and behind the parts, the same number of them whatever the parts are.
  let before = 0
  parts.forEach((part, i) => {
    const start = whole.ids.findIndex((_, from) => from >= before && part.every((id, t) => whole.ids[from + t] === id))
    take(start)
    take(start + kept[i]!)
    at = start + part.length
    before = at
  })
  take(whole.ids.length)
  return { ids, types }
}

function roomOf([first = 0, second]: readonly number[], room: number): number[] {
  if (second === undefined) return [Math.min(first, room)]
  const [short, long] = first <= second ? [first, second] : [second, first]
  const rest = short > room ? short : Math.max(short, Math.min(long, room - short))
  const half = Math.floor(room / 2)
  const [kept, other] = short + rest > room ? [half, half + (room % 2)] : [short, rest]
  return first <= second ? [kept, other] : [other, kept]
}

async function loadTransformers(): Promise<Library> {
  let library: Library
  try {
    library = await import('@huggingface/transformers')
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause)
    throw new SelvageError(
      'runtime-failed',
      `bi-encoder and cross-encoder run through transformers.js, which could not be loaded. Run "npm install @huggingface/transformers" where selvage is installed. (${reason})`,
      { cause },
    )
  }
  library.env.allowRemoteModels = false
  library.env.logLevel = library.LogLevel.ERROR
  return library
}
