// What one instance writes, told line by line. Owns its lines that have not ended, and what is left of its allowance.

import type { Events } from '../events.ts'
import { Allowance } from './output/rateLimit.ts'
import { LineReader } from './output/output.ts'

/** Name of an output stream. */
export type OutputName = 'stdout' | 'stderr'

/** The standard output and error of an instance. */
export class Output {
  readonly #allowance: Allowance
  readonly #readers: Readonly<Record<OutputName, LineReader>>

  /**
   * @param speaker gives the id of the request that a line belongs to now
   * @param onError is told each line of the standard error, too
   */
  constructor(
    instance: string,
    speaker: () => string | undefined,
    onError: (text: string) => void,
    events: Events,
  ) {
    const about = (): { instance: string; requestId?: string } => {
      const requestId = speaker()
      return requestId === undefined ? { instance } : { instance, requestId }
    }
    this.#allowance = new Allowance((bytes) => events.emit('output-dropped', { ...about(), bytes }))
    const reader = (stream: OutputName): LineReader =>
      new LineReader(this.#allowance, (text, whole) => {
        if (stream === 'stderr') onError(text)
        events.emit('function-wrote', { ...about(), stream, text, whole })
      })
    this.#readers = { stdout: reader('stdout'), stderr: reader('stderr') }
  }

  /** Takes bytes as they come. */
  read(stream: OutputName, bytes: Buffer): void {
    this.#readers[stream].read(bytes)
  }

  /** Tells all that is known so far: lines that were begun, and how much was dropped. */
  flush(): void {
    this.#readers.stdout.flush()
    this.#readers.stderr.flush()
    this.#allowance.tell()
  }

  /** The last of it; nothing more comes. */
  end(): void {
    this.flush()
    this.#allowance.stop()
  }
}
