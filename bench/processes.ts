// What the kernel knows about a process and its descendants (/proc, Linux only).

import { readdirSync, readFileSync } from 'node:fs'

/** Child processes that still run. */
export function childrenOf(pid: number): readonly number[] {
  const tasks = readdirSync(`/proc/${pid}/task`)
  const lists = tasks.map((task) => readFileSync(`/proc/${pid}/task/${task}/children`, 'utf8'))
  return lists.flatMap((list) => list.split(' ').filter((each) => each !== '')).map(Number)
}

/** A process and its descendants. */
export function treeOf(pid: number): readonly number[] {
  return [pid, ...childrenOf(pid).flatMap(treeOf)]
}

/** Memory of some processes in megabytes; shared pages count in proportion (PSS). */
export function memoryOf(pids: readonly number[]): number {
  const texts = pids.map((pid) => readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8'))
  return texts.reduce((sum, text) => sum + toPss(text), 0) / 1024
}

/** CPU time, microseconds. */
export interface CpuTime {
  readonly user: number
  readonly system: number
}

/** CPU time of all threads of some processes since they started, in steps of 10 ms. */
export function cpuTimeOf(pids: readonly number[]): CpuTime {
  const times = pids.map((pid) => toCpuTime(readFileSync(`/proc/${pid}/stat`, 'utf8')))
  return {
    user: times.reduce((sum, { user }) => sum + user, 0),
    system: times.reduce((sum, { system }) => sum + system, 0),
  }
}

/** CPU time from the text of a `stat`, whose second field is a program's name: any text in parentheses. */
export function toCpuTime(stat: string): CpuTime {
  const afterName = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  const [user, system] = [Number(afterName[11]), Number(afterName[12])] // utime and stime, the fields 14 and 15
  if (Number.isNaN(user + system)) throw new Error('the kernel does not tell CPU time')
  return { user: user * tickMicroseconds, system: system * tickMicroseconds }
}

/** The first core on which this process may run, from the text of a `status`. */
export function toFirstCore(status: string): number {
  const core = /^Cpus_allowed_list:\s+(\d+)/m.exec(status)?.[1]
  if (core === undefined) throw new Error('the kernel does not tell the allowed cores')
  return Number(core)
}

/** Kilobytes of PSS, from the text of a `smaps_rollup`. */
export function toPss(rollup: string): number {
  const kilobytes = /^Pss:\s+(\d+) kB/m.exec(rollup)?.[1]
  if (kilobytes === undefined) throw new Error('the kernel does not tell PSS')
  return Number(kilobytes)
}

// USER_HZ is 100 on each platform that Node.js supports.
const tickMicroseconds = 10_000
