// The way to stable storage: SQLite only writes its log, and the log is forced to the disk here, beside the work of the thread, so that
// a slow disk delays what is told and nothing else. Owns the descriptor of the log.

import { close, fdatasync, open } from 'node:fs'
import { inMemory } from './messages.ts'

/** The disk under a database that works in WAL mode. */
export class Disk {
  readonly #path: string
  #descriptor: number | undefined

  /** @param path of the database: a file, or `inMemory` */
  constructor(path: string) {
    this.#path = path
  }

  /**
   * Forces everything that was committed before to the disk, whoever did it: what has left the log is there already (a checkpoint
   * waits for the disk). The database must be open: the log stays the same file until then.
   * @param done called once, later; with an error when it is not known what is on the disk
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

  /** Forgets the log. Nothing is being synchronized. */
  close(): void {
    if (this.#descriptor !== undefined) close(this.#descriptor)
    this.#descriptor = undefined
  }
}
