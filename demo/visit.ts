/**
 * Whether this browser has searched by meaning here before: its model is kept then, most likely, and is not waited with. A guess
 * that only decides what is begun first; where nothing may be remembered each visit is the first.
 */
const KEY = 'selvage-demo-meaning'

export function hadMeaning(): boolean {
  try {
    return localStorage.getItem(KEY) !== null
  } catch {
    return false
  }
}

export function rememberMeaning(): void {
  try {
    localStorage.setItem(KEY, '1')
  } catch {
    // Each visit is the first.
  }
}
