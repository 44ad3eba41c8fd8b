// Output by lines, of any volume and however it arrives. Owns the beginning of a line whose end has not come yet.

import type { RateLimit } from './rateLimit.ts'

/** Takes a line without its line feed. `whole` is false for a piece of one that is too long for a record (yandex.md G-3). */
export type LineListener = (text: string, whole: boolean) => void

/** Reads one stream. A carriage return stays inside its line (yandex.md G-1). */
export class LineReader {
  readonly #rateLimit: RateLimit
  readonly #onLine: LineListener
  /** the beginning of a line; to be read only */
  rest: Buffer = nothing
  /** whether a piece of a longer line was handed over; to be read only */
  inPieces = false
  // The beginning of this line was dropped, so its end is, too.
  #skipping = false

  constructor(rateLimit: RateLimit, onLine: LineListener) {
    this.#rateLimit = rateLimit
    this.#onLine = onLine
  }

  /** Takes bytes as they come, and hands over the lines that they complete, or drops them when they are too many. */
  read(bytes: Buffer): void {
    const all = this.rest.length === 0 ? bytes : Buffer.concat([this.rest, bytes])
    this.rest = nothing
    let at = this.#skipping && this.#rateLimit.open ? this.#skip(all) : 0
    while (at < all.length) {
      if (!this.#rateLimit.open) return this.#drop(all, at)
      const feed = all.indexOf(lineFeed, at)
      const length = (feed === -1 ? all.length : feed) - at
      if (length > longestRecord) {
        const end = endOfPiece(all, at + longestRecord)
        this.#handOver(all, at, end, false)
        this.inPieces = true
        at = end
      } else if (feed === -1) {
        this.rest = all.subarray(at)
        return
      } else {
        this.#handOver(all, at, feed, !this.inPieces)
        this.inPieces = false
        at = feed + 1
      }
    }
  }

  /** Hands over a line that was begun as if it had ended. */
  flush(): void {
    const rest = this.rest
    this.rest = nothing
    if (rest.length > 0) this.#handOver(rest, 0, rest.length, !this.inPieces)
    this.inPieces = false
  }

  #handOver(bytes: Buffer, from: number, to: number, whole: boolean): void {
    this.#rateLimit.spend(to - from)
    this.#onLine(bytes.toString('utf8', from, to), whole)
  }

  // Gives the place where the next line begins.
  #skip(bytes: Buffer): number {
    const feed = bytes.indexOf(lineFeed)
    const end = feed === -1 ? bytes.length : feed + 1
    this.#rateLimit.noteDropped(end)
    this.#skipping = feed === -1
    return end
  }

  #drop(bytes: Buffer, from: number): void {
    this.#rateLimit.noteDropped(bytes.length - from)
    this.#skipping = bytes.at(-1) !== lineFeed
    this.inPieces = false
  }
}

// Does not cut a character of UTF-8 in two.
function endOfPiece(bytes: Buffer, end: number): number {
  let cut = end
  while (cut > end - 3 && ((bytes[cut] ?? 0) & 0xc0) === 0x80) cut--
  return cut
}

/** Longest line that is one record, in bytes (yandex.md G-2). */
export const longestRecord = 65_536

const lineFeed = 0x0a
const nothing = Buffer.alloc(0)
