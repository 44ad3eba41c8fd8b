// Several runners on one file: stores in one process and in several, some of which die.

import { describe, expect, it } from 'vitest'
import { sqliteStore } from '../../../src/jobs/store/sqlite/store.ts'
import { freshDirectory } from './directories.ts'
import {
  append,
  at,
  attempt,
  beginNext,
  changeOf,
  claimAll,
  claimNext,
  clock,
  ended,
  minute,
  newJob,
  start,
  submit,
} from './jobs.ts'
import { storeProcess } from './processes.ts'

describe('a file that is shared', () => {
  it('gives each job to one of two stores', async () => {
    const directory = freshDirectory()
    const [one, two] = [sqliteStore(directory, clock), sqliteStore(directory, clock)]
    const submitting = Array.from({ length: 40 }, (_, n) => submit(n % 2 === 0 ? one : two))
    const ids = await Promise.all(submitting)
    const claimed = await Promise.all([claimAll(one, 'r1'), claimAll(two, 'r2')])
    expect(claimed.flat().toSorted()).toEqual(ids.toSorted())
    await Promise.all([one.stop(), two.stop()])
  })

  it('tells each store of what the other has changed, the end by the ttl included (C-5)', async () => {
    const directory = freshDirectory()
    const [one, two] = [sqliteStore(directory, clock), sqliteStore(directory, clock)]
    const ids = [await submit(one), await submit(one, { ttlMs: minute })]
    const done = changeOf(two, ({ id, state }) => id === ids[0] && state === 'COMPLETED')
    const gone = changeOf(two, ({ id, removed }) => id === ids[1] && removed)
    await two.start() // hears of what changes from now on
    await beginNext(one)
    await append(one, ids[0] ?? '', 1, [Buffer.from('1')])
    await one.finish(attempt(ids[0] ?? '', 1), ended('COMPLETED', { output: 'chunks' }))
    expect(await done).toMatchObject({ nextIndex: 1 })
    expect(await two.find(ids[0] ?? '')).toMatchObject({ output: Buffer.from('[1]') })
    await at(one, start + minute).sweep({ attempts: 3 })
    expect(await gone).toMatchObject({ state: 'TIMED_OUT' })
    expect(await two.findRemoved(ids[1] ?? '')).toMatchObject({ state: 'TIMED_OUT' })
    await Promise.all([one.stop(), two.stop()])
  })

  it('is taken over from a runner whose lease has lapsed; what that one still says is dropped (DUR-4)', async () => {
    const directory = freshDirectory()
    const [one, two] = [sqliteStore(directory, clock), sqliteStore(directory, clock)]
    const id = await submit(one)
    await beginNext(one, 'r1')
    await at(two, start + minute).sweep({ attempts: 3 })
    await beginNext(at(two, start + minute), 'r2')
    expect(await at(one, start + minute).renew('r1', [id], minute)).toEqual([id])
    expect(await at(one, start + minute).finish(attempt(id, 1), ended())).toBeUndefined()
    expect(await at(two, start + minute).finish(attempt(id, 2, 'r2'), ended())).toMatchObject({
      state: 'COMPLETED',
      losses: 1,
    })
    await Promise.all([one.stop(), two.stop()])
  })

  it('is shared by two processes', async () => {
    const directory = freshDirectory()
    await using one = storeProcess(directory)
    await using two = storeProcess(directory)
    const jobs = Array.from({ length: 40 }, () => newJob())
    await Promise.all(jobs.map((job, n) => (n % 2 === 0 ? one : two).submit(job, { queueLimit: 1000 })))
    const claims = jobs.map((_, n) =>
      (n % 2 === 0 ? two : one).claim(`r${n % 2}`, { leaseMs: minute, limit: 1, tasks: 0 }),
    )
    const claimed = (await Promise.all(claims)).flat().map((job) => job.id)
    expect(claimed.toSorted()).toEqual(jobs.map(({ id }) => id).toSorted())
  })
})

describe('what was promised', () => {
  it('survives kill -9: queue, results, chunks, and the job that was running goes to the front (DUR-3, DUR-4)', async () => {
    const directory = freshDirectory()
    const jobs = [newJob(), newJob(), newJob({ notify: true }), newJob()]
    const ids = jobs.map(({ id }) => id)
    {
      await using doomed = storeProcess(directory)
      for (const job of jobs) await doomed.submit(job, { queueLimit: 1000 })
      for (const id of ids.slice(0, 3)) {
        await claimNext(doomed, 'dead')
        await doomed.begin(id, 'dead', 'i-1')
        await append(doomed, id, 1, [Buffer.from('"chunk"')], 'dead')
      }
      await doomed.finish(attempt(ids[2], 1, 'dead'), ended('COMPLETED', { output: 'chunks' }))
    }
    const store = sqliteStore(directory, clock)
    await store.start()
    expect(await store.count()).toMatchObject({ inQueue: 1, inProgress: 2, completed: 1 })
    expect(await store.find(ids[2] ?? '')).toMatchObject({ output: Buffer.from('["chunk"]') })
    expect((await store.chunks(ids[0] ?? '', 0, 100)).chunks).toHaveLength(1)
    expect(await store.dueDeliveries(10, minute)).toHaveLength(1)
    await at(store, start + minute).sweep({ attempts: 3 })
    expect(await claimAll(at(store, start + minute))).toEqual([ids[0], ids[1], ids[3]])
    await store.stop()
  })

  it('survives kill -9 in the middle of many submits: each that was answered is there (DUR-1)', async () => {
    const directory = freshDirectory()
    const answered: string[] = []
    const enough = Promise.withResolvers<void>()
    const doomed = storeProcess(directory)
    const submits = Array.from({ length: 500 }, async () => {
      const job = newJob()
      await doomed.submit(job, { queueLimit: 1000 })
      if (answered.push(job.id) === 50) enough.resolve()
    })
    const all = Promise.allSettled(submits)
    await enough.promise
    await doomed[Symbol.asyncDispose]()
    await all
    const store = sqliteStore(directory, clock)
    await store.start()
    const queued = await claimAll(store)
    expect(queued).toEqual(expect.arrayContaining(answered))
    expect(new Set(queued).size).toBe(queued.length)
    await store.stop()
  })
})
