// Five minutes at full load: failed calls, and the growth of memory after the first minute.

import { hello } from '../calls.ts'
import { fnbox, fnboxPython, type Contender } from '../contenders.ts'
import type { Aim, Figure } from '../figure.ts'
import { loadWithFailures, type Load } from '../load.ts'
import { childrenOf, memoryOf } from '../processes.ts'
import { launch, type Server } from '../server.ts'

/** Node.js. */
export async function soak(): Promise<readonly Figure[]> {
  return of(fnbox('main.hello'))
}

/** Python. */
export async function soakPython(): Promise<readonly Figure[]> {
  return of(fnboxPython('main.hello'))
}

async function of({ command }: Contender): Promise<readonly Figure[]> {
  await using server = await launch(command, hello)
  const past: Minute[] = []
  for (let minute = 1; minute <= minutes; minute++) past.push(await observe(server))
  const failed = past.reduce((sum, { load }) => sum + load.failed, 0)
  return [
    { name: 'failed calls', measured: [{ of: 'fnbox', values: [failed] }], aims: [{ sign: '≤', target: 0 }] },
    { name: 'calls/s', measured: overTime(past.map(({ load }) => [load.rate])) },
    { name: 'supervisor, MB', measured: overTime(past.map((each) => each.supervisor)), aims: [flat] },
    { name: 'instance, MB', measured: overTime(past.map((each) => each.instance)), aims: [flat] },
  ]
}

interface Minute {
  readonly load: Load
  /** megabytes, every few seconds */
  readonly supervisor: readonly number[]
  readonly instance: readonly number[]
}

async function observe({ url, pid }: Server): Promise<Minute> {
  const supervisor: number[] = []
  const instance: number[] = []
  const timer = setInterval(() => {
    supervisor.push(memoryOf([pid]))
    instance.push(memoryOf(childrenOf(pid)))
  }, lookEveryMs)
  const load = await loadWithFailures(url, hello, 32, 60)
  clearInterval(timer)
  return { load, supervisor, instance }
}

// The last minute comes first, and is compared with each one before.
function overTime(values: readonly (readonly number[])[]): Figure['measured'] {
  return values.map((each, at) => ({ of: `minute ${at + 1}`, values: each })).toReversed()
}

const flat: Aim = { sign: '≤', target: 1.05, times: 'minute 2' }
const minutes = 5
const lookEveryMs = 5000
