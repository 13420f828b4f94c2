/** The line that a training run shows: on a terminal and in a log. */
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { describeStep, smoothing, trainProgress } from '../../src/node/trainProgress.ts'

beforeEach(() => {
  vi.stubEnv('CI', '')
  vi.stubEnv('TERM', 'xterm')
})
afterEach(() => vi.unstubAllEnvs())

function stream(isTTY: boolean) {
  const written: string[] = []
  const write = vi.spyOn(process.stderr, 'write').mockImplementation((text) => {
    written.push(String(text))
    return true
  })
  const output = new Proxy(process.stderr, {
    get: (target, key) => (key === 'isTTY' ? isTTY : key === 'columns' ? 200 : Reflect.get(target, key)),
  })
  return { output, written, end: () => write.mockRestore() }
}

const step = (n: number, elapsedMs = 2000) => ({
  ...{ step: n, steps: 100, loss: 10 - n / 20, learningRate: 3e-6, gradientNorm: 1, examples: 16, elapsedMs },
})

test('step, loss, rate, speed and the time that is left', () => {
  expect(describeStep(step(12), 1.23456, 8, 176_000)).toBe(
    'Step 12 of 100, loss 1.235, rate 3.0e-6, 8.0 examples/s, 2 min 56 s left',
  )
  expect(describeStep(step(100), 1.2, 12, 0)).toBe('Step 100 of 100, loss 1.200, rate 3.0e-6, 12 examples/s')
})

test('on a terminal one line is redrawn; what is told stands above it', () => {
  const { output, written, end } = stream(true)
  const progress = trainProgress(output)
  progress.onStep(step(50), undefined)
  progress.tell('Accuracy: 0.9')
  progress.onStep(step(51), 5000)
  progress.done()
  end()
  const [bar = ''] = written
  expect(bar.slice(0, 5)).toBe('\r\u001b[2K')
  expect(bar.slice(5)).toMatch(/^█{12}░{12} Step 50 of 100, .*, 100 s left$/)
  expect(written.slice(1, 3)).toEqual(['\r\u001b[2K', 'Accuracy: 0.9\n'])
  expect(written[3]).toMatch(/, 5\.0 s left$/) // the time that --minutes leaves is less than the steps would take
  expect(written[4]).toBe('\n')
})

test('in a log there are twenty lines a run', () => {
  const { output, written, end } = stream(false)
  const progress = trainProgress(output)
  for (let n = 1; n <= 100; n++) progress.onStep(step(n), undefined)
  progress.done()
  end()
  expect(written).toHaveLength(21)
  expect(written.every((line) => /^Step .*\n$/.test(line))).toBe(true)
  expect(written.at(-1)).toMatch(/^Step 100 of 100/)
})

test('a run that is resumed shows the loss that it would have shown', () => {
  const { output, written, end } = stream(false)
  const resumed = trainProgress(output)
  resumed.onResumed(Array.from({ length: 10 }, (_, i) => step(i + 1).loss))
  resumed.onStep(step(11), undefined)
  end()
  const shown = written.map((line) => /loss [\d.]+/.exec(line)?.[0])
  expect(shown.at(-1)).toBe(`loss ${meanOf(11).toPrecision(4)}`)
})

function meanOf(steps: number): number {
  const smooth = smoothing()
  return Array.from({ length: steps }, (_, i) => smooth(step(i + 1).loss)).at(-1) ?? 0
}

test('the loss is smoothed, from its first value on', () => {
  const smooth = smoothing()
  expect(smooth(4)).toBeCloseTo(4)
  expect(smooth(4)).toBeCloseTo(4)
  const jumped = smooth(10)
  expect(jumped).toBeGreaterThan(4)
  expect(jumped).toBeLessThan(7)
})
