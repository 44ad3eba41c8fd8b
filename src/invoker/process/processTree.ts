// The process tree of an instance: finds its processes, measures and kills them. Finds none without /proc (macOS).

import { readdir, readFile } from 'node:fs/promises'
import { setTimeout as pause } from 'node:timers/promises'

/** What the processes of one instance have in common. */
export interface ProcessTree {
  /** the process that was started: leader of a session of its own */
  readonly leader: number
  /** an environment entry `NAME=value` that only this instance and its descendants have */
  readonly mark: string
}

/** Kills every process of the leader's session, and every one with its mark in the environment, until none is found. */
export async function killTree(tree: ProcessTree): Promise<void> {
  for (let round = 0; round < mostRounds; round++) {
    try {
      const [left = []] = await new ProcessScan().find([tree])
      if (left.length === 0) return
      for (const pid of left) kill(pid)
    } catch {
      await pause(shortageMs) // all descriptors are in use, by connections for example
    }
  }
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch {
    // it has ended by itself
  }
}

/** Finds the processes of trees. Owns the marks that it has read: the environment of a process is read once. */
export class ProcessScan {
  #marks = new Map<string, string | undefined>()

  /**
   * Ids of the running processes of each tree, in the order of `trees`. Zombies do not count.
   * @throws the system's error when no descriptor is free
   */
  async find(trees: readonly ProcessTree[]): Promise<readonly (readonly number[])[]> {
    const byLeader = new Map(trees.map((each) => [each.leader, each]))
    const byMark = new Map(trees.map((each) => [each.mark, each]))
    const found = new Map(trees.map((each): [ProcessTree, number[]] => [each, []]))
    const seen = new Map<string, string | undefined>()
    const visit = async (pid: number): Promise<void> => {
      const stat = await readStat(pid)
      if (stat === undefined) return
      const ofSession = byLeader.get(stat.session)
      const tree = ofSession ?? byMark.get((await this.#markOf(pid, stat.started, byMark, seen)) ?? '')
      if (tree !== undefined) found.get(tree)?.push(pid)
    }
    await visitAll(await pids(), visit)
    this.#marks = seen
    return [...found.values()]
  }

  // Only a process that cleans its environment AND leaves the session is not found.
  async #markOf(
    pid: number,
    started: string,
    marks: ReadonlyMap<string, unknown>,
    seen: Map<string, string | undefined>,
  ): Promise<string | undefined> {
    const key = `${pid}:${started}`
    const mark = this.#marks.has(key) ? this.#marks.get(key) : await readMark(pid, marks)
    seen.set(key, mark)
    return mark
  }
}

/** Resident bytes of a process, pages shared with others included; 0 when it has ended. */
export async function residentBytes(pid: number): Promise<number> {
  return kilobytes(await readProc(pid, 'status').catch(() => ''), /^VmRSS:\s+(\d+) kB/m)
}

/**
 * The same with every shared page divided among those who share it; `residentBytes` where the kernel does not say.
 * Costs the kernel a walk through the page tables.
 */
export async function proportionalBytes(pid: number): Promise<number> {
  const own = kilobytes(await readProc(pid, 'smaps_rollup').catch(() => ''), /^Pss:\s+(\d+) kB/m)
  return own > 0 ? own : residentBytes(pid)
}

// Each visit needs a descriptor, and a machine may have more processes than the server may open files.
async function visitAll(pidsFound: readonly number[], visit: (pid: number) => Promise<void>): Promise<void> {
  const next = pidsFound.values()
  const walk = async (): Promise<void> => {
    for (const pid of next) await visit(pid)
  }
  await Promise.all(Array.from({ length: mostAtOnce }, walk))
}

async function pids(): Promise<readonly number[]> {
  const names = await readdir('/proc').catch(asNothing([]))
  return names.filter((name) => /^\d+$/.test(name)).map(Number)
}

// The name of the program, in parentheses, may contain anything.
async function readStat(pid: number): Promise<{ session: number; started: string } | undefined> {
  const stat = await readProc(pid, 'stat')
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  const [state = 'X', , , session] = fields
  if (state === 'Z' || state === 'X' || session === undefined) return undefined
  return { session: Number(session), started: fields[startField] ?? '' }
}

async function readMark(pid: number, marks: ReadonlyMap<string, unknown>): Promise<string | undefined> {
  const environment = await readProc(pid, 'environ')
  return environment.split('\0').find((entry) => marks.has(entry))
}

// Processes that end while they are read, and those of other users, have no text.
async function readProc(pid: number, file: string): Promise<string> {
  return readFile(`/proc/${pid}/${file}`, 'latin1').catch(asNothing(''))
}

// A file that cannot be opened because no descriptor is free may exist.
function asNothing<Value>(nothing: Value): (error: NodeJS.ErrnoException) => Value {
  return (error) => {
    if (error.code === 'EMFILE' || error.code === 'ENFILE') throw error
    return nothing
  }
}

function kilobytes(text: string, pattern: RegExp): number {
  return Number(pattern.exec(text)?.[1] ?? 0) * 1024
}

// proc(5) counts `starttime` as field 22; the state is field 3.
const startField = 22 - 3

// Node.js has four threads for files.
const mostAtOnce = 4

// A process may start another one during a scan; a fork bomb may do so for ever.
const mostRounds = 10

const shortageMs = 500
