// Memory of the whole process tree, before and after load.

import { copyFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { hello } from '../calls.ts'
import { contestOfStarts, type Entrant } from '../contest.ts'
import { fnbox, functionsFramework, type Contender } from '../contenders.ts'
import type { Figure } from '../figure.ts'
import { newFolder } from '../folders.ts'
import { load } from '../load.ts'
import { memoryOf, treeOf } from '../processes.ts'

/** Node.js against the functions framework, each alone. */
export async function memory(): Promise<readonly Figure[]> {
  // Of its own: the pages of the program would be shared with every other process that runs it, the benchmark first.
  const node = join(newFolder(), 'node')
  copyFileSync(process.execPath, node)
  const entrants = [fnbox('main.hello', { node }), functionsFramework('hello', { node })].map(entrant)
  const { idle, loaded } = await contestOfStarts(['idle', 'loaded'], entrants, rounds)
  const aims = [{ sign: '≤', target: 1.25, times: 'functions-framework' }] as const
  return [
    { name: 'idle, MB', measured: idle, aims },
    { name: 'after load, MB', measured: loaded, aims },
  ]
}

function entrant(contender: Contender): Entrant<'idle' | 'loaded'> {
  return {
    contender,
    call: hello,
    measure: async ({ url, pid }) => {
      await sleep(settleMs)
      const idle = memoryOf(treeOf(pid))
      for (let at = 0; at < loads; at++) await load(url, hello, 32, 3)
      return { idle, loaded: memoryOf(treeOf(pid)) }
    },
  }
}

const rounds = 2
const loads = 3
const settleMs = 1000
