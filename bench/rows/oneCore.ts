// The server, its child processes and the load on one core.

import { readFileSync } from 'node:fs'
import { hello } from '../calls.ts'
import { contest, type Entrant } from '../contest.ts'
import { fnbox, functionsFramework, pinned, type Contender } from '../contenders.ts'
import type { Figure } from '../figure.ts'
import { load, loader } from '../load.ts'
import { toFirstCore } from '../processes.ts'
import type { Server } from '../server.ts'

/** Node.js, 32 clients, against the functions framework. */
export async function oneCore(): Promise<readonly Figure[]> {
  // autocannon would run in this process, on all cores.
  if (loader !== 'wrk') throw new Error('wrk is not there: apt-get install wrk')
  const core = toFirstCore(readFileSync('/proc/self/status', 'utf8'))
  const contenders = [fnbox('main.hello'), functionsFramework('hello')]
  const { rate } = await contest(
    ['rate'],
    contenders.map((each) => entrant(each, core)),
    rounds,
  )
  const aims = [{ sign: '≥', target: 0.8, times: 'functions-framework' }] as const
  return [{ name: '32 clients, calls/s', measured: rate, aims }]
}

function entrant(contender: Contender, core: number): Entrant<'rate'> {
  const measure = async ({ url }: Server): Promise<{ readonly rate: number }> => load(url, hello, 32, 1, core)
  return { contender: pinned(contender, core), call: hello, warmUp: measure, measure }
}

const rounds = 4
