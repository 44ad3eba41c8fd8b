// The runner and its attempts, with a store and an invoker that do what a test says.

import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { Events } from '../../src/events.ts'
import type { Call } from '../../src/invocation.ts'
import { jobKind } from '../../src/jobs/kinds/jobKind.ts'
import type { JobWithInput } from '../../src/jobs/model/job.ts'
import { StoreError, type AttemptEnd, type JobStore } from '../../src/jobs/model/store.ts'
import { leaseMs, Runner } from '../../src/jobs/runner.ts'
import { endedJob } from './endedJob.ts'

/** What a runner does to its store and its invoker. */
interface Running {
  readonly runner: Runner
  /** of the job that it runs */
  readonly call: Call
  /** what the store is asked, in order */
  readonly asked: { readonly name: string; readonly values: readonly unknown[] }[]
  /** what the store answers to a name, in place of success */
  readonly answers: Map<string, () => Promise<unknown>>
}

const job: JobWithInput = { ...endedJob(), state: 'IN_QUEUE', attempt: 0, notify: false }

const kind = jobKind({
  resultLimit: () => 10,
  reschedule: 0,
  asyncRetries: 0,
  isScript: true,
  language: 'node',
  environment: {},
})

/** A runner whose job runs on an instance. */
async function running(streamLimit = 100): Promise<Running> {
  const asked: Running['asked'] = []
  const answers = new Map<string, () => Promise<unknown>>()
  const successes: Readonly<Record<string, unknown>> = {
    begin: { ...job, state: 'IN_PROGRESS', attempt: 1, nextIndex: 3 },
    renew: [],
    append: true,
    finish: job,
  }
  const jobs = [job]
  const ask = async (name: string, values: readonly unknown[]): Promise<unknown> => {
    asked.push({ name, values })
    if (name === 'claim') return jobs.splice(0)
    return answers.get(name)?.() ?? successes[name]
  }
  const names = ['claim', 'begin', 'renew', 'append', 'progress', 'finish', 'requeue', 'release'] as const
  const methods = names.map((name) => [name, (...values: readonly unknown[]) => ask(name, values)] as const)
  const store = { ...Object.fromEntries(methods), now: Date.now } as unknown as JobStore // what a runner uses of it
  const calls: Call[] = []
  const settings = { ahead: 1, tasksAtOnce: 1, streamLimit, kindOf: () => kind }
  const invoker = { start: (each: Call) => void calls.push(each), has: () => false }
  const runner = new Runner(store, invoker, settings, new Events())
  runner.start()
  await vi.waitFor(() => expect(calls).toHaveLength(1))
  const [call] = calls
  if (call === undefined) throw new Error('no call was started')
  await call.caller.onStart?.(call, 'i-1')
  return { runner, call, asked, answers }
}

function named(asked: Running['asked'], name: string): readonly (readonly unknown[])[] {
  return asked.filter((each) => each.name === name).map(({ values }) => values)
}

beforeEach(
  () => void vi.useFakeTimers({ toFake: ['setTimeout', 'setInterval', 'clearTimeout', 'clearInterval'] }),
)
afterEach(() => void vi.useRealTimers())

describe('a runner', () => {
  it('renews the leases of what it holds at a third of their life', async () => {
    const { asked } = await running()
    const before = named(asked, 'renew').length
    await vi.advanceTimersByTimeAsync(leaseMs)
    expect(named(asked, 'renew').length - before).toBe(3)
    expect(named(asked, 'renew')[0]?.slice(1)).toEqual([[job.id], leaseMs])
  })

  it('stops the handler of a job that another server has taken over', async () => {
    const { call, answers } = await running()
    answers.set('renew', async () => [job.id])
    await vi.advanceTimersByTimeAsync(leaseMs / 3)
    expect(call.cancelled).toBe(true)
  })

  it('stops the handler of a job that has ended, and goes on with one that has only yielded', async () => {
    const { runner, call } = await running()
    const change = { id: job.id, nextIndex: 1, revision: 9, removed: false, notify: false, dueAt: 0 }
    runner.noteChange({ ...change, state: 'IN_PROGRESS' })
    expect(call.cancelled).toBe(false)
    runner.noteChange({ ...change, state: 'CANCELLED' })
    expect(call.cancelled).toBe(true)
  })

  it('names itself and the number of the attempt in every write (C-4)', async () => {
    const { runner, call, asked } = await running()
    call.caller.onChunk(call, 'json', Buffer.from('1'))
    call.caller.onProgress?.(call, Buffer.from('2'))
    await vi.waitFor(() => expect(named(asked, 'progress')).toHaveLength(1))
    call.caller.onOutcome(call, { type: 'returned', json: Buffer.from('3') })
    await vi.waitFor(() => expect(named(asked, 'finish')).toHaveLength(1))
    const key = { id: job.id, runner: runner.id, attempt: 1 }
    for (const name of ['append', 'progress', 'finish']) expect(named(asked, name)[0]?.[0]).toEqual(key)
  })
})

