// The first calls after a cold start, when the server's code is not compiled yet.

import { burst, type Burst } from '../burst.ts'
import { hello } from '../calls.ts'
import { contestOfStarts, type Entrant } from '../contest.ts'
import { fnbox, functionsFramework, workerd, type Contender } from '../contenders.ts'
import type { Figure } from '../figure.ts'

/** Node.js, 32 clients, a new server for each round. */
export async function afterStart(): Promise<readonly Figure[]> {
  const entrants = [fnbox('main.hello'), functionsFramework('hello'), workerd()].map(entrant)
  const { tookMs, p99 } = await contestOfStarts(['tookMs', 'p99'], entrants, rounds)
  return [
    { name: `first ${count} calls, ${clients} clients, ms`, measured: tookMs },
    { name: 'p99 of them, ms', measured: p99 },
  ]
}

function entrant(contender: Contender): Entrant<keyof Burst> {
  return { contender, call: hello, measure: ({ url }) => burst(url, hello, clients, count) }
}

const clients = 32
const count = 2000
const rounds = 5
