// Files that are read again when they change: keys and certificates. Owns their latest contents.
// They are polled: mounted secrets are replaced by links, which file watches do not follow.

import { readFileSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import type { Events } from '../events.ts'

/** Which files, and the function that uses their contents. */
export interface WatchedSettings {
  readonly paths: readonly string[]
  /** the options that name them, for the operator */
  readonly options: string
  /**
   * Uses the contents, in the order of `paths`, the first time and after each change.
   * @throws when something is wrong with them; it decides itself what then stays in use
   */
  readonly take: (contents: readonly Buffer[]) => void
}

/** Polls files. A file that cannot be read any more is announced once; the latest contents stay in use until it is back. */
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
   * @throws what reading them or `take` has thrown
   */
  start(): void {
    this.stop()
    const contents = this.#settings.paths.map((path) => readFileSync(path))
    this.#settings.take(contents)
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
      this.#takeChanged(contents)
    } catch (cause) {
      if (!this.#missing) this.#announce('cannot be read; what was read last stays in use', cause)
      this.#missing = true
    } finally {
      this.#reading = false
    }
  }

  #takeChanged(contents: readonly Buffer[]): void {
    if (contents.every((each, at) => this.#latest[at]?.equals(each))) return
    this.#latest = contents
    try {
      this.#settings.take(contents)
    } catch (cause) {
      this.#announce('changed, and something is wrong', cause)
    }
  }

  #announce(what: string, cause: unknown): void {
    this.#events.emit('trouble', { what: `${this.#settings.options}: ${what}`, cause })
  }
}

const pollMs = 500
