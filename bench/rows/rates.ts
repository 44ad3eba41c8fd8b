// Small calls: how long one takes, and how many are answered per second.

import { hello } from '../calls.ts'
import { contest, underLoad, type Entrant } from '../contest.ts'
import {
  express,
  fnbox,
  fnboxPython,
  functionsFramework,
  gunicorn,
  nodeHttp,
  relay,
  workerd,
  type Contender,
} from '../contenders.ts'
import type { Aim, Figure } from '../figure.ts'

/** Node.js, one client: latency and rate. */
export async function nodeLatency(): Promise<readonly Figure[]> {
  const { p50, p99, rate } = await contest(figures, inNode(relay(0)).map(one), rounds)
  const aims: readonly Aim[] = [
    { sign: '≤', target: 1, times: 'functions-framework' },
    { sign: '≤', target: 0.8, times: 'workerd' },
  ]
  return [
    { name: '1 client, p50, ms', measured: p50, aims },
    { name: '1 client, p99, ms', measured: p99 },
    { name: '1 client, calls/s', measured: rate },
  ]
}

/** Node.js, 32 clients. */
export async function nodeRate(): Promise<readonly Figure[]> {
  const { p99, rate } = await contest(figures, inNode(relay(3)).map(many), rounds)
  const aims: readonly Aim[] = [
    { sign: '≥', target: 1.25, times: 'functions-framework' },
    { sign: '≥', target: 1, times: 'workerd' },
    { sign: '≥', target: 0.5, times: 'relay, 3 ahead' },
  ]
  return [
    { name: '32 clients, calls/s', measured: rate, aims },
    { name: '32 clients, p99, ms', measured: p99 },
  ]
}

/** Node.js, 32 clients, raw mode: the function gets the body, not an event. */
export async function raw(): Promise<readonly Figure[]> {
  const ours = fnbox('main.rawHello', { name: 'fnbox, raw mode' })
  const entrants = [
    underLoad(ours, { ...hello, path: '?integration=raw' }, 32),
    many(functionsFramework('hello')),
  ]
  return rateOf(entrants)
}

/** Node.js, 32 clients, without the log lines of each call. */
export async function quiet(): Promise<readonly Figure[]> {
  const ours = fnbox('main.hello', { name: 'fnbox, --log-level error', flags: ['--log-level', 'error'] })
  return rateOf([ours, functionsFramework('hello')].map(many))
}

/** Python, one client. */
export async function pythonLatency(): Promise<readonly Figure[]> {
  const { p50, p99, rate } = await contest(figures, inPython().map(one), rounds)
  const aims: readonly Aim[] = [{ sign: '≤', target: 0.6, times: 'gunicorn + flask, sync' }]
  return [
    { name: '1 client, p50, ms', measured: p50, aims },
    { name: '1 client, p99, ms', measured: p99 },
    { name: '1 client, calls/s', measured: rate },
  ]
}

/** Python, 32 clients. */
export async function pythonRate(): Promise<readonly Figure[]> {
  const { p99, rate } = await contest(figures, inPython().map(many), rounds)
  const aims: readonly Aim[] = [{ sign: '≥', target: 3, times: 'gunicorn + flask, sync' }]
  return [
    { name: '32 clients, calls/s', measured: rate, aims },
    { name: '32 clients, p99, ms', measured: p99 },
  ]
}

/** Node.js, 32 clients: two instances against one. */
export async function instances(): Promise<readonly Figure[]> {
  const contenders = [2, 1].map((count) => {
    const flags = ['--instances', String(count), '--min-instances', String(count)]
    return fnbox('main.hello', { name: `fnbox, --instances ${count}`, flags })
  })
  return rateOf(contenders.map(many), [{ sign: '≥', target: 1.1, times: 'fnbox, --instances 1' }])
}

async function rateOf(
  entrants: readonly Entrant<FigureName>[],
  aims: readonly Aim[] = [],
): Promise<readonly Figure[]> {
  const { rate } = await contest(figures, entrants, rounds)
  return [{ name: '32 clients, calls/s', measured: rate, aims }]
}

function inNode(floor: Contender): readonly Contender[] {
  return [
    fnbox('main.hello'),
    functionsFramework('hello'),
    workerd(),
    floor,
    express('hello'),
    nodeHttp('hello'),
  ]
}

function inPython(): readonly Contender[] {
  return [fnboxPython('main.hello'), gunicorn('hello', 'gthread'), gunicorn('hello', 'sync')]
}

function one(contender: Contender): Entrant<FigureName> {
  return underLoad(contender, hello, 1)
}

function many(contender: Contender): Entrant<FigureName> {
  return underLoad(contender, hello, 32)
}

type FigureName = (typeof figures)[number]

const figures = ['rate', 'p50', 'p99'] as const
const rounds = 4
