// Finds and kills what an instance has left behind: processes that have moved out of its process group.

import { readdir, readFile } from 'node:fs/promises'

/**
 * Kills every process that belongs to the session of `leader`, or carries `mark` in its environment, until none is
 * found. On systems without /proc only the process group is ended, which the caller has done.
 * @param mark an environment entry `NAME=value` that only this instance and its descendants have
 */
export async function sweep(leader: number, mark: string): Promise<void> {
  for (let round = 0; round < mostRounds; round++) {
    const left = await survivors(leader, mark)
    if (left.length === 0) return
    for (const pid of left) kill(pid)
  }
}

async function survivors(leader: number, mark: string): Promise<readonly number[]> {
  const names = await readdir('/proc').catch(() => [])
  const pids = names.filter((name) => /^\d+$/.test(name)).map(Number)
  const ours = await Promise.all(pids.map((pid) => belongs(pid, leader, mark)))
  return pids.filter((_, index) => ours[index])
}

// Processes that end while they are looked at, and those of other users, are none of ours.
async function belongs(pid: number, leader: number, mark: string): Promise<boolean> {
  try {
    const stat = await readFile(`/proc/${pid}/stat`, 'latin1')
    const [state, , , session] = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    if (state === 'Z' || state === 'X') return false
    if (session === String(leader)) return true
    const environment = await readFile(`/proc/${pid}/environ`, 'latin1')
    return `\0${environment}`.includes(`\0${mark}\0`)
  } catch {
    return false
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
