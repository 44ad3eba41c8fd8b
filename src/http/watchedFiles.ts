// Files that are read again when they change: keys and certificates. Owns their latest contents. They are polled, since file
// watches do not follow the links by which mounted secrets are replaced.

import { readFileSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import type { Events } from '../events.ts'

export interface WatchedSettings {
  readonly paths: readonly string[]
  /** the options that name them, for the operator */
  readonly options: string
  /**
   * Uses the contents, in the order of `paths`, the first time and after each change.
   * @throws when they are invalid; it decides what then stays in use
   */
  readonly use: (contents: readonly Buffer[]) => void
}

/** Polls files. An unreadable file is announced once; the latest contents stay in use until it is back. */
export class WatchedFiles {
  readonly #settings: WatchedSettings
  readonly #events: Events
  #latest: readonly Buffer[] = []
  #missing = false
  #reading = false
  #timer: NodeJS.Timeout | undefined

  constructor(settings: WatchedSettings, events: Events) {
    this.#settings = settings
    this.#events = events
  }

  /**
   * Reads the files now, and again after each change.
   * @throws an error of reading them, or of `use`
   */
  start(): void {
    this.stop()
    const contents = this.#settings.paths.map((path) => readFileSync(path))
    this.#settings.use(contents)
    this.#latest = contents
    this.#timer = setInterval(() => void this.#poll(), pollMs).unref()
  }

  /** May be called twice, or before `start`. */
  stop(): void {
    clearInterval(this.#timer)
  }

  async #poll(): Promise<void> {
    if (this.#reading) return
    this.#reading = true
    try {
      const contents = await Promise.all(this.#settings.paths.map((path) => readFile(path)))
      this.#missing = false
      this.#useChanged(contents)
    } catch (cause) {
      if (!this.#missing) this.#announce('cannot be read; the contents read before stay in use', cause)
      this.#missing = true
    } finally {
      this.#reading = false
    }
  }

  #useChanged(contents: readonly Buffer[]): void {
    if (contents.every((each, at) => this.#latest[at]?.equals(each))) return
    this.#latest = contents
    try {
      this.#settings.use(contents)
    } catch (cause) {
      this.#announce('changed, and are invalid', cause)
    }
  }

  #announce(what: string, cause: unknown): void {
    this.#events.emit('trouble', { what: `${this.#settings.options}: ${what}`, cause })
  }
}

const pollMs = 500
