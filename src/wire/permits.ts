// The permits of one instance (runtime/PROTOCOL.md, "Calls sent ahead"): a file without a name that the supervisor and the
// instance read from at one common position. The kernel gives each byte to one of the two, so both always agree on which
// calls have begun. Owns its two descriptors.

import { closeSync, constants, ftruncateSync, openSync, readSync, unlinkSync } from 'node:fs'
import { randomUUID } from 'node:crypto'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** The right to begin calls that were sent ahead, one byte each. */
export class Permits {
  /** the descriptor that the instance inherits */
  readonly shared: number
  readonly #own: number
  #size = 0
  #closed = false

  private constructor(shared: number, own: number) {
    this.shared = shared
    this.#own = own
  }

  /** Makes a file without permits; undefined where no file can be made: then nothing is sent ahead. */
  static create(folders: readonly string[] = ['/dev/shm', tmpdir()]): Permits | undefined {
    for (const folder of folders) {
      try {
        return Permits.#createIn(folder)
      } catch {
        // the next folder: this one is missing, read-only or full, or there is no descriptor left
      }
    }
    return undefined
  }

  // Opened twice: the read descriptor shares its position with the child process, the write descriptor is not inherited.
  static #createIn(folder: string): Permits {
    const path = join(folder, `fnbox-permits-${randomUUID()}`)
    const own = openSync(path, constants.O_RDWR | constants.O_CREAT | constants.O_EXCL, 0o600)
    try {
      return new Permits(openSync(path, constants.O_RDONLY), own)
    } catch (error) {
      closeSync(own)
      throw error
    } finally {
      unlinkSync(path)
    }
  }

  /** Adds permits. The file only grows longer: without content it takes no space. @throws the system's error */
  add(count: number): void {
    ftruncateSync(this.#own, this.#size + count)
    this.#size += count
  }

  /** Takes back at most so many permits, and returns how many. Each taken belongs to one of the last calls. */
  takeBack(most: number): number {
    if (most === 0 || this.#closed) return 0
    return readSync(this.shared, taken, 0, Math.min(most, taken.length), null)
  }

  /** Closes both descriptors. May be called twice. */
  close(): void {
    if (this.#closed) return
    this.#closed = true
    closeSync(this.shared)
    closeSync(this.#own)
  }
}

// Shared by all: nothing is read out of it.
const taken = Buffer.alloc(4096)
