/** Texts and the terms that every engine must find in them, whatever dictionary it has. */
import type { Word } from '../../src/lexical/tokenize.ts'

/** By place, the longer first where two begin alike. */
export const SAMPLE: readonly (readonly [text: string, terms: string])[] = [
  ['A plain sentence, with commas; and (brackets).', 'a plain sentence with commas and brackets'],
  ['useRef --no-cache', 'useref use ref --no-cache no cache'],
  ['torch.nn.Linear @types/node C++ C#', 'torch.nn.linear torch nn linear @types/node types node c++ c c# c'],
  ['std::vector v-on:click snake_case', 'std::vector std vector v-on:click v on click snake_case snake case'],
  ["isn't it", 'isn it'],
  ['Crème BRÛLÉE Straße ÅNGSTRÖM', 'creme brulee strasse angstrom'],
  ['ＡＢＣ１２３ ﬁne ① 𝐀bc', 'abc123 fine 1 abc'],
  ['ΛΌΓΟΣ Привет שלום हिन्दी', 'λογος привет שלום हिन्दी'],
  ['東京都に行く。', '東京 京都 都に に行 行く'],
  ['サーバーの設定', 'サー ーバ バー ーの の設 設定'],
  ['ｶﾀｶﾅ', 'カタ タカ カナ'],
  ['𠀀𠀁𠀂', '𠀀𠀁 𠀁𠀂'],
  ['한국어 검색은 좋다', '한국어 한국 국어 검색은 검색 색은 좋다'],
  ['ReactのuseStateを使う', 'react usestate use state を使 使う'],
  ['Vue 3で検索API', 'vue 3 で検 検索 api'],
  ['', ''],
  ['?! … — « »', ''],
]

const UNSPACED = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}ー\p{Script=Thai}]/u
const PAIR = /^[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}ー]{2}$/u

/** Terms that no dictionary has a part in: all of scripts with spaces, and of the others the pairs of characters. */
export function stableTerms(words: readonly Word[]): string {
  const stable = words.filter(({ term }) => !UNSPACED.test(term) || PAIR.test(term))
  return stable
    .sort((a, b) => a.start - b.start || b.end - a.end)
    .map(({ term }) => term)
    .join(' ')
}

/** Some words of a long list, most of them with relatives by stem, in scripts of several orders. */
export function manyWords(count: number): string[] {
  const endings = ['', 's', 'ed', 'ing', 'er', 'ation', 'ness']
  return Array.from({ length: count }, (_, i) => {
    const root = ((i * 7919) % 99_991).toString(26).replace(/\d/g, (digit) => 'qrstuvwxyz'[Number(digit)]!)
    return i % 11 === 0 ? `${['é', 'ñ', 'ж', '𐐨'][i % 4]}${root}` : root + endings[i % endings.length]!
  })
}
