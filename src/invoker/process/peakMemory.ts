// The most memory that a process has used (yandex.md G-5). Owns a descriptor of the kernel's account of that process.

import { closeSync, openSync, readSync } from 'node:fs'

/** Peak of the resident memory of one process. */
export class PeakMemory {
  #descriptor: number | undefined
  #bytes: number | undefined
  #readAt = -Infinity

  constructor(pid: number | undefined) {
    this.#descriptor = pid === undefined ? undefined : open(`/proc/${pid}/status`)
  }

  /**
   * The peak so far in bytes, or what was known last of a process that has ended; undefined where there is no /proc.
   * One system call on the descriptor that is open already: less work than to wait for a thread that would do it.
   */
  read(): number | undefined {
    if (this.#descriptor === undefined) return this.#bytes
    this.#readAt = performance.now()
    try {
      const length = readSync(this.#descriptor, status, 0, status.length, 0)
      const at = status.indexOf(peakLabel)
      if (at !== -1 && at < length) this.#bytes = toKilobytes(at + peakLabel.length) * 1024
    } catch {
      this.close() // ESRCH: the process has ended
    }
    return this.#bytes
  }

  /** The same, as it was a few milliseconds ago at most: where calls follow each other at once, looking costs as much as a call. */
  readRecent(): number | undefined {
    return performance.now() - this.#readAt < recentMs ? this.#bytes : this.read()
  }

  /** Gives the descriptor back. May be called twice. */
  close(): void {
    if (this.#descriptor !== undefined) closeSync(this.#descriptor)
    this.#descriptor = undefined
  }
}

function open(path: string): number | undefined {
  try {
    return openSync(path, 'r')
  } catch {
    return undefined
  }
}

// Blanks, and a number that ends with its unit.
function toKilobytes(at: number): number {
  return Number.parseInt(status.toString('latin1', at, at + longestNumber), 10)
}

// Shared by all: it is filled and read in one step.
const status = Buffer.alloc(4096)

// At the beginning of a line: a process may call itself anything, but not across lines.
const peakLabel = Buffer.from('\nVmHWM:')

const longestNumber = 24

// No process touches more than some megabytes in so short a time.
const recentMs = 5
