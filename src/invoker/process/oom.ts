// Death for want of memory that is not our doing: the kernel's killer, to which instances are offered before the server,
// and a full V8 heap.

import { readFileSync, writeFileSync } from 'node:fs'
import type { EndCause, Exit } from '../../exit.ts'

/** Makes the kernel prefer a process and all that it starts. Where that is not possible nothing happens. */
export function offerToKernel(pid: number): void {
  try {
    writeFileSync(`/proc/${pid}/oom_score_adj`, String(mostWilling))
  } catch {
    // not Linux, or the process has ended
  }
}

/**
 * How many processes the kernel has killed for memory in this container, since it began.
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

/** What points to such a death of one process. Owns what was seen since its start. */
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

  /** Whether the end of the process is explained so. `cause` is undefined when it ended by itself. */
  explain(cause: EndCause | undefined, exit: Exit): boolean {
    if (this.#heapExhausted) return true
    // The kernel does not say whom it has killed; that it has killed somebody since the start makes it likely.
    const killed = cause === undefined && exit.type === 'signalled' && exit.signal === 'SIGKILL'
    return killed && this.#kernelKills() > this.#killsBefore
  }
}

const heapExhaustion = /^FATAL ERROR: .*heap out of memory/i

// As a container sees its own group: version 2, then version 1.
const counters = ['/sys/fs/cgroup/memory.events', '/sys/fs/cgroup/memory/memory.oom_control']

// proc(5): the range is -1000 to 1000.
const mostWilling = 1000
