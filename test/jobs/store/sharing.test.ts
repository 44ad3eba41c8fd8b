// Several runners on one file: stores in one process and in several, some of which die.

import { describe, expect, it } from 'vitest'
import { sqliteStore } from '../../../src/jobs/store/sqlite.ts'
import { freshDirectory } from './directories.ts'
import { beginNext, changeOf, claimAll, ended, minute, newJob, start, submit } from './jobs.ts'
import { storeProcess } from './processes.ts'

describe('a file that is shared', () => {
  it('gives each job to one of two stores', async () => {
    const directory = freshDirectory()
    const [one, two] = [sqliteStore(directory), sqliteStore(directory)]
    const submitting = Array.from({ length: 40 }, (_, n) => submit(n % 2 === 0 ? one : two))
    const ids = await Promise.all(submitting)
    const claimed = await Promise.all([claimAll(one, start, 'r1'), claimAll(two, start, 'r2')])
    expect(claimed.flat().toSorted()).toEqual(ids.toSorted())
    await Promise.all([one.stop(), two.stop()])
  })

  it('tells each store of what the other has changed, the end by the ttl included (C-5)', async () => {
    const directory = freshDirectory()
    const [one, two] = [sqliteStore(directory), sqliteStore(directory)]
    const ids = [await submit(one), await submit(one, { ttlMs: minute })]
    const done = changeOf(two, (id, job) => id === ids[0] && job?.state === 'COMPLETED')
    const timedOut = changeOf(two, (id, job) => id === ids[1] && job?.state === 'TIMED_OUT')
    const gone = changeOf(two, (id, job) => id === ids[1] && job === undefined)
    await two.start() // hears of what changes from now on
    await beginNext(one)
    await one.append(ids[0] ?? '', 1, [Buffer.from('1')])
    await one.finish(ids[0] ?? '', 1, ended('COMPLETED', { output: 'chunks' }), start)
    expect(await done).toMatchObject({ id: ids[0], output: Buffer.from('[1]') })
    await one.sweep({ attempts: 3 }, start + minute)
    expect(await timedOut).toMatchObject({ id: ids[1] })
    expect(await gone).toBeUndefined()
    await Promise.all([one.stop(), two.stop()])
  })

  it('is taken over from a runner whose lease has lapsed; what that one still says is dropped (DUR-4)', async () => {
    const directory = freshDirectory()
    const [one, two] = [sqliteStore(directory), sqliteStore(directory)]
    const id = await submit(one)
    await beginNext(one, start, 'r1')
    await two.sweep({ attempts: 3 }, start + minute)
    await beginNext(two, start + minute, 'r2')
    expect(await one.renew('r1', [id], minute, start + minute)).toEqual([id])
    expect(await one.finish(id, 1, ended(), start + minute)).toBeUndefined()
    expect(await two.finish(id, 2, ended(), start + minute)).toMatchObject({ state: 'COMPLETED', losses: 1 })
    await Promise.all([one.stop(), two.stop()])
  })

  it('is shared by two processes', async () => {
    const directory = freshDirectory()
    await using one = storeProcess(directory)
    await using two = storeProcess(directory)
    const jobs = Array.from({ length: 40 }, () => newJob())
    await Promise.all(
      jobs.map((job, n) => (n % 2 === 0 ? one : two).submit(job, { queueLimit: 1000 }, start)),
    )
    const claims = jobs.map((_, n) => (n % 2 === 0 ? two : one).claim(`r${n % 2}`, minute, start))
    const claimed = (await Promise.all(claims)).map((job) => job?.id ?? '')
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
      for (const job of jobs) await doomed.submit(job, { queueLimit: 1000 }, start)
      for (const id of ids.slice(0, 3)) {
        await doomed.claim('dead', minute, start)
        await doomed.begin(id, 'dead', { instance: 'i-1', delayMs: 1 }, start)
        await doomed.append(id, 1, [Buffer.from('"chunk"')])
      }
      await doomed.finish(ids[2] ?? '', 1, ended('COMPLETED', { output: 'chunks' }), start)
    }
    const store = sqliteStore(directory)
    await store.start()
    expect(await store.count()).toMatchObject({ inQueue: 1, inProgress: 2, completed: 1 })
    expect(await store.find(ids[2] ?? '')).toMatchObject({ output: Buffer.from('["chunk"]') })
    expect((await store.chunks(ids[0] ?? '', 0, 100)).chunks).toHaveLength(1)
    expect(await store.dueDeliveries('r1', 10, minute, start)).toHaveLength(1)
    await store.sweep({ attempts: 3 }, start + minute)
    expect(await claimAll(store, start + minute)).toEqual([ids[0], ids[1], ids[3]])
    await store.stop()
  })

  it('survives kill -9 in the middle of many submits: each that was answered is there (DUR-1)', async () => {
    const directory = freshDirectory()
    const answered: string[] = []
    const enough = Promise.withResolvers<void>()
    const doomed = storeProcess(directory)
    const submits = Array.from({ length: 500 }, async () => {
      const job = newJob()
      await doomed.submit(job, { queueLimit: 1000 }, start)
      if (answered.push(job.id) === 50) enough.resolve()
    })
    const all = Promise.allSettled(submits)
    await enough.promise
    await doomed[Symbol.asyncDispose]()
    await all
    const store = sqliteStore(directory)
    await store.start()
    const queued = await claimAll(store)
    expect(queued).toEqual(expect.arrayContaining(answered))
    expect(new Set(queued).size).toBe(queued.length)
    await store.stop()
  })
})
