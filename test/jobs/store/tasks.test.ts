// Tasks in the store: due in order, counted and kept for themselves, hidden from what is asked of jobs (tasks.md).

import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { TaskTerms } from '../../../src/jobs/model/job.ts'
import type { JobStore } from '../../../src/jobs/model/store.ts'
import { memoryStore, sqliteStore } from '../../../src/jobs/store/sqlite/store.ts'
import { freshDirectory } from './directories.ts'
import {
  at,
  attempt,
  beginNext,
  claimAll,
  claimNext,
  clock,
  ended,
  minute,
  newJob,
  second,
  start,
  submit,
} from './jobs.ts'

const terms: TaskTerms = {
  path: 'app.f',
  service: 'lambda',
  capture: 'default',
  language: 'python',
  maxAttempts: 3,
  backoffMs: second,
  delayMs: 0,
  digest: 'd',
}

async function dispatch(
  store: JobStore,
  differences: Partial<TaskTerms> = {},
  now = start,
  queueLimit = 100,
): Promise<string> {
  const job = newJob({ origin: 'task' })
  const { type } = await at(store, now).submit(job, { queueLimit, task: { ...terms, ...differences } })
  return type === 'accepted' ? job.id : type
}

describe.each([
  ['memory', () => memoryStore(clock)],
  ['SQLite', () => sqliteStore(freshDirectory(), clock)],
])('a store in %s', (_name, open) => {
  let store: JobStore
  beforeEach(async () => {
    store = open()
    await store.start()
  })
  afterEach(() => store.stop())

  it('hands tasks and jobs out in order of due time, then of submission (L3)', async () => {
    const late = await dispatch(store, { delayMs: 2 * second })
    const job = await submit(at(store, start + second), {})
    const [later, earlier] = [await dispatch(store, {}, start + second), await dispatch(store, {}, start)]
    expect(await claimAll(at(store, start + second))).toEqual([earlier, job, later])
    expect(await claimAll(at(store, start + 2 * second - 1))).toEqual([])
    expect(await claimAll(at(store, start + 2 * second))).toEqual([late])
  })

  it('passes tasks over for who asks for jobs only', async () => {
    await dispatch(store)
    const job = await submit(store)
    expect((await claimNext(store, 'r1', 0))?.id).toBe(job)
    expect(await claimNext(store, 'r1', 0)).toBeUndefined()
  })

  it('says when a task is due, for the next look at it', async () => {
    await dispatch(store, { delayMs: 5 * second })
    await store.sweep({ attempts: 3 })
    expect(await store.sweep({ attempts: 3 })).toBe(start + 5 * second)
  })

  it('counts tasks that have not ended, also running ones, and jobs apart (--task-queue)', async () => {
    await submit(store)
    const id = await dispatch(store, {}, start, 1)
    expect(await dispatch(store, {}, start, 1)).toBe('full')
    await claimAll(store, 'r1')
    await store.begin(id, 'r1', 'i-1')
    expect(await dispatch(store, {}, start, 1)).toBe('full')
    await store.finish(attempt(id, 1), ended())
    expect(await dispatch(store, {}, start, 1)).not.toBe('full')
    expect(await store.submit(newJob(), { queueLimit: 2 })).toMatchObject({ type: 'accepted' })
  })

  it('lists attempts with their ends, and remembers why they failed (V1)', async () => {
    const id = await dispatch(store)
    await beginNext(store)
    const error = { type: 'ValueError', message: 'no' }
    await at(store, start + 10).requeue(attempt(id, 1), { isRetry: true, pauseMs: second - 10, error })
    expect(await store.find(id)).toMatchObject({ state: 'IN_QUEUE', task: { dueAt: start + second } })
    await beginNext(at(store, start + second))
    await at(store, start + second).requeue(attempt(id, 2), { isRetry: false })
    await beginNext(at(store, start + second))
    await at(store, start + 2 * second).finish(
      attempt(id, 3),
      ended('COMPLETED', { output: Buffer.from('NaN') }),
    )
    expect(await store.find(id)).toMatchObject({
      output: Buffer.from('NaN'),
      retries: 1,
      task: terms,
      attempts: [
        {
          number: 1,
          instance: 'i-1',
          startedAt: start,
          endedAt: start + 10,
          outcome: 'failed',
          error,
        },
        { number: 2, outcome: 'interrupted' },
        { number: 3, outcome: 'complete', endedAt: start + 2 * second },
      ],
    })
  })

  it('forgets the arguments of a task that has ended (K1)', async () => {
    const id = await dispatch(store)
    await beginNext(store)
    await store.finish(attempt(id, 1), ended())
    expect(await store.find(id)).toMatchObject({ task: { digest: 'd' } })
    expect(await store.submit(newJob({ id }), { queueLimit: 9 })).toEqual({ type: 'conflict' })
  })

  it('counts an attempt whose container has ended, waits as after any failure, and gives up at the last (L7)', async () => {
    const id = await dispatch(store, { maxAttempts: 2 })
    await beginNext(store)
    await at(store, start + minute).sweep({ attempts: 9 })
    expect(await store.find(id)).toMatchObject({
      state: 'IN_QUEUE',
      losses: 1,
      task: { dueAt: start + minute + second },
      attempts: [{ outcome: 'failed', error: { type: 'InstanceLost' } }],
    })
    expect(await claimAll(at(store, start + minute))).toEqual([])
    await beginNext(at(store, start + minute + second))
    await at(store, start + 2 * minute + second).sweep({ attempts: 9 })
    const { state, error = '' } = (await store.find(id)) ?? {}
    expect([state, JSON.parse(error)]).toMatchObject(['FAILED', { type: 'InstanceLost' }])
  })

  it('keeps the newest of the tasks that have ended (--task-keep)', async () => {
    const ids = []
    for (const ms of [0, 1, 2]) {
      const id = await dispatch(store, {}, start + ms)
      await beginNext(at(store, start + ms))
      await at(store, start + ms).finish(attempt(id, 1), ended())
      ids.push(id)
    }
    await at(store, start + 3).sweep({ attempts: 3, tasksKept: 2 })
    const found = await Promise.all(ids.map((id) => store.find(id)))
    expect(found.map((job) => job?.id)).toEqual([undefined, ids[1], ids[2]])
  })

  it('does not show tasks to who asks for jobs (L10)', async () => {
    const id = await dispatch(store)
    expect(await store.cancel(id)).toBeUndefined()
    expect(await store.keepFor(id, minute)).toBeUndefined()
    expect(await store.retry(id, { queueLimit: 9 })).toEqual({ type: 'unknown' })
    expect(await store.purge()).toBe(0)
    expect(await store.count()).toMatchObject({ inQueue: 0 })
    expect(await store.find(id)).toMatchObject({ state: 'IN_QUEUE' })
  })

  it('takes a task that runs already, in place of an earlier one of its id (M3)', async () => {
    const job = newJob({ origin: 'task' })
    const { digest: _, ...own } = terms
    const begun = { runner: 'r1', instance: 'i-1', leaseMs: minute }
    for (const now of [start, start + second]) {
      await at(store, now).submit(job, { queueLimit: 1, task: { ...own, maxAttempts: 1 }, begun })
      expect(await store.find(job.id)).toMatchObject({ state: 'IN_PROGRESS', attempt: 1, submittedAt: now })
      expect(await claimAll(store)).toEqual([])
    }
    await at(store, start + 2 * minute).sweep({ attempts: 9 })
    expect(await store.find(job.id)).toMatchObject({ state: 'FAILED', losses: 1 })
  })

  it('says whether an attempt that makes progress is the one that runs (U1)', async () => {
    const id = await dispatch(store)
    expect(await store.progress(attempt(id, 1), Buffer.from('1'))).toBe(false)
    await beginNext(store)
    expect(await store.progress(attempt(id, 1), Buffer.from('1'))).toBe(true)
    await store.requeue(attempt(id, 1), { isRetry: true })
    expect(await store.find(id)).not.toHaveProperty('output')
  })
})
