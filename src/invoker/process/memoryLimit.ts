// Enforces the memory limit of instances: looks at what their processes hold, at short intervals. Owns the watch list.

import { Census, proportionalBytes, residentBytes, type Family } from './processTree.ts'

/** An instance that is watched. */
interface Watched extends Family {
  /** bytes that all its processes together may hold */
  readonly limit: number
  readonly onExceeded: () => void
}

/**
 * Watches the memory of instances. The process that was started is looked at often, since it can allocate fast; its
 * whole family, which a function makes larger by starting programs, less often: that takes a walk through /proc.
 */
export class MemoryWatch {
  readonly #watched = new Set<Watched>()
  readonly #census = new Census()
  #going = false

  /** Watches until `stop` is called; `onExceeded` comes once. Without /proc nothing is known and nothing is enforced. */
  watch(family: Family, limit: number, onExceeded: () => void): { stop: () => void } {
    const watched = { ...family, limit, onExceeded: once(onExceeded) }
    let timer: NodeJS.Timeout | undefined
    const look = async (): Promise<void> => {
      const bytes = await residentBytes(family.leader)
      if (!this.#watched.has(watched)) return
      if (bytes > limit) return watched.onExceeded()
      timer = setTimeout(() => void look(), leaderIntervalMs).unref()
    }
    this.#watched.add(watched)
    void look()
    if (!this.#going) this.#lookAgain(familyIntervalMs)
    return {
      stop: () => {
        this.#watched.delete(watched)
        clearTimeout(timer)
      },
    }
  }

  // However many processes the machine has, looking at them takes a small share of the time.
  async #lookAtFamilies(): Promise<void> {
    const began = performance.now()
    const watched = [...this.#watched]
    const members = await this.#census.take(watched).catch(() => []) // the next look may find descriptors to spare
    for (const [index, each] of watched.entries()) {
      const exceeded = await exceeds(members[index] ?? [], each.limit)
      if (exceeded && this.#watched.has(each)) each.onExceeded()
    }
    if (this.#watched.size === 0) this.#going = false
    else this.#lookAgain(Math.max(familyIntervalMs, (performance.now() - began) * shareOfTime))
  }

  #lookAgain(pauseMs: number): void {
    this.#going = true
    setTimeout(() => void this.#lookAtFamilies(), pauseMs).unref()
  }
}

/** Bytes that each family's processes hold together now; shared pages count once for each process. */
export async function measureFamilies(families: readonly Family[]): Promise<readonly number[]> {
  const members = await new Census().take(families).catch(() => [])
  return Promise.all(members.map((pids) => sum(pids, residentBytes)))
}

/**
 * Whether processes hold more than `limit` bytes together. Forked processes share pages with their parent, which count
 * only once; that is looked up only in doubt.
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

const familyIntervalMs = 250

// One part of looking, so many parts of rest.
const shareOfTime = 20
