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
  /** permits in the file that no call has been sent for */
  #spare = 0
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

  // Two descriptors of two openings: a position that is shared, and a right to write that is not.
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

  /** Gives permits to so many calls. The file only grows longer: without content it takes no space. @throws the system's error */
  add(count: number): void {
    if (count > this.#spare) {
      ftruncateSync(this.#own, this.#size + count + stock)
      this.#size += count + stock
      this.#spare += count + stock
    }
    this.#spare -= count
  }

  /** Takes back all permits that are left. @returns how many of them belong to calls: those will not begin */
  takeBack(): number {
    if (this.#closed) return 0
    let count = 0
    for (let read = taken.length; read === taken.length; count += read)
      read = readSync(this.shared, taken, 0, taken.length, null)
    const ofCalls = Math.max(0, count - this.#spare) // the function may have read some
    this.#spare = 0
    return ofCalls
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

// So many are put there at once: the instance takes one for each call that it has, and no other.
const stock = 64
