// The time from the kill of an instance to the next 200, for a client that calls until it gets one.

import { setTimeout as sleep } from 'node:timers/promises'
import { hello } from '../calls.ts'
import { contest, type Entrant } from '../contest.ts'
import { fnbox, fnboxPython, gunicorn, type Contender } from '../contenders.ts'
import type { Figure } from '../figure.ts'
import { childrenOf } from '../processes.ts'
import { isAnswered } from '../request.ts'
import type { Server } from '../server.ts'

/** Node.js, and Python against gunicorn, which starts a new worker as well. */
export async function recovery(): Promise<readonly Figure[]> {
  const aims = [{ sign: '≤', target: 150 }] as const
  const node = await contest(['ms'], [entrant(fnbox('main.hello'))], rounds)
  const python = await contest(
    ['ms'],
    [fnboxPython('main.hello'), gunicorn('hello', 'gthread')].map(entrant),
    rounds,
  )
  return [
    { name: 'Node.js, kill -9 to next 200, ms', measured: node.ms, aims },
    { name: 'Python, kill -9 to next 200, ms', measured: python.ms, aims },
  ]
}

function entrant(contender: Contender): Entrant<'ms'> {
  return { contender, call: hello, measure: async (server) => ({ ms: await recover(server) }) }
}

async function recover({ url, pid }: Server): Promise<number> {
  await sleep(calmMs)
  const begun = performance.now()
  for (const child of childrenOf(pid)) process.kill(child, 'SIGKILL')
  while (!(await isAnswered(url, hello))) {
    if (performance.now() > begun + longestMs) throw new Error('no answer after the instance was killed')
    await sleep(askAgainMs)
  }
  return performance.now() - begun
}

const rounds = 9
const calmMs = 200
const askAgainMs = 1
const longestMs = 20_000
