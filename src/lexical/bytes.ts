/** Numbers and strings as bytes: little ones in one byte, sorted strings by what they do not share. */

export class ByteWriter {
  #bytes = new Uint8Array(1 << 12)
  #length = 0

  get length(): number {
    return this.#length
  }

  byte(value: number): void {
    if (this.#length === this.#bytes.length) {
      const larger = new Uint8Array(2 * this.#length)
      larger.set(this.#bytes)
      this.#bytes = larger
    }
    this.#bytes[this.#length++] = value
  }

  /** A whole number from 0 to 2^32 - 1: seven bits a byte, low ones first. */
  number(value: number): void {
    let rest = value
    while (rest >= 128) {
      this.byte((rest & 127) | 128)
      rest >>>= 7
    }
    this.byte(rest)
  }

  append(bytes: Uint8Array): void {
    for (const value of bytes) this.byte(value)
  }

  /** What `text` adds to `before`. */
  text(text: string, before: string): void {
    let shared = 0
    while (shared < before.length && shared < text.length && before[shared] === text[shared]) shared++
    if (isHighSurrogate(text, shared - 1)) shared-- // half a character has no bytes
    const rest = new TextEncoder().encode(text.slice(shared))
    this.number(shared)
    this.number(rest.length)
    this.append(rest)
  }

  finish(): Uint8Array {
    return this.#bytes.slice(0, this.#length)
  }
}

function isHighSurrogate(text: string, at: number): boolean {
  const code = text.charCodeAt(at)
  return code >= 0xd800 && code < 0xdc00
}

export class ByteReader {
  readonly #bytes: Uint8Array
  readonly #decoder = new TextDecoder()
  #at = 0

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
  }

  get isAtEnd(): boolean {
    return this.#at >= this.#bytes.length
  }

  number(): number {
    let value = 0
    for (let shift = 0; ; shift += 7) {
      const byte = this.#bytes[this.#at++] ?? 0
      value |= (byte & 127) << shift
      if (byte < 128) return value >>> 0
    }
  }

  bytes(length: number): Uint8Array {
    const from = this.#at
    this.#at += length
    return this.#bytes.subarray(from, this.#at)
  }

  text(before: string): string {
    const shared = this.number()
    return before.slice(0, shared) + this.#decoder.decode(this.bytes(this.number()))
  }
}
