// The writer of log lines. Owns the lines that are not written yet, and the count of dropped ones.

import type { Writable } from 'node:stream'

/** Writes lines to a stream whose reader may be slow, stopped or gone. Lines beyond a limit are dropped and counted. */
export class Sink {
  readonly #output: Writable
  readonly #onResumed: (dropped: number) => void
  // Lines that come close together are one write, since the system call costs most.
  #batch = ''
  #lines = 0
  #timer: NodeJS.Timeout | undefined
  #dropped = 0

  /** @param onResumed called with the number of dropped lines, when lines can be written again */
  constructor(output: Writable, onResumed: (dropped: number) => void) {
    this.#output = output
    this.#onResumed = onResumed
    output.on('error', () => {}) // each write reports its own
  }

  /** Writes a line, which ends with a line feed, within some milliseconds. */
  write(line: string): void {
    if (this.#batch.length + line.length + this.#output.writableLength > unwrittenLimit) {
      this.#dropped++
      return
    }
    this.#batch += line
    this.#lines++
    this.#timer ??= setTimeout(() => this.#writeBatch(), batchMs)
    if (this.#batch.length > longestBatch) this.#writeBatch()
  }

  /**
   * Waits until everything is written, for a second at most.
   * @returns false when the reader is too slow: the program must not wait for the stream to close
   */
  async flush(): Promise<boolean> {
    this.#writeBatch()
    const { promise, resolve } = Promise.withResolvers<boolean>()
    const timer = setTimeout(() => resolve(false), flushTimeoutMs)
    this.#output.write('', () => resolve(true))
    const written = await promise
    clearTimeout(timer)
    return written
  }

  #writeBatch(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    const batch = this.#batch
    const lines = this.#lines
    if (lines === 0) return
    this.#batch = ''
    this.#lines = 0
    this.#output.write(Buffer.from(batch), (error) => {
      if (error instanceof Error) this.#dropped += lines
      else if (this.#dropped > 0 && this.#output.writableLength === 0) this.#reportDropped()
    })
  }

  #reportDropped(): void {
    const dropped = this.#dropped
    this.#dropped = 0
    this.#onResumed(dropped)
  }
}

// Characters and bytes that may wait for the reader.
const unwrittenLimit = 16 * 1024 * 1024

const longestBatch = 64 * 1024
const batchMs = 10

// At the end of the program, for a slow reader.
const flushTimeoutMs = 1000
