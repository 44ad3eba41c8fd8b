// Out of memory without --memory: the limit of the container, the kernel's OOM killer and a full V8 heap.

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
  const bytes = Number(readFirst(files)) // `max`, which is no number, or one beyond all memory: without a limit
  return bytes > 0 && bytes < totalmem() ? bytes : undefined
}

/**
 * How many processes the kernel has killed for memory in this container, since it started.
 * @param files counters of the control group, the first that exists counts
 * @returns 0 where it does not say
 */
export function countKernelKills(files: readonly string[] = counters): number {
  return Number(/^oom_kill (\d+)$/m.exec(readFirst(files))?.[1] ?? 0)
}

function readFirst(files: readonly string[]): string {
  for (const file of files) {
    try {
      return readFileSync(file, 'latin1')
    } catch {
      // the other version of control groups
    }
  }
  return ''
}

/** The signs that one process ran out of memory, since its start. */
export class MemorySigns {
  readonly #kernelKills: () => number
  readonly #killsBefore: number
  #heapExhausted = false

  /** @param kernelKills see `countKernelKills` */
  constructor(kernelKills: () => number) {
    this.#kernelKills = kernelKills
    this.#killsBefore = kernelKills()
  }

  /** Looks at a line of the process's standard error. */
  noteErrorLine(text: string): void {
    if (heapExhaustion.test(text)) this.#heapExhausted = true
  }

  /** Whether the process ended because it ran out of memory. `cause` is undefined when it ended by itself. */
  explain(cause: EndCause | undefined, exit: Exit): boolean {
    if (this.#heapExhausted) return true
    // The kernel does not say which process it killed; that it killed one since the start makes it likely.
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
