// The peak memory of a process (yandex.md G-5). Owns a descriptor of its status file in /proc.

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
   * The peak so far in bytes, the last known one after the end of the process; undefined where there is no /proc.
   * One synchronous system call on an open descriptor costs less than to wait for a thread.
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

  /** The same, at most some milliseconds old: reading it for every call would cost as much as the call. */
  readRecent(): number | undefined {
    return performance.now() - this.#readAt < recentMs ? this.#bytes : this.read()
  }

  /** Closes the descriptor. May be called twice. */
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

// Blanks, a number, and its unit.
function toKilobytes(at: number): number {
  return Number.parseInt(status.toString('latin1', at, at + longestNumber), 10)
}

// Shared by all instances: it is filled and read in one step.
const status = Buffer.alloc(4096)

// At the start of a line: the name of a process may be any text, but has no line breaks.
const peakLabel = Buffer.from('\nVmHWM:')

const longestNumber = 24

// No process touches more than some megabytes in so short a time.
const recentMs = 5
