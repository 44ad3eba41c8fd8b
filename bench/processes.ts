// What the kernel tells of a process and of all that it has started (/proc, Linux only).

import { readdirSync, readFileSync } from 'node:fs'

/** Processes that a process has started and that are still there. */
export function childrenOf(pid: number): readonly number[] {
  const tasks = readdirSync(`/proc/${pid}/task`)
  const lists = tasks.map((task) => readFileSync(`/proc/${pid}/task/${task}/children`, 'utf8'))
  return lists.flatMap((list) => list.split(' ').filter((each) => each !== '')).map(Number)
}

/** A process and all below it. */
export function treeOf(pid: number): readonly number[] {
  return [pid, ...childrenOf(pid).flatMap(treeOf)]
}

/** Megabytes that processes hold together: pages that several share count in proportion (PSS). */
export function heldBy(pids: readonly number[]): number {
  const texts = pids.map((pid) => readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8'))
  return texts.reduce((sum, text) => sum + toPss(text), 0) / 1024
}

/** Kilobytes of PSS, from the text of a `smaps_rollup`. */
export function toPss(rollup: string): number {
  const kilobytes = /^Pss:\s+(\d+) kB/m.exec(rollup)?.[1]
  if (kilobytes === undefined) throw new Error('the kernel does not tell PSS')
  return Number(kilobytes)
}
