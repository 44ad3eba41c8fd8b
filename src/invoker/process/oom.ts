// Out of memory without our limit: the memory of the container, the kernel's OOM killer and a full V8 heap.

import { readFileSync, writeFileSync } from 'node:fs'
import { totalmem } from 'node:os'
import type { EndCause, Exit } from '../../exit.ts'

/** Makes the kernel kill a process and its children before the server. Without /proc nothing happens. */
export function offerToKernel(pid: number): void {
  try {
    writeFileSync(`/proc/${pid}/oom_score_adj`, String(mostWilling))
  } catch {
    // not Linux, or the process has ended
  }
}

/**
 * Bytes of memory that the container may use; undefined outside of one, or when it has no limit.
 * @param files of the control group, the first that exists counts
 */
export function containerMemory(files: readonly string[] = limits): number | undefined {
  for (const file of files) {
    try {
      const bytes = Number(readFileSync(file, 'latin1')) // `max` is no number
      return bytes > 0 && bytes < totalmem() ? bytes : undefined // version 1 without a limit has a number beyond all memory
    } catch {
      // the other version of control groups
    }
  }
  return undefined
}

/**
 * How many processes the kernel has killed for memory in this container, since it started.
 * @param files counters of the control group, the first that exists counts
 * @returns 0 where it does not say
 */
export function countKernelKills(files: readonly string[] = counters): number {
  for (const file of files) {
    try {
      return Number(/^oom_kill (\d+)$/m.exec(readFileSync(file, 'latin1'))?.[1] ?? 0)
    } catch {
      // the other version of control groups
    }
  }
  return 0
}

/** What shows that one process has run out of memory. Owns what was seen since its start. */
export class MemorySigns {
  readonly #kernelKills: () => number
  readonly #killsBefore: number
  #heapExhausted = false

  /** @param kernelKills see `countKernelKills` */
  constructor(kernelKills: () => number) {
    this.#kernelKills = kernelKills
    this.#killsBefore = kernelKills()
  }

  /** Takes a line of the process's standard error. */
  hear(text: string): void {
    if (heapExhaustion.test(text)) this.#heapExhausted = true
  }

  /** Whether it ended for want of memory. `cause` is undefined when it ended by itself. */
  explain(cause: EndCause | undefined, exit: Exit): boolean {
    if (this.#heapExhausted) return true
    // The kernel does not say which process it has killed; that it has killed one since the start makes it likely.
    const killed = cause === undefined && exit.type === 'signalled' && exit.signal === 'SIGKILL'
    return killed && this.#kernelKills() > this.#killsBefore
  }
}

const heapExhaustion = /^FATAL ERROR: .*heap out of memory/i

// Of the container's own control group: version 2, then version 1.
const limits = ['/sys/fs/cgroup/memory.max', '/sys/fs/cgroup/memory/memory.limit_in_bytes']
const counters = ['/sys/fs/cgroup/memory.events', '/sys/fs/cgroup/memory/memory.oom_control']

// proc(5): the range is -1000 to 1000.
const mostWilling = 1000
