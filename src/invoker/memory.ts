// Enforces the memory limit of one instance: looks at its resident memory at short intervals.

import { readFile } from 'node:fs/promises'

/**
 * Watches a process until `stop` is called.
 * @param limit bytes of resident memory that it may use
 * @param onExceeded called once, when it uses more
 */
export function watchMemory(pid: number, limit: number, onExceeded: () => void): { stop: () => void } {
  let timer: NodeJS.Timeout | undefined
  let stopped = false

  async function look(): Promise<void> {
    const bytes = await residentBytes(pid)
    if (stopped) return
    if (bytes !== undefined && bytes > limit) return onExceeded()
    timer = setTimeout(() => void look(), intervalMs).unref()
  }

  void look()
  return {
    stop: () => {
      stopped = true
      clearTimeout(timer)
    },
  }
}

// Without /proc (macOS) nothing is known and nothing is enforced.
async function residentBytes(pid: number): Promise<number | undefined> {
  try {
    const status = await readFile(`/proc/${pid}/status`, 'latin1')
    const kilobytes = /^VmRSS:\s+(\d+) kB/m.exec(status)?.[1]
    return kilobytes === undefined ? undefined : Number(kilobytes) * 1024
  } catch {
    return undefined
  }
}

// A function that allocates as fast as it can gets some ten MB past its limit in this time.
const intervalMs = 25
