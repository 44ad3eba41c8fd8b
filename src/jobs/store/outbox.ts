// What is to be told of a database: answers and changes. Owns those that wait until what they rest on is on stable storage
// (jobs.md DUR-1, DUR-2).

import { refuse } from './batch.ts'
import type { Database } from './database.ts'
import type { Disk } from './disk.ts'
import type { Feed } from './feed.ts'
import type { Answer, Change, Notice } from './messages.ts'

/** Tells as soon as it may. While the disk is busy, everything that comes is collected: it waits for the disk once. */
export class Outbox {
  readonly #database: Database
  readonly #disk: Disk
  readonly #post: (notice: Notice) => void
  #feed: Feed | undefined
  readonly #answers: Answer[] = []
  readonly #changes: Change[] = []
  #isUnsafe = false
  #isBusy = false
  #foreign: number | undefined
  #onClosed: (() => void) | undefined
  #isClosed = false

  constructor(database: Database, disk: Disk, post: (notice: Notice) => void) {
    this.#database = database
    this.#disk = disk
    this.#post = post
  }

  /** From now on changes are told as well. */
  announce(feed: Feed): void {
    this.#feed = feed
  }

  /** Takes answers. @param isNews whether something was committed that nobody may hear of before it is safe */
  add(answers: readonly Answer[], isNews: boolean): void {
    this.#answers.push(...answers)
    this.#isUnsafe ||= isNews
    this.#send()
  }

  /** Looks for what other processes have changed. */
  look(): void {
    if (this.#noteForeign()) this.#send()
  }

  /** Calls back when everything has been told. Nothing may be added any more. */
  close(onClosed: () => void): void {
    this.#onClosed = onClosed
    this.#send()
  }

  // What is told is found before the disk begins to work.
  #send(): void {
    if (this.#isBusy || this.#isClosed) return
    const answers = this.#answers.splice(0)
    this.#changes.push(...this.#readChanges())
    this.#noteForeign()
    if (this.#isUnsafe) this.#secure(answers)
    else if (answers.length + this.#changes.length > 0) this.#tell(answers)
    else this.#close()
  }

  #secure(answers: readonly Answer[]): void {
    this.#isUnsafe = false
    this.#isBusy = true
    this.#disk.sync((error) => {
      this.#isBusy = false
      if (error === null) this.#tell(answers)
      else this.#refuse(answers, error)
    })
  }

  #tell(answers: readonly Answer[]): void {
    const seen = this.#feed === undefined ? {} : { seen: this.#feed.seen }
    this.#post({ answers, changes: this.#changes.splice(0), ...seen })
    setImmediate(() => this.#send()) // there may be more
  }

  // The changes wait until the disk works again.
  #refuse(answers: readonly Answer[], error: Error): void {
    this.#isUnsafe = true
    this.#post({ answers: refuse(answers, error), changes: [] })
    if (this.#answers.length > 0) this.#send()
    else this.#close()
  }

  #readChanges(): readonly Change[] {
    try {
      return this.#feed?.read() ?? []
    } catch {
      return [] // what could not be read is told with the next change
    }
  }

  #close(): void {
    if (this.#onClosed === undefined) return
    this.#isClosed = true
    this.#onClosed()
  }

  // What another process has committed may not have reached the disk.
  #noteForeign(): boolean {
    const version = this.#database.foreignVersion
    const isForeign = version !== this.#foreign
    this.#foreign = version
    this.#isUnsafe ||= isForeign
    return isForeign
  }
}
