// Group commit: SQLite only writes its log, which is forced to the disk here, beside the work of the thread, once for all that came
// meanwhile. Owns the answers that wait for it (jobs.md DUR-1, DUR-2), and the descriptor of the log.

import { close, fdatasync, fstatSync, open, statfsSync, writeSync } from 'node:fs'
import type { Answer } from './messages.ts'
import { inMemory } from './schema.ts'

/** How soon what was written must be on stable storage: `later` waits for a moment, so that more comes along. */
export type Urgency = 'none' | 'later' | 'now'

/** Tells answers when what they rest on is on stable storage. */
export class GroupCommit {
  readonly #log: Pick<Log, 'sync'>
  readonly #tell: (answers: readonly Answer[]) => void
  #answers: Answer[] = []
  #urgency: Urgency = 'none'
  #isBusy = false
  #timer: NodeJS.Timeout | undefined
  #onClosed: (() => void) | undefined

  /** @param tell posts answers */
  constructor(log: Pick<Log, 'sync'>, tell: (answers: readonly Answer[]) => void) {
    this.#log = log
    this.#tell = tell
  }

  /** Takes answers. @param urgency of what was written for them, or of what other processes have written */
  add(answers: readonly Answer[], urgency: Urgency): void {
    this.#answers.push(...answers)
    if (urgency !== 'none') this.#urgency = this.#urgency === 'now' ? 'now' : urgency
    this.#flush()
  }

  /** Calls back when everything has been told. Nothing may be added any more. */
  close(onClosed: () => void): void {
    this.#onClosed = onClosed
    if (this.#urgency === 'later') this.#urgency = 'now'
    this.#flush()
  }

  #flush(): void {
    if (this.#isBusy) return
    if (this.#answers.length === 0) this.#onClosed?.()
    else if (this.#urgency === 'now') this.#secure()
    else if (this.#urgency === 'later') this.#timer ??= setTimeout(() => this.#secure(), laterMs)
    else {
      this.#tell(this.#take())
      this.#onClosed?.()
    }
  }

  #secure(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    if (this.#isBusy) return
    this.#isBusy = true
    this.#urgency = 'none'
    const answers = this.#take()
    this.#log.sync((error) => {
      this.#isBusy = false
      if (error !== null) this.#urgency = 'now' // the log is forced again before anything else is told
      this.#tell(error === null ? answers : answers.map(({ number }) => ({ number, failure: error.message })))
      this.#flush()
    })
  }

  #take(): readonly Answer[] {
    const taken = this.#answers
    this.#answers = []
    return taken
  }
}

/** The log of a database in WAL mode. */
export class Log {
  readonly #path: string
  #descriptor: number | undefined
  #reserved = 0

  /** @param path of the database: a file, or `inMemory` */
  constructor(path: string) {
    this.#path = path
  }

  /**
   * Forces everything that was committed before to the disk, by any process: what has left the log is there already (a checkpoint
   * waits for the disk). The database must be open: the log stays the same file until then.
   * @param done called once, later; with an error when it is unknown what is on the disk
   */
  sync(done: (error: Error | null) => void): void {
    if (this.#path === inMemory) return void setImmediate(done, null)
    if (this.#descriptor !== undefined) return fdatasync(this.#descriptor, done)
    open(`${this.#path}-wal`, 'r+', (error, descriptor) => {
      if (error !== null) return done(error)
      this.#descriptor = descriptor
      fdatasync(descriptor, done)
    })
  }

  /**
   * Makes the log longer than what was written to it, in a transaction that keeps others from writing: to force bytes to the disk that
   * lie within a file is several times faster than those that make it longer. SQLite reads a log up to the first frame that it has
   * not written.
   */
  reserve(): void {
    if (this.#descriptor === undefined) return
    const { size } = fstatSync(this.#descriptor)
    if (size <= this.#reserved || size === 0) return
    this.#reserved = size
    const { bavail, bsize } = statfsSync(this.#path)
    if (bavail * bsize < leastFreeBytes) return
    writeSync(this.#descriptor, Buffer.alloc(reservedBytes), 0, reservedBytes, size)
    this.#reserved = size + reservedBytes
  }

  /** Forgets the log, while nothing is being forced to the disk. */
  close(): void {
    if (this.#descriptor !== undefined) close(this.#descriptor)
    this.#descriptor = undefined
  }
}

// Most jobs whose end is waited for end within it; then their submit needs no write of its own.
const laterMs = 3

const reservedBytes = 4 * 1024 * 1024

// A disk with less is left alone.
const leastFreeBytes = 256 * 1024 * 1024
