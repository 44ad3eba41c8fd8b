// Where log lines go. Owns those that are not written yet, and the count of those that were dropped.

import type { Writable } from 'node:stream'

/**
 * Writes lines to a stream whose reader may be slow, stand still or be gone: the server goes on, its memory stays
 * bounded, and lines beyond are dropped and counted.
 */
export class Sink {
  readonly #output: Writable
  readonly #onResumed: (dropped: number) => void
  // Lines that come close together are one write: the system call costs more than all else.
  #batch: string[] = []
  #batchLength = 0
  #timer: NodeJS.Timeout | undefined
  #dropped = 0

  /** @param onResumed told how many lines were dropped, when lines can be written again */
  constructor(output: Writable, onResumed: (dropped: number) => void) {
    this.#output = output
    this.#onResumed = onResumed
    output.on('error', () => {}) // each write is told its own
  }

  /** Takes a line with its line feed. */
  write(line: string): void {
    if (this.#batchLength + line.length + this.#output.writableLength > unwrittenLimit) {
      this.#dropped++
      return
    }
    this.#batch.push(line)
    this.#batchLength += line.length
    this.#timer ??= setTimeout(() => this.#pass(), batchMs)
    if (this.#batchLength > longestBatch) this.#pass()
  }

  /**
   * Waits until everything is written, but not for long.
   * @returns false when the reader does not take it: the program must not wait for the stream to close
   */
  async flush(): Promise<boolean> {
    this.#pass()
    const { promise, resolve } = Promise.withResolvers<boolean>()
    const timer = setTimeout(() => resolve(false), patienceMs)
    this.#output.write('', () => resolve(true))
    const written = await promise
    clearTimeout(timer)
    return written
  }

  #pass(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    const lines = this.#batch
    if (lines.length === 0) return
    this.#batch = []
    this.#batchLength = 0
    this.#output.write(Buffer.from(lines.join('')), (error) => this.#passed(lines.length, error))
  }

  #passed(lines: number, error: Error | null | undefined): void {
    if (error instanceof Error) this.#dropped += lines
    else if (this.#dropped > 0 && this.#output.writableLength === 0) this.#tell()
  }

  #tell(): void {
    const dropped = this.#dropped
    this.#dropped = 0
    this.#onResumed(dropped)
  }
}

// Characters and bytes that may wait for the reader.
const unwrittenLimit = 16 * 1024 * 1024

const longestBatch = 64 * 1024
const batchMs = 10

// At the end of the program.
const patienceMs = 1000
