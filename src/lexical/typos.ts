/**
 * Words that were mistyped: those of the index within one slip of a finger, or two where the word is long. A slip is a letter
 * too many, too few, another one, or two changed over (the restricted edit distance of Damerau and Levenshtein).
 */

/** Slips that a word may have; short words are too near to too many others. */
export function slipsAllowed(word: string): number {
  return word.length < 4 ? 0 : word.length < 8 ? 1 : 2
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
