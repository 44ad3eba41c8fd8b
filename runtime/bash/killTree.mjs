// Kills a process tree. Its processes share their group with the instance itself, so the group cannot be killed.

import { readdirSync, readFileSync } from 'node:fs'

/**
 * Kills a process and its descendants; without /proc (macOS) the process alone.
 * @param {number} pid
 */
export function killProcessTree(pid) {
  signal(pid, 'SIGSTOP') // so that it starts no more while its descendants are looked for
  const children = childrenByParent()
  const tree = [pid]
  for (const each of tree) tree.push(...(children.get(each) ?? []))
  for (const each of tree) signal(each, 'SIGKILL')
}

/**
 * @param {number} pid
 * @param {NodeJS.Signals} name
 */
function signal(pid, name) {
  try {
    process.kill(pid, name)
  } catch {
    // it has ended
  }
}

/** @returns {Map<number, number[]>} */
function childrenByParent() {
  const children = new Map()
  for (const pid of processIds()) {
    const parent = parentOf(pid)
    if (parent !== undefined) children.set(parent, [...(children.get(parent) ?? []), pid])
  }
  return children
}

function processIds() {
  try {
    return readdirSync('/proc')
      .filter((name) => /^\d+$/.test(name))
      .map(Number)
  } catch {
    return []
  }
}

// `<pid> (<name>) <state> <parent> …`, and a name may hold anything.
/** @param {number} pid */
function parentOf(pid) {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1')
    return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1])
  } catch {
    return undefined // it has ended meanwhile
  }
}
