// How much one instance may write to its log (interface.md §7). Owns what is left of it, and the count of what was dropped.

/**
 * A function that writes much at once may; one that never stops is cut. What is beyond the limit is read and dropped:
 * to stop reading would stop the function, and make its invocation miss the deadline for the sake of its log.
 */
export class RateLimit {
  readonly #onDropped: (bytes: number) => void
  #left = burst
  #refilledAt = performance.now()
  #closed: NodeJS.Timeout | undefined
  /** bytes that were dropped and not told of yet; to be read only */
  dropped = 0

  /** @param onDropped told of so many bytes that were dropped: once in each pause, and when `tell` is called */
  constructor(onDropped: (bytes: number) => void) {
    this.#onDropped = onDropped
  }

  /** Whether the next line may pass. */
  get open(): boolean {
    return this.#closed === undefined
  }

  /** Counts a line of so many bytes. */
  spend(bytes: number): void {
    this.#left -= bytes + costOfRecord
    if (this.#left > 0) return
    this.#refill()
    if (this.#left <= 0) this.#closed ??= setTimeout(() => this.#reopen(), pauseMs).unref()
  }

  noteDropped(bytes: number): void {
    this.dropped += bytes
  }

  /** Tells what was dropped since the last time, if anything was. */
  tell(): void {
    const bytes = this.dropped
    this.dropped = 0
    if (bytes > 0) this.#onDropped(bytes)
  }

  /** Tells the last of it; the instance has ended. May be called twice. */
  stop(): void {
    clearTimeout(this.#closed)
    this.tell()
  }

  #refill(): void {
    const now = performance.now()
    this.#left = Math.min(burst, this.#left + (now - this.#refilledAt) * bytesPerMs)
    this.#refilledAt = now
  }

  #reopen(): void {
    this.#closed = undefined
    this.#refill()
    this.tell()
  }
}

// Some ten thousand lines at once, and as many each second: more than a reader can follow, less than the server notices.
const burst = 8 * 1024 * 1024
const bytesPerMs = (4 * 1024 * 1024) / 1000
const pauseMs = 1000

// What a record costs besides its text: an empty line is work, too.
const costOfRecord = 512
