// Jobs: from submit to result through the store, against the same function invoked directly; and how long a chunk takes.

import { createInterface } from 'node:readline'
import { Readable } from 'node:stream'
import { contest, underLoad, type Entrant } from '../contest.ts'
import { fnbox } from '../contenders.ts'
import type { Figure } from '../figure.ts'
import { newFolder } from '../folders.ts'
import type { Call } from '../request.ts'
import { launch } from '../server.ts'
import { quantile } from '../statistics.ts'

/** Jobs per second at 1 and 32 clients, and the delay of chunks. */
export async function jobs(): Promise<readonly Figure[]> {
  return [await rates(1), await rates(32), ...(await chunkDelays())]
}

async function rates(clients: number): Promise<Figure> {
  const entrants = [entrant('/runsync', stored, clients), entrant('invoked directly', direct, clients)]
  const { rate } = await contest(['rate'], entrants, rounds)
  return { name: `${clients} client${clients === 1 ? '' : 's'}, calls/s`, measured: rate }
}

function entrant(name: string, call: Call, clients: number): Entrant<'rate'> {
  return underLoad(fnbox('main.raw', { name, flags: inNewFolder() }), call, clients)
}

async function chunkDelays(): Promise<readonly Figure[]> {
  const { command } = fnbox('ticks.mjs', { flags: inNewFolder() })
  await using server = await launch(command, { ...stored, body: toBody({ count: 1, everyMs: 0 }) })
  const delays = await delaysOf(server.url)
  const figure = (name: string, share: number): Figure => {
    return { name, measured: [{ of: `${delays.length} chunks`, values: [quantile(delays, share)] }] }
  }
  return [figure('yield to client, p50, ms', 0.5), figure('yield to client, p99, ms', 0.99)]
}

async function delaysOf(url: string): Promise<readonly number[]> {
  const job = await fetch(`${url}run`, { method: 'POST', body: toBody({ count: 300, everyMs: 10 }) })
  const { id } = (await job.json()) as { id: string } // our own route
  const { body } = await fetch(`${url}stream/${id}`, { headers: { Accept: 'text/event-stream' } })
  const delays: number[] = []
  if (body === null) return delays
  for await (const line of createInterface({ input: Readable.fromWeb(body) })) {
    const [, made] = /^data: \{"output":"(\d+)\\n"\}$/.exec(line) ?? []
    if (made !== undefined) delays.push(Number(process.hrtime.bigint() - BigInt(made)) / 1e6)
  }
  return delays
}

function inNewFolder(): readonly string[] {
  return ['--data-dir', newFolder()]
}

function toBody(input: unknown): string {
  return JSON.stringify({ input })
}

const direct: Call = {
  path: '?integration=raw',
  body: '{"n":1}',
  isAnswer: (text) => JSON.stringify(JSON.parse(text)) === '{"n":1}',
}

const stored: Call = {
  path: 'runsync',
  body: toBody({ n: 1 }),
  isAnswer: (text) => text.includes('"COMPLETED"'),
}

const rounds = 3