describe('an attempt', () => {
  it('keeps progress up to the limit of results, and drops what is larger (W-14)', async () => {
    const { call, asked } = await running()
    call.caller.onProgress?.(call, Buffer.alloc(11, '1'))
    call.caller.onProgress?.(call, Buffer.alloc(10, '2'))
    await vi.waitFor(() => expect(named(asked, 'progress')).toHaveLength(1))
    expect(named(asked, 'progress')[0]?.[1]).toEqual(Buffer.alloc(10, '2'))
  })

  it('writes of a flood of progress the first value and the last (W-14)', async () => {
    const { call, asked } = await running()
    for (let value = 1; value <= 1000; value++) call.caller.onProgress?.(call, Buffer.from(String(value)))
    await vi.waitFor(() => expect(named(asked, 'progress')).toHaveLength(2))
    expect(named(asked, 'progress').map(([, json]) => String(json))).toEqual(['1', '1000'])
  })

  it.each([
    [20, undefined],
    [21, 'a stream of 21 bytes is larger than the limit of 20 bytes'],
  ])('with a stream of %i bytes at a limit of 20 ends with %j (LIM-1)', async (bytes, error) => {
    const { call, asked } = await running(20)
    call.caller.onChunk(call, 'json', Buffer.alloc(10, '1'))
    call.caller.onChunk(call, 'json', Buffer.alloc(bytes - 10 > 10 ? 10 : bytes - 10, '1'))
    if (bytes > 20) call.caller.onChunk(call, 'json', Buffer.alloc(bytes - 20, '1'))
    call.caller.onOutcome(call, { type: 'streamed' })
    await vi.waitFor(() => expect(named(asked, 'finish')).toHaveLength(1))
    expect((named(asked, 'finish')[0]?.[1] as AttemptEnd | undefined)?.error).toBe(error)
    expect(named(asked, 'append').flatMap(([, from]) => from)[0]).toBe(3)
  })

  it('writes its end again until the store takes it', async () => {
    const { call, asked, answers } = await running()
    answers.set('finish', () => Promise.reject(new StoreError('disk full')))
    call.caller.onOutcome(call, { type: 'returned', json: Buffer.from('3') })
    await vi.waitFor(() => expect(named(asked, 'finish')).toHaveLength(1))
    answers.delete('finish')
    await vi.advanceTimersByTimeAsync(1000)
    await vi.waitFor(() => expect(named(asked, 'finish')).toHaveLength(2))
  })
})

describe('asynchronous invocations', () => {
  it.each([
    [0, 'again'],
    [1, 'again'],
    [2, 'ends'],
  ])('that have failed after %i of --async-retries 2 go on with: %s (FN-6)', (retries, type) => {
    const { afterOutcome, afterTimeout } = jobKind({
      resultLimit: () => 10,
      reschedule: 0,
      asyncRetries: 2,
      isScript: false,
      language: 'node',
      environment: {},
    })
    const failed: JobWithInput = { ...job, origin: 'async', retries }
    const error = { errorType: 'Error', errorMessage: 'no' }
    expect(afterOutcome({ type: 'threw', error }, failed, 'i-1').type).toBe(type)
    expect(afterTimeout?.(failed).type).toBe(type)
  })
})
