// Bytes that V8 allocates per call in a server's first process.

import { readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { hello } from '../calls.ts'
import { contest, type Entrant } from '../contest.ts'
import { fnbox, functionsFramework, type Contender, type NodeTerms } from '../contenders.ts'
import type { Figure } from '../figure.ts'
import { newFolder } from '../folders.ts'
import { load } from '../load.ts'
import type { Server } from '../server.ts'

/** Node.js, 32 clients: the supervisor against the functions framework. */
export async function garbage(): Promise<readonly Figure[]> {
  const entrants = [
    entrant((terms) => fnbox('main.hello', { ...terms, name: 'fnbox, supervisor' })),
    entrant((terms) => functionsFramework('hello', terms)),
  ]
  const { kilobytes } = await contest(['kilobytes'], entrants, rounds)
  return [{ name: '32 clients, KB/call', measured: kilobytes, aims: [{ sign: '≤', target: 12 }] }]
}

function entrant(contenderWith: (terms: NodeTerms) => Contender): Entrant<'kilobytes'> {
  const file = join(newFolder(), 'allocated')
  const contender = contenderWith({ preload: probe, env: { BENCH_ALLOCATIONS: file } })
  const measure = async ({ url, pid }: Server): Promise<{ readonly kilobytes: number }> => {
    await askProbe(pid, file)
    const { answers } = await load(url, hello, 32, 1)
    return { kilobytes: (await askProbe(pid, file)) / 1024 / answers }
  }
  return { contender, call: hello, warmUp: measure, measure }
}

/** Bytes since the probe was asked last. */
async function askProbe(pid: number, file: string): Promise<number> {
  rmSync(file, { force: true })
  process.kill(pid, 'SIGUSR2')
  const latest = performance.now() + longestMs
  while (performance.now() < latest) {
    await sleep(lookEveryMs)
    const text = readIfThere(file)
    if (text !== undefined) return Number(text)
  }
  throw new Error('the probe does not answer')
}

function readIfThere(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return undefined
  }
}

const probe = join(import.meta.dirname, '..', 'allocations.cjs')
const rounds = 4
const longestMs = 5000
const lookEveryMs = 5
