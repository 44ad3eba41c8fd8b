// The invoker, its admission and its instances on plain values: without a server, and with scripted children in the place of
// processes (scriptedChild.ts). Time stands still until a test moves it.

import { onTestFinished, vi } from 'vitest'
import { Events } from '../../src/events.ts'
import { Call, type Caller, type CallTerms, type JobTerms, type Outcome } from '../../src/invocation.ts'
import { Instance } from '../../src/invoker/instance.ts'
import type { Launch } from '../../src/invoker/launch.ts'
import { Invoker, type InvokerLimits } from '../../src/invoker/invoker.ts'
import { Pool, type PoolLimits } from '../../src/invoker/pool.ts'
import { Permits } from '../../src/wire/permits.ts'
import type { ChunkKind } from '../../src/wire/frames.ts'
import { started, turns, type ScriptedChild } from './scriptedChild.ts'

vi.mock(import('../../src/invoker/process/childProcess.ts'), async (original) => ({
  ...(await original()),
  ChildProcess: (await import('./scriptedChild.ts')).ScriptedChild as never, // has all that an instance uses
}))

/** A call, and what its caller was told. */
export interface Asked extends Caller {
  readonly call: Call
  readonly chunks: string[]
  /** whether it takes chunks at once */
  takes: boolean
  /** its outcome: `returned`, or the code of its fault */
  readonly told: string[]
  outcome: Outcome | undefined
}

/** Limits that a test does not care about have a default. */
export type ScriptedLimits = Partial<PoolLimits & InvokerLimits> & { readonly timeoutMs?: number }

/** An invoker with scripted instances. */
export interface Scripted {
  readonly invoker: Invoker
  readonly pool: Pool
  /** START, END and each line, with the call that they belong to, in the order in which they were announced */
  readonly log: readonly string[]
  /** in order of their start */
  readonly children: readonly ScriptedChild[]
  /** Starts a call. */
  readonly ask: (id: string, terms?: Partial<CallTerms>, caller?: Partial<Caller>) => Asked
  /** Starts a job. */
  readonly askJob: (id: string, terms?: Partial<JobTerms>, caller?: Partial<Caller>) => Asked
  /** Loads every instance and ends a first call on each: from then on calls are sent ahead. Returns the first one. */
  readonly ready: () => Promise<ScriptedChild>
}

/** Starts the instances; they load when the test says so. */
export async function script(limits: ScriptedLimits = {}): Promise<Scripted> {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'performance'] })
  started.length = 0
  const events = new Events()
  const log: string[] = []
  events.on('invocation-started', ({ requestId }) => log.push(`START ${requestId}`))
  events.on('function-wrote', ({ requestId, text }) => log.push(`${requestId}: ${text}`))
  events.on('invocation-ended', ({ requestId }) => log.push(`END ${requestId}`))
  const { most = 1, least = most, concurrency = 1, timeoutMs = 60_000 } = limits
  const pool = new Pool(
    launchWith(concurrency, timeoutMs, events),
    { most, least, concurrency, longestIdleMs: 3_600_000 },
    events,
  )
  const invoker = new Invoker(
    pool,
    { queue: 100, queueTimeoutMs: 60_000, reschedule: 0, ...limits },
    undefined,
    events,
  )
  pool.start()
  onTestFinished(async () => {
    await pool.kill()
    vi.useRealTimers()
  })
  await turns()
  const ask = (id: string, terms: Partial<CallTerms> = {}, caller: Partial<Caller> = {}): Asked => {
    const asked = askedOf({ id, mode: 'raw', payload: Buffer.from(id), ...terms }, caller)
    invoker.start(asked.call)
    return asked
  }
  return {
    invoker,
    pool,
    log,
    children: started,
    ask,
    askJob: (id, terms = {}, caller = {}) =>
      ask(id, { mode: 'job', job: { ...anyJob(id), ...terms } }, caller),
    ready: async () => {
      const [first] = started
      for (const each of started) await each.load()
      // The first call of each instance: it takes no time.
      const warming = started.map((_, at) => ask(`warm-${at}`))
      await turns()
      for (const each of started) for (const id of each.ids('invoke')) each.answer(String(id))
      await turns()
      if (first === undefined || warming.some(({ told }) => told[0] !== 'returned'))
        throw new Error('the instances are not ready')
      log.length = 0
      return first
    },
  }
}

/** Starts the instances and makes them ready; `child` is the first one. */
export async function scriptReady(limits: ScriptedLimits = {}): Promise<Scripted & { child: ScriptedChild }> {
  const scripted = await script(limits)
  return { ...scripted, child: await scripted.ready() }
}

/** Moves time on, and lets what is due happen. */
export async function pass(ms: number): Promise<void> {
  vi.advanceTimersByTime(ms)
  await turns()
}

function launchWith(concurrency: number, timeoutMs: number, events: Events): Launch {
  let count = 0
  return (listener, calls) =>
    new Instance(
      {
        id: `i-${++count}`,
        command: { command: '', args: [] },
        env: {},
        mark: '',
        beforeLoad: () => {},
        load: {
          root: '/',
          module: 'm',
          name: 'handler',
          function: { id: 'f', version: 'v', logGroup: '', memoryMb: 128 },
          concurrency,
          ...(concurrency === 1 ? { border: '\u001e5e0f\u001e' } : {}),
        },
        initTimeoutMs: 60_000,
        calls: { timeoutMs, responseLimit: 1024, tokens: undefined },
        permits: Permits.create(),
        notice: 'SIGTERM',
        kernelKills: () => 0,
      },
      events,
      listener,
      calls,
    )
}

function askedOf(terms: CallTerms, caller: Partial<Caller>): Asked {
  const told: string[] = []
  const chunks: string[] = []
  const asked: Asked = {
    chunks,
    told,
    takes: true,
    outcome: undefined,
    onChunk: (_call: Call, _kind: ChunkKind, data: Buffer) => {
      chunks.push(data.toString())
      return asked.takes
    },
    onOutcome: (_call: Call, outcome: Outcome) => {
      told.push(outcome.type === 'failed' ? outcome.fault.code : outcome.type)
      asked.outcome = outcome
    },
    ...caller,
    get call() {
      return call
    },
  }
  const call = new Call(terms, asked)
  return asked
}

function anyJob(id: string): JobTerms {
  return {
    id,
    timeoutMs: 60_000,
    endsAtDeadline: false,
    resultLimit: 1024,
    waitingSince: performance.now(),
    mayGrow: true,
    waitsForLoad: false,
  }
}
