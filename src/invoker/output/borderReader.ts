// Divides the bytes of a stream at the borders that the runtime has written into it (PROTOCOL.md, "Calls sent ahead"). Owns
// bytes that may be the beginning of a border.

/** Finds borders, however the stream has split them. */
export class BorderReader {
  readonly #border: Buffer
  readonly #onPart: (part: Buffer | undefined) => void
  /** what may be the beginning of a border; to be read only */
  rest: Buffer = nothing

  /** @param onPart takes the bytes between borders, and undefined for each border */
  constructor(border: string, onPart: (part: Buffer | undefined) => void) {
    this.#border = Buffer.from(border, 'latin1')
    this.#onPart = onPart
  }

  /** Takes bytes as they come. */
  read(bytes: Buffer): void {
    const all = this.rest.length === 0 ? bytes : Buffer.concat([this.rest, bytes])
    this.rest = nothing
    let at = 0
    for (let found = all.indexOf(this.#border); found !== -1; found = all.indexOf(this.#border, at)) {
      this.#handOver(all, at, found)
      this.#onPart(undefined)
      at = found + this.#border.length
    }
    const kept = this.#beginningIn(all, at)
    this.#handOver(all, at, kept)
    if (kept < all.length) this.rest = all.subarray(kept)
  }

  /** Hands over what was taken for the beginning of a border. */
  flush(): void {
    const rest = this.rest
    this.rest = nothing
    this.#handOver(rest, 0, rest.length)
  }

  #handOver(bytes: Buffer, from: number, to: number): void {
    if (to > from) this.#onPart(bytes.subarray(from, to))
  }

  // Where the last bytes are the first ones of a border; the end when they are not.
  #beginningIn(bytes: Buffer, from: number): number {
    const first = this.#border[0] ?? 0
    const earliest = Math.max(from, bytes.length - this.#border.length + 1)
    for (let at = bytes.indexOf(first, earliest); at !== -1; at = bytes.indexOf(first, at + 1))
      if (this.#border.subarray(0, bytes.length - at).equals(bytes.subarray(at))) return at
    return bytes.length
  }
}

const nothing = Buffer.alloc(0)
