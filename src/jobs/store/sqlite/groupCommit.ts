// Group commit: SQLite only writes its log, which is forced to the disk here, beside the work of the thread, once for all that came
// meanwhile. Owns the answers that wait for it (jobs.md DUR-1, DUR-2), and the descriptor of the log.

import { close, fdatasync, open } from 'node:fs'
import type { Change } from '../../model/store.ts'
import type { Urgency } from '../operations.ts'
import type { Answer, Notice } from './messages.ts'
import { inMemory } from './schema.ts'

/** Tells answers when what they rest on is on stable storage. */
export class GroupCommit {
  readonly #log: Pick<WriteAheadLog, 'sync'>
  readonly #post: (notice: Notice) => void
  #answers: Answer[] = []
  #changes: Change[] = []
  #urgency: Urgency = 'none'
  #isBusy = false
  #timer: NodeJS.Timeout | undefined
  #onClosed: (() => void) | undefined

  constructor(log: Pick<WriteAheadLog, 'sync'>, post: (notice: Notice) => void) {
    this.#log = log
    this.#post = post
  }

  /** Takes answers, and changes that are told with them. @param urgency of what was written, also by other processes */
  add(answers: readonly Answer[], changes: readonly Change[], urgency: Urgency): void {
    this.#answers.push(...answers)
    this.#changes.push(...changes)
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
      this.#post(this.#take())
      this.#onClosed?.()
    }
  }

  #secure(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    if (this.#isBusy) return
    this.#isBusy = true
    this.#urgency = 'none'
    const { answers, changes } = this.#take()
    this.#log.sync((error) => {
      this.#isBusy = false
      if (error !== null) this.#urgency = 'now' // the log is forced again before anything else is told
      const told =
        error === null ? answers : answers.map(({ number }) => ({ number, failure: error.message }))
      this.#post({ answers: told, changes })
      this.#flush()
    })
  }

  #take(): Notice {
    const taken = { answers: this.#answers, changes: this.#changes }
    this.#answers = []
    this.#changes = []
    return taken
  }
}

/** The log of a database in WAL mode. */
export class WriteAheadLog {
  readonly #path: string
  #descriptor: number | undefined

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
    open(`${this.#path}-wal`, 'r', (error, descriptor) => {
      if (error !== null) return done(error)
      this.#descriptor = descriptor
      fdatasync(descriptor, done)
    })
  }

  /** Forgets the log, while nothing is being forced to the disk. */
  close(): void {
    if (this.#descriptor !== undefined) close(this.#descriptor)
    this.#descriptor = undefined
  }
}

// Most jobs whose end is waited for end within it; then their submit needs no write of its own.
const laterMs = 3
