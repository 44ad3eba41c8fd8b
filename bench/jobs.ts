// Jobs: from submit to result through the store, against the same handler invoked directly; and how long a chunk takes.

import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { Readable } from 'node:stream'
import { perSecond } from './load.ts'
import { serve } from './server.ts'

/** Jobs per second at 1 and 32 clients, and the delay of chunks. */
export async function* jobs(): AsyncGenerator<string> {
  {
    await using server = await serve('job.handler', ['--data-dir', newFolder(), '--queue', '1000'])
    for (const clients of [1, 32]) {
      const direct = await perSecond(`${server.url}?integration=raw`, '{"n":1}', clients)
      const stored = await perSecond(`${server.url}runsync`, '{"input":{"n":1}}', clients)
      const ratio = (stored / direct).toFixed(2)
      yield `${clients} clients: ${Math.round(stored)} jobs/s, ${Math.round(direct)} direct calls/s, ratio ${ratio}`
    }
  }
  await using server = await serve('ticks.mjs', ['--data-dir', newFolder()])
  const delays = (await chunkDelays(server.url)).toSorted((one, other) => one - other)
  yield `a chunk takes ${at(delays, 0.5)} ms from its yield to the client (median), ${at(delays, 0.99)} ms (p99)`
}

function newFolder(): string {
  return mkdtempSync(join(tmpdir(), 'fnbox-bench-'))
}

async function chunkDelays(url: string): Promise<readonly number[]> {
  const { id } = (await (await fetch(`${url}run`, { method: 'POST', body: '{"input":null}' })).json()) as {
    id: string
  } // our own route
  const { body } = await fetch(`${url}stream/${id}`, { headers: { Accept: 'text/event-stream' } })
  const delays: number[] = []
  if (body === null) return delays
  for await (const line of createInterface({ input: Readable.fromWeb(body) })) {
    const [, yielded] = /^data: \{"output":(\d+(?:\.\d+)?)\}$/.exec(line) ?? []
    if (yielded !== undefined) delays.push(performance.timeOrigin + performance.now() - Number(yielded))
  }
  return delays
}

function at(sorted: readonly number[], share: number): string {
  return (sorted[Math.floor(sorted.length * share)] ?? Number.NaN).toFixed(2)
}
