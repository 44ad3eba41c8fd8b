// The memory limit of instances: measures their processes at short intervals. Owns the list of watched instances.

import { ProcessScan, proportionalBytes, residentBytes, type ProcessTree } from './processTree.ts'

/** An instance that is watched. */
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

  /** Watches until `stop` is called; `onExceeded` comes once. Without /proc nothing is known and nothing is enforced. */
  watch(tree: ProcessTree, limit: number, onExceeded: () => void): { stop: () => void } {
    const watched = { ...tree, limit, onExceeded: once(onExceeded) }
    let timer: NodeJS.Timeout | undefined
    const measure = async (): Promise<void> => {
      const bytes = await residentBytes(tree.leader)
      if (!this.#watched.has(watched)) return
      if (bytes > limit) return watched.onExceeded()
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
    const members = await this.#scan.find(watched).catch(() => []) // the next time there may be descriptors to spare
    for (const [index, each] of watched.entries()) {
      const exceeded = await exceeds(members[index] ?? [], each.limit)
      if (exceeded && this.#watched.has(each)) each.onExceeded()
    }
    if (this.#watched.size === 0) this.#running = false
    else this.#measureAgain(Math.max(treeIntervalMs, (performance.now() - startedAt) * restFactor))
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

/**
 * Whether processes have more than `limit` bytes together. Forked processes share pages with their parent, which count
 * only once; that is measured only in doubt.
 */
export async function exceeds(pids: readonly number[], limit: number): Promise<boolean> {
  if ((await sum(pids, residentBytes)) <= limit) return false
  return pids.length === 1 || (await sum(pids, proportionalBytes)) > limit
}

async function sum(pids: readonly number[], measure: (pid: number) => Promise<number>): Promise<number> {
  const sizes = await Promise.all(pids.map(measure))
  return sizes.reduce((total, each) => total + each, 0)
}

function once(act: () => void): () => void {
  let done = false
  return () => {
    if (!done) act()
    done = true
  }
}

// A function that allocates as fast as it can gets some ten MB past its limit in this time.
const leaderIntervalMs = 25

const treeIntervalMs = 250

// Pauses are so many times as long as measuring takes.
const restFactor = 20
