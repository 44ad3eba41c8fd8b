// Finds and kills what an instance has left behind: processes that have moved out of its process group.

import { setTimeout as pause } from 'node:timers/promises'
import { Census, type Family } from './process/processTree.ts'

/**
 * Kills every process that belongs to the session of the family's leader, or carries its mark in the environment, until
 * none is found. On systems without /proc only the process group is ended, which the caller has done.
 */
export async function sweep(family: Family): Promise<void> {
  for (let round = 0; round < mostRounds; round++) {
    const left = await look(family)
    if (left?.length === 0) return
    if (left === undefined) await pause(shortageMs)
    for (const pid of left ?? []) kill(pid)
  }
}

// Undefined when all our descriptors are taken, by connections say.
async function look(family: Family): Promise<readonly number[] | undefined> {
  try {
    const [left = []] = await new Census().take([family])
    return left
  } catch {
    return undefined
  }
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch {
    // it has ended by itself
  }
}

// A process may start another one while it is looked for; a fork bomb must not hold us for ever.
const mostRounds = 10

// How soon there may be a descriptor again.
const shortageMs = 500
