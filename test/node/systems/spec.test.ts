/** What is said behind `--compare`: which setting is whose, and what is told where there is no such thing. */
import { describe, expect, test } from 'vitest'
import { parseSystems } from '../../../src/node/systems/spec.ts'

const models = { biEncoder: 'bi', crossEncoder: 'cross' }

test('a comma stands between systems, and between the settings of one', () => {
  expect(parseSystems('lexical, exact,plaid:bits=4,pool=2 , hybrid:fusion=rrf,candidates=all,plaid')).toEqual([
    { kind: 'lexical', name: 'lexical' },
    { kind: 'exact', name: 'exact' },
    { kind: 'plaid', name: 'plaid:bits=4,pool=2', plaid: { bits: 4, pool: 2 } },
    { kind: 'hybrid', name: 'hybrid:fusion=rrf,candidates=all', fusion: 'rrf', plaid: {}, candidates: Infinity },
    { kind: 'plaid', name: 'plaid', plaid: {} },
  ])
})

test('options of the command hold where a system does not say otherwise', () => {
  const defaults = { plaid: { bits: 1, seed: 7, pool: 3 }, candidates: 64, ...models } as const
  const [plain, own] = parseSystems('plaid,plaid:bits=8,centroids=16,clustering=tokens,seed=0,candidates=9', defaults)
  expect(plain).toMatchObject({ plaid: { bits: 1, seed: 7, pool: 3 }, candidates: 64 })
  expect(own).toMatchObject({
    plaid: { bits: 8, seed: 0, pool: 3, centroids: 16, clustering: 'tokens' },
    candidates: 9,
  })
  expect(parseSystems('bi-encoder,bi-encoder:model=./a=b,graph=onnx/x.onnx,cross-encoder', defaults)).toEqual([
    { kind: 'bi-encoder', name: 'bi-encoder', model: 'bi' },
    { kind: 'bi-encoder', name: 'bi-encoder:model=./a=b,graph=onnx/x.onnx', model: './a=b', graph: 'onnx/x.onnx' },
    { kind: 'cross-encoder', name: 'cross-encoder', model: 'cross' },
  ])
})

test('a rerank has two parts, each with its settings, and a depth of its own', () => {
  const text = 'rerank:plaid:bits=2,pool=2+cross-encoder:model=a+b,depth=50,lexical,rerank:lexical+exact'
  expect(parseSystems(text)).toEqual([
    {
      kind: 'rerank',
      name: 'rerank:plaid:bits=2,pool=2+cross-encoder:model=a+b,depth=50',
      depth: 50,
      first: { kind: 'plaid', name: 'plaid:bits=2,pool=2', plaid: { bits: 2, pool: 2 } },
      second: { kind: 'cross-encoder', name: 'cross-encoder:model=a+b', model: 'a+b' },
    },
    { kind: 'lexical', name: 'lexical' },
    {
      kind: 'rerank',
      name: 'rerank:lexical+exact',
      depth: 100,
      first: { kind: 'lexical', name: 'lexical' },
      second: { kind: 'exact', name: 'exact' },
    },
  ])
})

describe('what there is not', () => {
  const systems = 'lexical, exact, plaid, hybrid, bi-encoder, cross-encoder or rerank'
  test.each([
    ['', `no system is named. Name some of ${systems}`],
    ['lexcial', `there is no system "lexcial". There are ${systems}.`],
    [
      'plaid:bit=2',
      '"plaid:bit=2": plaid has no "bit". The settings of plaid: bits, pool, candidates, centroids, clustering, seed.',
    ],
    ['lexical:k=1', '"lexical:k=1": lexical has no "k". It has no settings.'],
    ['plaid,bits=2', '"plaid,bits=2": settings stand behind a colon, as in plaid:bits=2,pool=2.'],
    ['plaid:bits=3', '"plaid:bits=3": bits is "3"; it must be 1, 2, 4 or 8.'],
    ['plaid:pool=0', '"plaid:pool=0": pool is "0"; it must be a whole number from 1 on.'],
    ['plaid:candidates=some', 'candidates is "some"; it must be a whole number from 1 on, or all.'],
    ['plaid:bits', '"plaid:bits": "bits" has no value. Say bits=<value>.'],
    ['plaid:bits=2,bits=4', '"bits" is there twice.'],
    ['hybrid:fusion=sum', 'fusion is "sum"; it must be scores or rrf.'],
    ['lexical,exact,lexical', '"lexical" is there twice. Name each system once.'],
    ['bi-encoder', 'which model? Name its folder with bi-encoder:model=<dir>, or with --bi-encoder <dir>.'],
    ['rerank', 'a rerank has two parts, as in rerank:lexical+exact'],
    ['rerank:lexical', 'a rerank has two parts'],
    ['rerank:lexical+exact+plaid', 'a rerank has two parts'],
    [
      'rerank:exact+lexical',
      'the second part scores what the first one found. It is exact, plaid, bi-encoder or cross-encoder, not lexical.',
    ],
    ['rerank:cross-encoder:model=x+exact', 'the first part finds documents, and cross-encoder only scores them.'],
    ['rerank:lexical+exact,depth=0', 'depth is "0"; it must be a whole number from 1 on.'],
    ['rerank:lexical+exact:bits=2', '"exact:bits=2": exact has no "bits". It has no settings.'],
  ])('%j', (text, message) => {
    expect(() => parseSystems(text)).toThrow(/^--compare: /)
    expect(() => parseSystems(text)).toThrow(message)
  })
})
