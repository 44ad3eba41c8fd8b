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
   * The peak so far in bytes, after the end of the process the last one that was read; undefined without /proc.
   * One synchronous system call on an open descriptor costs less than waiting for a thread.
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

  /** The same, at most some milliseconds old: a new one for every call would cost as much as the call. */
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

function toKilobytes(at: number): number {
  return Number.parseInt(status.toString('latin1', at, at + longestNumber), 10)
}

// Shared by all instances: it is filled and read in one step.
const status = Buffer.alloc(4096)

// The name of a process, in the same file, may be any text without line breaks.
const peakLabel = Buffer.from('\nVmHWM:')

const longestNumber = 24
const recentMs = 5 // no process touches more than some megabytes in this time
