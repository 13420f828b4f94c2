/**
 * Words that were mistyped: those of the index within one slip of a finger, or two where the word is long. A slip is a letter
 * too many, too few, another one, or two changed over (the restricted edit distance of Damerau and Levenshtein).
 */

/** Slips that a word may have; short words are too near to too many others. */
export function slipsAllowed(word: string): number {
  return word.length < 4 ? 0 : word.length < 8 ? 1 : 2
}

/** Which letters a word has, a bit each; other characters share the bits that are left. */
export function lettersOf(word: string): number {
  let letters = 0
  for (let i = 0; i < word.length; i++) letters |= 1 << ((word.charCodeAt(i) - 97) & 31)
  return letters
}

/** False where so many letters are only in one of two words that no `most` slips could explain it: each slip explains two. */
export function mayBeNear(letters: number, others: number, most: number): boolean {
  let differing = letters ^ others
  for (let left = 2 * most; differing !== 0; left--) {
    if (left === 0) return false
    differing &= differing - 1
  }
  return true
}

/** Slips from one word to the other, or `most + 1` where it is more than `most`. */
export function slips(a: string, b: string, most: number): number {
  if (Math.abs(a.length - b.length) > most) return most + 1
  let older: number[] = []
  let above = Array.from({ length: b.length + 1 }, (_, j) => j)
  for (let i = 1; i <= a.length; i++) {
    const row = [i]
    let least = i
    for (let j = 1; j <= b.length; j++) {
      const isSame = a[i - 1] === b[j - 1]
      let best = Math.min(above[j]! + 1, row[j - 1]! + 1, above[j - 1]! + (isSame ? 0 : 1))
      const isSwap = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]
      if (isSwap) best = Math.min(best, older[j - 2]! + 1)
      row.push(best)
      least = Math.min(least, best)
    }
    if (least > most) return most + 1
    older = above
    above = row
  }
  return Math.min(above[b.length]!, most + 1)
}
