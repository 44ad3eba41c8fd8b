// Small calls: how long one takes, and how many a second are answered.

import { hello } from '../calls.ts'
import { contest, underLoad, type Entrant } from '../contest.ts'
import {
  express,
  fnbox,
  fnboxPython,
  functionsFramework,
  gunicorn,
  nodeHttp,
  type Contender,
} from '../contenders.ts'
import type { Figure } from '../figure.ts'

/** Node.js, one client: latency and rate. */
export async function nodeLatency(): Promise<readonly Figure[]> {
  const { p50, p99, rate } = await contest(figures, inNode().map(one), rounds)
  return [
    {
      name: '1 client, p50, ms',
      measured: p50,
      aims: [{ sign: '≤', bound: 1.15, times: 'functions-framework' }],
    },
    { name: '1 client, p99, ms', measured: p99 },
    { name: '1 client, calls/s', measured: rate },
  ]
}

/** Node.js, 32 clients. */
export async function nodeRate(): Promise<readonly Figure[]> {
  const { p99, rate } = await contest(figures, inNode().map(many), rounds)
  return [
    {
      name: '32 clients, calls/s',
      measured: rate,
      aims: [{ sign: '≥', bound: 1.25, times: 'functions-framework' }],
    },
    { name: '32 clients, p99, ms', measured: p99 },
  ]
}

/** Python, one client. */
export async function pythonLatency(): Promise<readonly Figure[]> {
  const { p50, p99, rate } = await contest(figures, inPython().map(one), rounds)
  const aims = gunicorns.map((times) => ({ sign: '≤', bound: 0.75, times }) as const)
  return [
    { name: '1 client, p50, ms', measured: p50, aims },
    { name: '1 client, p99, ms', measured: p99 },
    { name: '1 client, calls/s', measured: rate },
  ]
}

/** Python, 32 clients. */
export async function pythonRate(): Promise<readonly Figure[]> {
  const { p99, rate } = await contest(figures, inPython().map(many), rounds)
  const aims = gunicorns.map((times) => ({ sign: '≥', bound: 3, times }) as const)
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
  const { rate } = await contest(figures, contenders.map(many), rounds)
  const aims = [{ sign: '≥', bound: 1.1, times: 'fnbox, --instances 1' }] as const
  return [{ name: '32 clients, calls/s', measured: rate, aims }]
}

function inNode(): readonly Contender[] {
  return [fnbox('main.hello'), functionsFramework('hello'), express('hello'), nodeHttp('hello')]
}

function inPython(): readonly Contender[] {
  return [fnboxPython('main.hello'), gunicorn('hello', 'gthread'), gunicorn('hello', 'sync')]
}

function one(contender: Contender): Entrant<(typeof figures)[number]> {
  return underLoad(contender, hello, 1)
}

function many(contender: Contender): Entrant<(typeof figures)[number]> {
  return underLoad(contender, hello, 32)
}

const figures = ['rate', 'p50', 'p99'] as const
const gunicorns = ['gunicorn + flask, gthread', 'gunicorn + flask, sync']
const rounds = 6
