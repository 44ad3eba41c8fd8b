// Files that stay in use while the server runs, and are re-read when they change. Owns what was last seen of them.
// They are looked at again and again rather than watched: mounted secrets are replaced by links, which watches do not follow.

import { readFileSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import type { Events } from '../events.ts'

/** Which files, and what to do with what is in them. */
export interface FilesInUse {
  readonly paths: readonly string[]
  /** the options that name them, for the operator */
  readonly options: string
  /**
   * Takes the files' contents, in the order of `paths`, the first time and after each change.
   * @throws when something is wrong with them; what then stays in use is the taker's choice
   */
  readonly take: (contents: readonly Buffer[]) => void
}

/** Keeps files in use. A file that cannot be read any more is announced once, and nothing is taken until it is back. */
export class Reread {
  readonly #files: FilesInUse
  readonly #events: Events
  #seen: readonly Buffer[] = []
  #missing = false
  #reading = false
  #timer: NodeJS.Timeout | undefined

  constructor(files: FilesInUse, events: Events) {
    this.#files = files
    this.#events = events
  }

  /**
   * Reads the files now, and looks at them from now on.
   * @throws what reading or taking has thrown
   */
  start(): void {
    this.stop()
    const contents = this.#files.paths.map((path) => readFileSync(path))
    this.#files.take(contents)
    this.#seen = contents
    this.#timer = setInterval(() => void this.#look(), lookMs).unref()
  }

  /** May be called twice, or before `start`. */
  stop(): void {
    clearInterval(this.#timer)
  }

  async #look(): Promise<void> {
    if (this.#reading) return
    this.#reading = true
    try {
      const contents = await Promise.all(this.#files.paths.map((path) => readFile(path)))
      this.#missing = false
      this.#takeChanged(contents)
    } catch (cause) {
      if (!this.#missing) this.#announce('cannot be read; what was read last stays in use', cause)
      this.#missing = true
    } finally {
      this.#reading = false
    }
  }

  #takeChanged(contents: readonly Buffer[]): void {
    if (contents.every((each, at) => this.#seen[at]?.equals(each))) return
    this.#seen = contents
    try {
      this.#files.take(contents)
    } catch (cause) {
      this.#announce('changed, and something is wrong', cause)
    }
  }

  #announce(what: string, cause: unknown): void {
    this.#events.emit('trouble', { what: `${this.#files.options}: ${what}`, cause })
  }
}

const lookMs = 500
