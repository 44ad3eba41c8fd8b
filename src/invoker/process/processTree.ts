// The processes of this machine, and which instance each of them belongs to. Without /proc (macOS) there are none.

import { readdir, readFile } from 'node:fs/promises'

/** What the processes of one instance have in common. */
export interface Family {
  /** the process that was started: leader of a session of its own */
  readonly leader: number
  /** an environment entry `NAME=value` that only this instance and its descendants have */
  readonly mark: string
}

/** Finds the processes of families. Owns what it has seen, so that an environment is read once for each process. */
export class Census {
  #marks = new Map<string, string | undefined>()

  /**
   * Ids of the running processes of each family, in the order of `families`. Zombies do not count.
   * @throws the system's error when it has no descriptor to spare: then nothing is known
   */
  async take(families: readonly Family[]): Promise<readonly (readonly number[])[]> {
    const byLeader = new Map(families.map((each) => [each.leader, each]))
    const byMark = new Map(families.map((each) => [each.mark, each]))
    const found = new Map(families.map((each): [Family, number[]] => [each, []]))
    const seen = new Map<string, string | undefined>()
    const visit = async (pid: number): Promise<void> => {
      const stat = await readStat(pid)
      if (stat === undefined) return
      const ofSession = byLeader.get(stat.session)
      const family = ofSession ?? byMark.get((await this.#markOf(pid, stat.started, byMark, seen)) ?? '')
      if (family !== undefined) found.get(family)?.push(pid)
    }
    await visitAll(await pids(), visit)
    this.#marks = seen
    return [...found.values()]
  }

  // A process keeps the environment of its parent until it starts another program: only one that cleans its
  // environment AND leaves the session is nobody's.
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

/** Bytes of memory that a process holds: resident, pages shared with others included; 0 when it has ended. */
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

// Each needs a descriptor, and a machine may well have more processes than we may open files.
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

// Processes that end while they are looked at, and those of other users, are none of ours.
async function readProc(pid: number, file: string): Promise<string> {
  return readFile(`/proc/${pid}/${file}`, 'latin1').catch(asNothing(''))
}

// What cannot be opened for want of descriptors may be there all the same.
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

// As many as are read at the same time anyway: Node.js has four threads for files.
const mostAtOnce = 4
