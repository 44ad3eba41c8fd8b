// Streamed answers: how many chunks a second pass when there is always one, and how long one takes when there is not.

import { request } from 'node:http'
import { ticks } from '../calls.ts'
import { contest, type Entrant } from '../contest.ts'
import { express, fnbox, fnboxPython, functionsFramework, gunicorn, type Contender } from '../contenders.ts'
import type { Figure } from '../figure.ts'
import { sending, type Call } from '../request.ts'
import type { Server } from '../server.ts'
import { quantile } from '../statistics.ts'

/** Node.js and Python. */
export async function stream(): Promise<readonly Figure[]> {
  const node = [fnbox('main.ticks'), functionsFramework('ticks'), express('ticks')]
  const python = [fnboxPython('main.ticks'), gunicorn('ticks', 'gthread')]
  return [...(await of('Node.js', node)), ...(await of('Python', python))]
}

async function of(language: string, contenders: readonly Contender[]): Promise<readonly Figure[]> {
  const { rate, first, each } = await contest(figures, contenders.map(entrant), rounds)
  return [
    { name: `${language}, chunks/s`, measured: rate },
    { name: `${language}, call to first chunk, p50, ms`, measured: first },
    { name: `${language}, yield to client, p50, ms`, measured: each },
  ]
}

function entrant(contender: Contender): Entrant<(typeof figures)[number]> {
  return { contender, call: ticks(1, 0), warmUp: measure, measure }
}

async function measure({ url }: Server): Promise<Record<(typeof figures)[number], number>> {
  const fast = await read(url, ticks(fastChunks, 0))
  const slow = await read(url, ticks(slowChunks, everyMs))
  const firsts: number[] = []
  while (firsts.length < calls) firsts.push((await read(url, ticks(1, 0))).firstMs)
  return {
    rate: fast.made.length / (fast.tookMs / 1000),
    first: quantile(firsts, 0.5),
    each: quantile(
      slow.made.map((made, at) => (slow.came[at] ?? Number.NaN) - made),
      0.5,
    ),
  }
}

interface Reading {
  /** milliseconds from the call to the first bytes of the answer's body */
  readonly firstMs: number
  /** milliseconds from the first bytes to the last */
  readonly tookMs: number
  /** when each chunk was made and when it came, in milliseconds of the same clock */
  readonly made: readonly number[]
  readonly came: readonly number[]
}

async function read(url: string, call: Call): Promise<Reading> {
  const { promise, resolve, reject } = Promise.withResolvers<Reading>()
  const parts: { readonly text: string; readonly at: number }[] = []
  const begun = now()
  const sent = request(url, { ...sending(call), signal: AbortSignal.timeout(longestMs) }, (response) => {
    response.setEncoding('latin1').on('error', reject)
    response.on('data', (text: string) => parts.push({ text, at: now() }))
    response.on('end', () => {
      const [first, last] = [parts[0]?.at ?? Number.NaN, parts.at(-1)?.at ?? Number.NaN]
      const made = parts
        .map(({ text }) => text)
        .join('')
        .trim()
        .split('\n')
        .map((each) => Number(each) / 1e6)
      const came = parts.flatMap(({ text, at }) => Array<number>(text.split('\n').length - 1).fill(at))
      if (response.statusCode !== 200)
        return reject(new Error(`a stream was answered with ${response.statusCode}`))
      if (!call.isAnswer(`${made.join('\n')}\n`)) return reject(new Error(`${made.length} chunks came`))
      resolve({ firstMs: first - begun, tookMs: last - first, made, came })
    })
  })
  sent.on('error', reject).end(call.body)
  return promise
}

// Of the clock that all processes share.
function now(): number {
  return Number(process.hrtime.bigint()) / 1e6
}

const figures = ['rate', 'first', 'each'] as const
const fastChunks = 20_000
const slowChunks = 60
const everyMs = 5
const calls = 20
const rounds = 4
const longestMs = 30_000
