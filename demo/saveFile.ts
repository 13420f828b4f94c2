/** A file that the page has made, saved like any download. It goes nowhere else. */

/** The browser reads it while it saves, and tells nobody when that is over. */
const READ_MS = 60_000

export function saveFile(file: File): void {
  const address = URL.createObjectURL(file)
  const link = document.createElement('a')
  link.href = address
  link.download = file.name
  link.click()
  setTimeout(() => URL.revokeObjectURL(address), READ_MS)
}
