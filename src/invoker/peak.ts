// The most memory that a process has used (yandex.md G-5). Owns a descriptor of the kernel's account of that process.

import { closeSync, openSync, readSync } from 'node:fs'

/** Peak of the resident memory of one process. */
export class PeakMemory {
  #descriptor: number | undefined
  #bytes: number | undefined

  constructor(pid: number | undefined) {
    this.#descriptor = pid === undefined ? undefined : open(`/proc/${pid}/status`)
  }

  /**
   * The peak so far in bytes, or what was known last of a process that has ended; undefined where there is no /proc.
   * One system call on the descriptor that is open already: less work than to wait for a thread that would do it.
   */
  read(): number | undefined {
    if (this.#descriptor === undefined) return this.#bytes
    try {
      const length = readSync(this.#descriptor, status, 0, status.length, 0)
      const kilobytes = /^VmHWM:\s+(\d+) kB/m.exec(status.toString('latin1', 0, length))?.[1]
      if (kilobytes !== undefined) this.#bytes = Number(kilobytes) * 1024
    } catch {
      this.close() // ESRCH: the process has ended
    }
    return this.#bytes
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

// Shared by all: it is filled and read in one step.
const status = Buffer.alloc(4096)
