// What the container allows, as the kernel tells whoever runs in it.

import { readFileSync } from 'node:fs'
import { totalmem } from 'node:os'

/**
 * Bytes of memory that the container may use; undefined outside of one, or when it has no limit.
 * @param files of the control group, the first that exists counts
 */
export function containerMemory(files: readonly string[] = limits): number | undefined {
  for (const file of files) {
    try {
      const bytes = Number(readFileSync(file, 'latin1')) // `max` is no number
      return bytes > 0 && bytes < totalmem() ? bytes : undefined // without a limit version 1 names a number beyond all memory
    } catch {
      // the other version of control groups
    }
  }
  return undefined
}

// As a container sees its own group: version 2, then version 1.
const limits = ['/sys/fs/cgroup/memory.max', '/sys/fs/cgroup/memory/memory.limit_in_bytes']
