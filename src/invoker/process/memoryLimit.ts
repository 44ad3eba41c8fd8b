// The memory limit of instances, whose processes are measured at short intervals. Owns the set of watched instances.

import { ProcessScan, proportionalBytes, residentBytes, type ProcessTree } from './processTree.ts'

interface Watched extends ProcessTree {
  /** bytes that all its processes together may have */
  readonly limit: number
  readonly onExceeded: () => void
}

/**
 * Watches the memory of instances. The process that was started is measured often, since it can allocate fast; its whole
 * process tree, which a function enlarges by starting programs, less often: that takes a walk through /proc.
 */
export class MemoryLimit {
  readonly #watched = new Set<Watched>()
  readonly #scan = new ProcessScan()
  #running = false

  /** Watches until `stop` is called or the limit is exceeded. Enforces nothing without /proc. */
  watch(tree: ProcessTree, limit: number, onExceeded: () => void): { stop: () => void } {
    const watched = { ...tree, limit, onExceeded }
    let timer: NodeJS.Timeout | undefined
    const measure = async (): Promise<void> => {
      const bytes = await residentBytes(tree.leader)
      if (!this.#watched.has(watched)) return
      if (bytes > limit) return this.#exceeded(watched)
      timer = setTimeout(() => void measure(), leaderIntervalMs).unref()
    }
    this.#watched.add(watched)
    void measure()
    if (!this.#running) this.#measureAgain(treeIntervalMs)
    return {
      stop: () => {
        this.#watched.delete(watched)
        clearTimeout(timer)
      },
    }
  }

  // Measuring takes a small share of the time, however many processes the machine has.
  async #measureAll(): Promise<void> {
    const startedAt = performance.now()
    const watched = [...this.#watched]
    const members = await this.#scan.find(watched).catch(() => []) // next time a descriptor may be free
    for (const [index, each] of watched.entries()) {
      if (await exceeds(members[index] ?? [], each.limit)) this.#exceeded(each)
    }
    if (this.#watched.size === 0) this.#running = false
    else this.#measureAgain(Math.max(treeIntervalMs, (performance.now() - startedAt) * restFactor))
  }

  #exceeded(watched: Watched): void {
    if (this.#watched.delete(watched)) watched.onExceeded()
  }

  #measureAgain(pauseMs: number): void {
    this.#running = true
    setTimeout(() => void this.#measureAll(), pauseMs).unref()
  }
}

/** Bytes of all processes of each tree now; shared pages count once for each process. */
export async function measureTrees(trees: readonly ProcessTree[]): Promise<readonly number[]> {
  const members = await new ProcessScan().find(trees).catch(() => [])
  return Promise.all(members.map((pids) => sum(pids, residentBytes)))
}

/** Whether processes have more than `limit` bytes together. Pages that they share count once, but are measured only in doubt. */
export async function exceeds(pids: readonly number[], limit: number): Promise<boolean> {
  if ((await sum(pids, residentBytes)) <= limit) return false
  return pids.length === 1 || (await sum(pids, proportionalBytes)) > limit
}

async function sum(pids: readonly number[], measure: (pid: number) => Promise<number>): Promise<number> {
  const sizes = await Promise.all(pids.map(measure))
  return sizes.reduce((total, each) => total + each, 0)
}

const leaderIntervalMs = 25 // a function can allocate some ten MB in this time
const treeIntervalMs = 250

// Pauses are so many times as long as measuring takes.
const restFactor = 20
