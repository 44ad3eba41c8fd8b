// Tasks in the store: due in order, counted and kept for themselves, hidden from what is asked of jobs (tasks.md).

import { DatabaseSync } from 'node:sqlite'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { TaskTerms } from '../../../src/jobs/model/job.ts'
import type { JobStore } from '../../../src/jobs/model/store.ts'
import { memoryStore, sqliteStore } from '../../../src/jobs/store/sqlite.ts'
import { freshDirectory } from './directories.ts'
import { beginNext, claimAll, ended, minute, newJob, second, start, submit } from './jobs.ts'

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
  const { type } = await store.submit(job, { queueLimit, task: { ...terms, ...differences } }, now)
  return type === 'accepted' ? job.id : type
}

describe.each([
  ['memory', memoryStore],
  ['SQLite', () => sqliteStore(freshDirectory())],
])('a store in %s', (_name, open) => {
  let store: JobStore
  beforeEach(async () => {
    store = open()
    await store.start()
  })
  afterEach(() => store.stop())

  it('hands tasks and jobs out in order of due time, then of submission (L3)', async () => {
    const late = await dispatch(store, { delayMs: 2 * second })
    const job = await submit(store, {}, start + second)
    const [later, earlier] = [await dispatch(store, {}, start + second), await dispatch(store, {}, start)]
    expect(await claimAll(store, start + second)).toEqual([earlier, job, later])
    expect(await claimAll(store, start + 2 * second - 1)).toEqual([])
    expect(await claimAll(store, start + 2 * second)).toEqual([late])
  })

  it('passes tasks over for who asks for jobs only', async () => {
    await dispatch(store)
    const job = await submit(store)
    expect((await store.claim('r1', minute, start, true))?.id).toBe(job)
    expect(await store.claim('r1', minute, start, true)).toBeUndefined()
  })

  it('says when a task is due, for the next look at it', async () => {
    await dispatch(store, { delayMs: 5 * second })
    await store.sweep({ attempts: 3 }, start)
    expect(await store.sweep({ attempts: 3 }, start)).toBe(start + 5 * second)
  })

  it('counts tasks that have not ended, also running ones, and jobs apart (--task-queue)', async () => {
    await submit(store)
    const id = await dispatch(store, {}, start, 1)
    expect(await dispatch(store, {}, start, 1)).toBe('full')
    await claimAll(store)
    await store.begin(id, 'claimer', { instance: 'i-1', delayMs: 0 }, start)
    expect(await dispatch(store, {}, start, 1)).toBe('full')
    await store.finish(id, 1, ended(), start)
    expect(await dispatch(store, {}, start, 1)).not.toBe('full')
    expect(await store.submit(newJob(), { queueLimit: 2 }, start)).toMatchObject({ type: 'accepted' })
  })

  it('lists attempts with their ends, and remembers why they failed (V1)', async () => {
    const id = await dispatch(store)
    await beginNext(store)
    const error = { type: 'ValueError', message: 'no' }
    await store.requeue(id, 1, { isRetry: true, pauseMs: second - 10, error }, start + 10)
    expect(await store.find(id)).toMatchObject({ state: 'IN_QUEUE', task: { dueAt: start + second } })
    await beginNext(store, start + second)
    await store.requeue(id, 2, { isRetry: false }, start + second)
    await beginNext(store, start + second)
    await store.finish(id, 3, ended('COMPLETED', { output: Buffer.from('NaN') }), start + 2 * second)
    expect(await store.find(id)).toMatchObject({
      output: Buffer.from('NaN'),
      retries: 1,
      task: {
        ...terms,
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
      },
    })
  })

  it('forgets the arguments of a task that has ended (K1)', async () => {
    const id = await dispatch(store)
    await beginNext(store)
    await store.finish(id, 1, ended(), start)
    expect(await store.find(id)).toMatchObject({ task: { digest: 'd' } })
    expect(await store.submit(newJob({ id }), { queueLimit: 9 }, start)).toEqual({ type: 'conflict' })
  })

  it('counts an attempt whose container has ended, waits as after any failure, and gives up at the last (L7)', async () => {
    const id = await dispatch(store, { maxAttempts: 2 })
    await beginNext(store)
    await store.sweep({ attempts: 9 }, start + minute)
    expect(await store.find(id)).toMatchObject({
      state: 'IN_QUEUE',
      losses: 1,
      task: {
        dueAt: start + minute + second,
        attempts: [{ outcome: 'failed', error: { type: 'InstanceLost' } }],
      },
    })
    expect(await claimAll(store, start + minute)).toEqual([])
    await beginNext(store, start + minute + second)
    await store.sweep({ attempts: 9 }, start + 2 * minute + second)
    const { state, error = '' } = (await store.find(id)) ?? {}
    expect([state, JSON.parse(error)]).toMatchObject(['FAILED', { type: 'InstanceLost' }])
  })

  it('keeps the newest of the tasks that have ended (--task-keep)', async () => {
    const ids = []
    for (const at of [0, 1, 2]) {
      const id = await dispatch(store, {}, start + at)
      await beginNext(store, start + at)
      await store.finish(id, 1, ended(), start + at)
      ids.push(id)
    }
    await store.sweep({ attempts: 3, tasksKept: 2 }, start + 3)
    const found = await Promise.all(ids.map((id) => store.find(id)))
    expect(found.map((job) => job?.id)).toEqual([undefined, ids[1], ids[2]])
  })

  it('does not show tasks to who asks for jobs (L10)', async () => {
    const id = await dispatch(store)
    expect(await store.cancel(id, start)).toBeUndefined()
    expect(await store.keepFor(id, minute, start)).toBeUndefined()
    expect(await store.retry(id, { queueLimit: 9 }, start)).toEqual({ type: 'unknown' })
    expect(await store.purge(start)).toBe(0)
    expect(await store.count()).toMatchObject({ inQueue: 0 })
    expect(await store.find(id)).toMatchObject({ state: 'IN_QUEUE' })
  })

  it('takes a task that runs already, in place of an earlier one of its id (M3)', async () => {
    const job = newJob({ origin: 'task' })
    const { digest: _, ...own } = terms
    const begun = { runner: 'r1', instance: 'i-1', leaseMs: minute }
    for (const at of [start, start + second]) {
      await store.submit(job, { queueLimit: 1, task: { ...own, maxAttempts: 1 }, begun }, at)
      expect(await store.find(job.id)).toMatchObject({ state: 'IN_PROGRESS', attempt: 1, submittedAt: at })
      expect(await claimAll(store)).toEqual([])
    }
    await store.sweep({ attempts: 9 }, start + 2 * minute)
    expect(await store.find(job.id)).toMatchObject({ state: 'FAILED', losses: 1 })
  })

  it('says whether an attempt that makes progress is the one that runs (U1)', async () => {
    const id = await dispatch(store)
    expect(await store.progress(id, 1, Buffer.from('1'))).toBe(false)
    await beginNext(store)
    expect(await store.progress(id, 1, Buffer.from('1'))).toBe(true)
    await store.requeue(id, 1, { isRetry: true }, start)
    expect(await store.find(id)).not.toHaveProperty('output')
  })
})

describe('a file that was written before there were tasks', () => {
  it('gets their columns, and keeps its jobs in order', async () => {
    const directory = freshDirectory()
    const before = sqliteStore(directory)
    const ids = [await submit(before), await submit(before, {}, start + 1)]
    await before.stop()
    const database = new DatabaseSync(join(directory, 'jobs.db'))
    database.exec(`
      DROP TABLE attempts; DROP INDEX jobsQueued; DROP INDEX jobsQueuedForCallers; DROP INDEX tasksEnded;
      ALTER TABLE jobs DROP COLUMN dueAt; ALTER TABLE jobs DROP COLUMN task;
      CREATE INDEX jobsQueued ON jobs (position, notBefore, expiresAt) WHERE state = 'IN_QUEUE' AND holder IS NULL;
      PRAGMA user_version = 1`)
    database.close()
    const after = sqliteStore(directory)
    await after.start()
    const task = await dispatch(after, {}, start)
    expect(await claimAll(after, start + 1)).toEqual([ids[0], task, ids[1]])
    await after.stop()
  })
})
