// The contract of stores of jobs: what every engine does. Run by a test of each engine.

import { randomUUID } from 'node:crypto'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Job, JobState } from '../../../src/jobs/model/job.ts'
import type { JobStore, SubmitTerms } from '../../../src/jobs/model/store.ts'
import {
  beginNext,
  changeOf,
  claimAll,
  ended,
  minute,
  newJob,
  second,
  start,
  submit,
  submitAndBegin,
} from './jobs.ts'

/** Describes the contract. @param open makes an empty store, not started */
export function describeStore(name: string, open: () => JobStore): void {
  describe(`a store of jobs in ${name}`, () => {
    let store: JobStore
    beforeEach(async () => {
      store = open()
      await store.start()
    })
    afterEach(() => store.stop())

    const due = async (now: number): Promise<readonly unknown[]> =>
      (await store.dueDeliveries('r1', 10, minute, now)).map(({ job, tries }) => [job.state, tries])

    describe('the queue', () => {
      it('gives back what was submitted, text for text (A-9)', async () => {
        const sent = newJob({
          input: Buffer.from('{"n":12345678901234567890,"x":1.50}'),
          webhook: 'https://example.com/done',
          policy: '{"ttl": 5}',
          s3Config: '{"accessSecret": "s"}',
          lowPriority: true,
        })
        const submitted = await store.submit(sent, { queueLimit: 1 }, start)
        expect(submitted).toMatchObject({
          type: 'accepted',
          job: { id: sent.id, state: 'IN_QUEUE', attempt: 0 },
        })
        expect(await store.claim('r1', minute, start)).toMatchObject(sent)
      })

      it('keeps input and s3Config from those who only ask for the job (REQ-5)', async () => {
        const id = await submit(store, { s3Config: '{"accessSecret":"s"}' })
        const job = await store.find(id)
        expect(job).not.toHaveProperty('input')
        expect(job).not.toHaveProperty('s3Config')
      })

      it('knows nothing of an unknown id', async () => {
        expect(await store.find('no such job')).toBeUndefined()
        expect(await store.cancel('no such job', start)).toBeUndefined()
        expect(await store.keepFor('no such job', minute, start)).toBeUndefined()
        expect(await store.retry('no such job', { queueLimit: 1 }, start)).toEqual({ type: 'unknown' })
        expect(await store.chunks('no such job', 0, 10)).toEqual({ chunks: [], more: false })
      })

      it('is in order of submission, whatever the priority (C-3)', async () => {
        const ids = [await submit(store), await submit(store, { lowPriority: true }), await submit(store)]
        expect(await claimAll(store)).toEqual(ids)
      })

      it('gives each job to one runner only', async () => {
        const ids = [await submit(store), await submit(store)]
        const claims = await Promise.all(['r1', 'r2', 'r3'].map((each) => store.claim(each, minute, start)))
        expect(claims.map((job) => job?.id)).toEqual([...ids, undefined])
      })

      it('is full at its limit, which counts what waits and not what runs', async () => {
        const limited = { queueLimit: 1 }
        await submitAndBegin(store)
        expect(await store.submit(newJob(), limited, start)).toMatchObject({ type: 'accepted' })
        expect(await store.submit(newJob(), limited, start)).toEqual({ type: 'full' })
      })

      it('takes no second job with the id of one that is there', async () => {
        const id = await submit(store)
        expect(await store.submit(newJob({ id }), { queueLimit: 10 }, start)).toEqual({ type: 'conflict' })
        expect(await store.count()).toMatchObject({ inQueue: 1 })
      })

      it('takes reservations back, each at its old place', async () => {
        const ids = [await submit(store), await submit(store), await submit(store)]
        const [first = '', ...others] = await claimAll(store, start, 'r1')
        await store.release([first], 'another')
        expect(await claimAll(store)).toEqual([])
        await store.release([first, ...others], 'r1')
        expect(await claimAll(store)).toEqual(ids)
      })

      it('holds bodies of many megabytes', async () => {
        const input = Buffer.alloc(12 * 1024 * 1024, 'x')
        await submit(store, { input })
        const work = await store.claim('r1', minute, start)
        expect(work?.input.equals(input)).toBe(true)
        await store.begin(work?.id ?? '', 'r1', { instance: 'i-1', delayMs: 0 }, start)
        const job = await store.finish(work?.id ?? '', 1, ended('COMPLETED', { output: input }), start)
        expect(job?.output?.equals(input)).toBe(true)
      })
    })

    describe('an attempt', () => {
      it('begins when the runner holds the job: IN_PROGRESS, with number, instance and delay', async () => {
        const id = await submit(store)
        await store.claim('r1', minute, start)
        const how = { instance: 'i-7', delayMs: 11.6 }
        expect(await store.begin(id, 'another', how, start)).toBeUndefined()
        expect(await store.begin(id, 'r1', how, start + second)).toMatchObject({
          state: 'IN_PROGRESS',
          attempt: 1,
          instance: 'i-7',
          delayMs: 12,
          since: start + second,
        })
        expect(await store.begin(id, 'r1', how, start)).toBeUndefined()
      })

      it('does not begin when the reservation has lapsed, or the job was cancelled meanwhile', async () => {
        const ids = [await submit(store), await submit(store)]
        await claimAll(store, start, 'r1')
        await store.cancel(ids[1] ?? '', start)
        const how = { instance: 'i-1', delayMs: 0 }
        expect(await store.begin(ids[0] ?? '', 'r1', how, start + minute)).toBeUndefined()
        expect(await store.begin(ids[1] ?? '', 'r1', how, start)).toBeUndefined()
      })

      it('ends its job, and what comes later is dropped (C-4)', async () => {
        const id = await submitAndBegin(store)
        const output = Buffer.from('{"text":"Hi"}')
        const job = await store.finish(id, 1, ended('COMPLETED', { output }), start + second)
        expect(job).toMatchObject({
          state: 'COMPLETED',
          output,
          executionMs: 840,
          expiresAt: start + second + 30 * minute,
        })
        expect(await store.finish(id, 1, ended('FAILED', { error: 'late' }), start)).toBeUndefined()
        expect(await store.append(id, 1, [Buffer.from('1')])).toBe(false)
        await store.progress(id, 1, Buffer.from('"late"'))
        expect(await store.requeue(id, 1, { isRetry: true }, start)).toBeUndefined()
        expect(await store.cancel(id, start)).toEqual(job)
        expect(await store.find(id)).toEqual(job)
      })

      it('is the only one that counts: an earlier one writes nothing (C-4)', async () => {
        const id = await submitAndBegin(store)
        await store.requeue(id, 1, { isRetry: false }, start)
        await beginNext(store)
        expect(await store.append(id, 1, [Buffer.from('1')])).toBe(false)
        expect(await store.finish(id, 1, ended(), start)).toBeUndefined()
        expect(await store.requeue(id, 1, { isRetry: false }, start)).toBeUndefined()
        expect(await store.finish(id, 2, ended(), start)).toMatchObject({ state: 'COMPLETED', attempt: 2 })
      })

      it('shows its latest progress, which the result replaces (W-14)', async () => {
        const id = await submitAndBegin(store)
        await store.progress(id, 1, Buffer.from('"step 1"'))
        await store.progress(id, 1, Buffer.from('"step 2"'))
        expect(await store.find(id)).toMatchObject({ output: Buffer.from('"step 2"') })
        expect(await store.finish(id, 1, ended('FAILED', { error: 'boom' }), start)).not.toHaveProperty(
          'output',
        )
        expect(await store.find(id)).toMatchObject({ error: 'boom' })
      })

      it('goes back to the front of the queue, with what it had yielded deleted (DUR-5)', async () => {
        const ids = [await submit(store), await submit(store), await submit(store)]
        await beginNext(store)
        await beginNext(store)
        await store.append(ids[1] ?? '', 1, [Buffer.from('1'), Buffer.from('2')])
        await store.progress(ids[1] ?? '', 1, Buffer.from('"half"'))
        const job = await store.requeue(ids[1] ?? '', 1, { isRetry: true }, start + second)
        expect(job).toMatchObject({ state: 'IN_QUEUE', retries: 1, nextIndex: 2, delayMs: 5 })
        expect(job).not.toHaveProperty('output')
        await store.requeue(ids[0] ?? '', 1, { isRetry: false }, start + second)
        expect(await store.chunks(ids[1] ?? '', 0, 100)).toEqual({ chunks: [], more: false })
        expect(await claimAll(store)).toEqual(ids)
      })

      it('waits before the next one when it is told to (FN-6)', async () => {
        const id = await submitAndBegin(store)
        await store.requeue(id, 1, { isRetry: true, pauseMs: 10 * second }, start)
        const other = await submit(store)
        expect(await claimAll(store, start)).toEqual([other])
        expect(await store.sweep({ attempts: 3 }, start)).toBe(start + 10 * second)
        expect(await claimAll(store, start + 10 * second)).toEqual([id])
      })
    })

    describe('chunks', () => {
      it('have indexes in order of production, and are read from any of them on (STR-11)', async () => {
        const id = await submitAndBegin(store)
        expect(await store.append(id, 1, [Buffer.from('"a"'), Buffer.from('"b"')])).toBe(true)
        await store.append(id, 1, [Buffer.from('"c"')])
        const all = [0, 1, 2].map((index) => ({ index, json: Buffer.from(`"${'abc'[index]}"`) }))
        expect(await store.chunks(id, 0, 100)).toEqual({ chunks: all, more: false })
        expect(await store.chunks(id, 2, 100)).toEqual({ chunks: all.slice(2), more: false })
        expect(await store.chunks(id, 3, 100)).toEqual({ chunks: [], more: false })
        expect(await store.find(id)).toMatchObject({ nextIndex: 3 })
      })

      it('come as many as fit, and at least one (STR-5)', async () => {
        const id = await submitAndBegin(store)
        await store.append(
          id,
          1,
          ['1', '22', '333'].map((each) => Buffer.from(each)),
        )
        const page = async (from: number, most: number): Promise<unknown> => {
          const { chunks, more } = await store.chunks(id, from, most)
          return [chunks.map(({ index }) => index), more]
        }
        expect(await page(0, 3)).toEqual([[0, 1], true])
        expect(await page(0, 0)).toEqual([[0], true])
        expect(await page(2, 0)).toEqual([[2], false])
        expect(await page(0, 6)).toEqual([[0, 1, 2], false])
      })

      it('are undelivered until they are marked, in their place (STR-2)', async () => {
        const id = await submitAndBegin(store)
        await store.append(
          id,
          1,
          ['1', '2', '3'].map((each) => Buffer.from(each)),
        )
        const indexes = async (): Promise<number[]> =>
          (await store.undelivered(id, 100)).chunks.map(({ index }) => index)
        await store.markDelivered(id, [1])
        expect(await indexes()).toEqual([0, 2])
        await store.markDelivered(id, [0, 2, 7])
        expect(await indexes()).toEqual([])
        expect((await store.chunks(id, 0, 100)).chunks).toHaveLength(3)
      })

      it('are the output where the job says so, composed when it is read (§10.5)', async () => {
        const [id, silent] = [await submitAndBegin(store), await submitAndBegin(store)]
        await store.append(
          id,
          1,
          ['1', '"b"', '{"c": null}'].map((each) => Buffer.from(each)),
        )
        await store.markDelivered(id, [0])
        const output = Buffer.from('[1,"b",{"c": null}]')
        expect(await store.finish(id, 1, ended('COMPLETED', { output: 'chunks' }), start)).toMatchObject({
          output,
        })
        expect(await store.find(id)).toMatchObject({ output })
        await store.finish(silent, 1, ended('COMPLETED', { output: 'chunks' }), start)
        expect(await store.find(silent)).toMatchObject({ output: Buffer.from('[]') })
      })

      it('never use an index twice, however often the job runs (STR-10)', async () => {
        const id = await submitAndBegin(store)
        await store.append(id, 1, [Buffer.from('1'), Buffer.from('2')])
        await store.finish(id, 1, ended('FAILED', { error: 'boom' }), start)
        await store.retry(id, { queueLimit: 1 }, start)
        await beginNext(store)
        await store.append(id, 2, [Buffer.from('3')])
        expect((await store.chunks(id, 0, 100)).chunks).toEqual([{ index: 2, json: Buffer.from('3') }])
      })
    })

    describe('cancel, purge and retry', () => {
      it('cancels what waits and what runs, with the times so far (CTL-1)', async () => {
        const running = await submitAndBegin(store)
        const waiting = await submit(store)
        const later = start + 3 * second
        expect(await store.cancel(running, later)).toMatchObject({
          state: 'CANCELLED',
          delayMs: 5,
          executionMs: 3000,
        })
        expect(await store.cancel(waiting, later)).toMatchObject({
          state: 'CANCELLED',
          delayMs: 3000,
          executionMs: 0,
          instance: '',
        })
        expect(await store.finish(running, 1, ended(), later)).toBeUndefined()
      })

      it('never counts a time below zero when the clock jumps back (DUR-6)', async () => {
        const running = await submitAndBegin(store)
        const waiting = await submit(store)
        const earlier = start - minute
        expect(await store.cancel(running, earlier)).toMatchObject({ executionMs: 0 })
        expect(await store.cancel(waiting, earlier)).toMatchObject({ delayMs: 0 })
        const odd = await submit(store)
        await store.claim('r1', minute, start)
        expect(await store.begin(odd, 'r1', { instance: 'i-1', delayMs: -4 }, earlier)).toMatchObject({
          delayMs: 0,
        })
        expect(await store.finish(odd, 1, ended('COMPLETED', { executionMs: -9.5 }), earlier)).toMatchObject({
          executionMs: 0,
        })
      })

      it('purges only what waits, reserved or not (CTL-6)', async () => {
        const running = await submitAndBegin(store)
        const ids = [await submit(store), await submit(store)]
        await store.claim('r1', minute, start)
        expect(await store.purge(start)).toBe(2)
        expect(await store.purge(start)).toBe(0)
        const states = await Promise.all([...ids, running].map(async (id) => (await store.find(id))?.state))
        expect(states).toEqual(['CANCELLED', 'CANCELLED', 'IN_PROGRESS'])
      })

      it('retries what has failed: cleared, its clocks afresh, at the end of the queue (CTL-5)', async () => {
        const id = await submitAndBegin(store, { ttlMs: minute })
        await store.append(id, 1, [Buffer.from('1')])
        await store.finish(id, 1, ended('FAILED', { error: 'boom', output: Buffer.from('{"x":1}') }), start)
        const other = await submit(store)
        const later = start + 10 * second
        const { type, job } = (await store.retry(id, { queueLimit: 2 }, later)) as { type: string; job: Job }
        expect(type).toBe('queued')
        const cleared = {
          state: 'IN_QUEUE',
          submittedAt: later,
          expiresAt: later + minute,
          losses: 0,
          retries: 0,
        }
        expect(job).toMatchObject({
          ...cleared,
          attempt: 1,
          delayMs: 0,
          executionMs: 0,
          instance: '',
          nextIndex: 1,
        })
        expect(job).not.toHaveProperty('output')
        expect(job).not.toHaveProperty('error')
        expect(await claimAll(store, later)).toEqual([other, id])
      })

      it('retries FAILED and TIMED_OUT only, while the queue has room', async () => {
        const answers: unknown[] = []
        for (const state of ['COMPLETED', 'CANCELLED', 'FAILED', 'TIMED_OUT'] as const) {
          const id = await submitAndBegin(store)
          await store.finish(id, 1, ended(state), start)
          const { type } = await store.retry(id, { queueLimit: 0 }, start)
          answers.push([state, type, (await store.retry(id, { queueLimit: 1 }, start)).type])
          await store.purge(start)
        }
        expect(answers).toEqual([
          ['COMPLETED', 'refused', 'refused'],
          ['CANCELLED', 'refused', 'refused'],
          ['FAILED', 'full', 'queued'],
          ['TIMED_OUT', 'full', 'queued'],
        ])
      })

      it('keeps a result for as long as it is asked to (A-14)', async () => {
        const [done, running] = [await submitAndBegin(store), await submitAndBegin(store)]
        await store.finish(done, 1, ended(), start)
        expect(await store.keepFor(done, 5 * minute, start)).toMatchObject({ expiresAt: start + 5 * minute })
        const { expiresAt } = (await store.find(running)) ?? {}
        expect(await store.keepFor(running, minute, start)).toMatchObject({ expiresAt, retentionMs: minute })
        expect(await store.finish(running, 1, ended(), start)).toMatchObject({ expiresAt: start + minute })
      })
    })

    describe('idempotency keys', () => {
      it('give the same job with its current state, also when the queue is full (REQ-6)', async () => {
        const job = newJob()
        await store.submit(job, terms('k', 'd'), start)
        await beginNext(store)
        const again = await store.submit(
          newJob({ origin: 'sync' }),
          { ...terms('k', 'd'), queueLimit: 0 },
          start,
        )
        expect(again).toMatchObject({ type: 'known', id: job.id, state: 'IN_PROGRESS', job: { id: job.id } })
        expect(await store.count()).toMatchObject({ inQueue: 0, inProgress: 1 })
      })

      it('refuse a different request (REQ-7)', async () => {
        await store.submit(newJob(), terms('k', 'd'), start)
        expect(await store.submit(newJob(), terms('k', 'other'), start)).toEqual({ type: 'conflict' })
      })

      it('outlive the result with id and final state, and end after their time (REQ-7)', async () => {
        const job = newJob()
        await store.submit(job, terms('k', 'd'), start)
        await beginNext(store)
        await store.finish(job.id, 1, ended('FAILED', { error: 'boom' }), start)
        const later = start + 30 * minute
        await store.sweep({ attempts: 3 }, later)
        expect(await store.submit(newJob(), terms('k', 'd'), later)).toEqual({
          type: 'known',
          id: job.id,
          state: 'FAILED',
          job: undefined,
        })
        const nextDay = start + 24 * 60 * minute
        await store.sweep({ attempts: 3 }, nextDay)
        expect(await store.submit(newJob(), terms('k', 'other'), nextDay)).toMatchObject({ type: 'accepted' })
      })

      it('are not taken by a request that found the queue full', async () => {
        expect(await store.submit(newJob(), { ...terms('k', 'd'), queueLimit: 0 }, start)).toEqual({
          type: 'full',
        })
        expect(await store.submit(newJob(), terms('k', 'd'), start)).toMatchObject({ type: 'accepted' })
      })
    })

    describe('time', () => {
      it('ends a job at its ttl: TIMED_OUT to those who listen, then gone; it counts as failed (C-5)', async () => {
        const waiting = await submit(store, { ttlMs: minute })
        const told: unknown[] = []
        store.onChange((id, job) => told.push([id === waiting, job?.state, job?.error]))
        const gone = changeOf(store, (id, job) => id === waiting && job === undefined)
        expect(await store.sweep({ attempts: 3 }, start)).toBe(start + minute)
        expect(await store.find(waiting)).toBeDefined()
        await store.sweep({ attempts: 3 }, start + minute)
        await gone
        const error = 'ttl of 60000 ms exceeded'
        expect(told).toEqual([
          [true, 'TIMED_OUT', error],
          [true, undefined, undefined],
        ])
        expect(await store.find(waiting)).toBeUndefined()
        expect(await store.count()).toMatchObject({ inQueue: 0, failed: 1 })
      })

      it('ends a running job at its ttl as well: its attempt writes nothing more (C-5)', async () => {
        const id = await submitAndBegin(store, { ttlMs: minute })
        await store.sweep({ attempts: 3 }, start + minute)
        expect(await store.append(id, 1, [Buffer.from('1')])).toBe(false)
        expect(await store.finish(id, 1, ended(), start + minute)).toBeUndefined()
        expect(await store.renew('r1', [id], minute, start + minute)).toEqual([id])
      })

      it('reserves no job whose ttl is over', async () => {
        await submit(store, { ttlMs: minute })
        expect(await store.claim('r1', minute, start + minute)).toBeUndefined()
      })

      it('removes a job after its retention, whatever its ttl, and its counters stay (§9, CTL-7)', async () => {
        const id = await submitAndBegin(store, { ttlMs: minute, retentionMs: 5 * minute })
        await store.append(id, 1, [Buffer.from('1')])
        await store.finish(id, 1, ended(), start)
        await store.sweep({ attempts: 3 }, start + 5 * minute - 1)
        expect(await store.find(id)).toBeDefined()
        await store.sweep({ attempts: 3 }, start + 5 * minute)
        expect(await store.find(id)).toBeUndefined()
        expect(await store.chunks(id, 0, 100)).toEqual({ chunks: [], more: false })
        expect(await store.retry(id, { queueLimit: 1 }, start)).toEqual({ type: 'unknown' })
        expect(await store.count()).toMatchObject({ completed: 1 })
      })

      it('has nothing left to do in the end', async () => {
        await submitAndBegin(store, { ttlMs: minute })
        const far = start + 365 * 24 * 60 * minute
        await store.sweep({ attempts: 3 }, start + minute)
        await store.sweep({ attempts: 3 }, far)
        expect(await store.sweep({ attempts: 3 }, far)).toBeUndefined()
      })

      it('gives up reservations and attempts whose lease has lapsed, the oldest first (DUR-4)', async () => {
        const ids = [await submit(store), await submit(store), await submit(store), await submit(store)]
        await beginNext(store)
        await beginNext(store)
        await store.claim('r1', minute, start)
        expect(await store.sweep({ attempts: 3 }, start + second)).toBe(start + minute)
        await store.sweep({ attempts: 3 }, start + minute)
        const losses = await Promise.all(ids.map(async (id) => (await store.find(id))?.losses))
        expect(losses).toEqual([1, 1, 0, 0])
        expect(await claimAll(store, start + minute)).toEqual(ids)
      })

      it('fails a job that was lost too often (DUR-4)', async () => {
        const id = await submit(store)
        let now = start
        for (let time = 1; time <= 3; time += 1) {
          await beginNext(store, now)
          now += minute
          await store.sweep({ attempts: 3 }, now)
        }
        const error = 'lost with its container 3 times'
        expect(await store.find(id)).toMatchObject({ state: 'FAILED', error, losses: 3, executionMs: minute })
        await store.retry(id, { queueLimit: 1 }, now)
        expect(await store.find(id)).toMatchObject({ state: 'IN_QUEUE', losses: 0 })
      })

      it('lapses for a job that its runner does not name any more', async () => {
        const [named, forgotten] = [await submitAndBegin(store), await submitAndBegin(store)]
        expect(await store.renew('r1', [named], minute, start + 50 * second)).toEqual([])
        await store.sweep({ attempts: 3 }, start + minute)
        expect(await claimAll(store, start + minute)).toEqual([forgotten])
      })

      it('leaves what is renewed, and tells the runner what it has lost', async () => {
        const ids = [await submitAndBegin(store), await submit(store), await submit(store)]
        await claimAll(store, start, 'r1')
        await store.cancel(ids[2] ?? '', start)
        expect(await store.renew('r1', ids, minute, start + 50 * second)).toEqual([ids[2]])
        await store.sweep({ attempts: 3 }, start + minute)
        expect(await claimAll(store, start + minute)).toEqual([])
        await store.sweep({ attempts: 3 }, start + 3 * minute)
        expect(await claimAll(store, start + 3 * minute)).toEqual(ids.slice(0, 2))
        expect(await store.renew('r1', ids, minute, start + 3 * minute)).toEqual(ids)
      })
    })

    describe('deliveries', () => {
      it('are made by every end of a job that wants them, in all four states (WH-1)', async () => {
        for (const state of ['COMPLETED', 'FAILED', 'CANCELLED', 'TIMED_OUT'] as const) {
          const id = await submitAndBegin(store, { notify: true })
          await store.finish(id, 1, ended(state), start)
        }
        await store.cancel(await submit(store, { notify: true }), start)
        await store.finish(await submitAndBegin(store), 1, ended(), start)
        const states: JobState[] = ['COMPLETED', 'FAILED', 'CANCELLED', 'TIMED_OUT', 'CANCELLED']
        expect(await due(start)).toEqual(states.map((state) => [state, 0]))
      })

      it('hold the job as it was, with input and composed output and without s3Config, even when it is removed', async () => {
        const id = await submitAndBegin(store, {
          notify: true,
          s3Config: '{}',
          webhook: 'https://example.com',
        })
        await store.append(id, 1, [Buffer.from('1'), Buffer.from('2')])
        await store.finish(id, 1, ended('COMPLETED', { output: 'chunks' }), start)
        await store.sweep({ attempts: 3 }, start + 30 * minute)
        await store.sweep({ attempts: 3 }, start + 60 * minute)
        expect(await store.find(id)).toBeUndefined()
        const [delivery] = await store.dueDeliveries('r1', 10, minute, start + 60 * minute)
        expect(delivery?.job).toMatchObject({
          id,
          state: 'COMPLETED',
          input: Buffer.from('{"prompt":"Hello"}'),
        })
        expect(delivery?.job).toMatchObject({ output: Buffer.from('[1,2]'), webhook: 'https://example.com' })
        expect(delivery?.job).not.toHaveProperty('s3Config')
        await store.settleDelivery(delivery?.id ?? '', undefined)
        await store.sweep({ attempts: 3 }, start + 90 * minute)
        expect(await store.sweep({ attempts: 3 }, start + 90 * minute)).toBeUndefined()
      })

      it('are made for the ttl, too (C-5)', async () => {
        await submit(store, { notify: true, ttlMs: minute })
        await store.sweep({ attempts: 3 }, start + minute)
        expect(await due(start + minute)).toEqual([['TIMED_OUT', 0]])
      })

      it('are reserved like jobs: given to one, and due again when the lease has lapsed', async () => {
        await store.cancel(await submit(store, { notify: true }), start)
        expect(await due(start)).toHaveLength(1)
        expect(await due(start)).toHaveLength(0)
        expect(await due(start + minute)).toHaveLength(1)
      })

      it('come as many as are asked for, are tried again at their time, and end', async () => {
        for (let n = 0; n < 3; n += 1) await store.cancel(await submit(store, { notify: true }), start)
        const two = await store.dueDeliveries('r1', 2, minute, start)
        expect(two).toHaveLength(2)
        await store.settleDelivery(two[0]?.id ?? '', start + 10 * second)
        await store.settleDelivery(two[1]?.id ?? '', undefined)
        expect(await due(start)).toEqual([['CANCELLED', 0]])
        expect(await due(start + 10 * second)).toEqual([['CANCELLED', 1]])
      })

      it('are dropped by a retry, and a late verdict does not touch the next one (CTL-5)', async () => {
        const id = await submitAndBegin(store, { notify: true })
        await store.finish(id, 1, ended('FAILED', { error: 'boom' }), start)
        const [first] = await store.dueDeliveries('r1', 1, minute, start)
        await store.retry(id, { queueLimit: 1 }, start)
        expect(await due(start + minute)).toEqual([])
        await beginNext(store, start)
        await store.finish(id, 2, ended(), start)
        await store.settleDelivery(first?.id ?? '', undefined)
        expect(await due(start)).toEqual([['COMPLETED', 0]])
      })
    })

    describe('counters', () => {
      it('count what is and what was, of the origins run and sync (CTL-7)', async () => {
        for (const origin of ['run', 'sync', 'async'] as const) {
          for (const state of ['COMPLETED', 'FAILED', 'TIMED_OUT', 'CANCELLED'] as const)
            await store.finish(await submitAndBegin(store, { origin }), 1, ended(state), start)
          await store.requeue(await submitAndBegin(store, { origin }), 1, { isRetry: true }, start)
          await beginNext(store)
          await store.requeue(await submitAndBegin(store, { origin }), 1, { isRetry: false }, start)
          await beginNext(store)
        }
        await submit(store)
        await submit(store, { origin: 'async' })
        expect(await store.count()).toEqual({
          inQueue: 1,
          inProgress: 4,
          completed: 2,
          failed: 4,
          retried: 2,
        })
      })
    })

    describe('changes', () => {
      it('are told with the job as it is then, its revision growing', async () => {
        const told: Job[] = []
        store.onChange((_id, job) => {
          if (job !== undefined) told.push(job)
        })
        const done = changeOf(store, (_id, job) => job?.state === 'COMPLETED')
        const id = await submitAndBegin(store)
        await store.append(id, 1, [Buffer.from('1')])
        await store.progress(id, 1, Buffer.from('"half"'))
        await store.finish(id, 1, ended('COMPLETED', { output: 'chunks' }), start)
        await done
        expect(told.map(({ state }) => state)).toEqual([
          'IN_QUEUE',
          'IN_PROGRESS',
          'IN_PROGRESS',
          'IN_PROGRESS',
          'COMPLETED',
        ])
        expect(told.map(({ revision }) => revision)).toEqual(
          told.map(({ revision }) => revision).toSorted((a, b) => a - b),
        )
        expect(told.at(3)?.output).toEqual(Buffer.from('"half"'))
        expect(told.at(4)).toEqual(await store.find(id))
      })

      it('are told of removals by retention as such', async () => {
        const id = await submitAndBegin(store, { retentionMs: minute })
        await store.finish(id, 1, ended(), start)
        const told: (JobState | undefined)[] = []
        store.onChange((_id, job) => told.push(job?.state))
        const gone = changeOf(store, (_id, job) => job === undefined)
        await store.sweep({ attempts: 3 }, start + minute)
        await gone
        expect(told).toEqual([undefined])
      })
    })

    it('does what is asked at the same time without mixing it up', async () => {
      const ids = Array.from({ length: 200 }, () => randomUUID())
      await Promise.all(ids.map((id) => store.submit(newJob({ id }), { queueLimit: 1000 }, start)))
      expect(await claimAll(store)).toEqual(ids)
    })

    it('can be stopped twice; a stopped one refuses everything', async () => {
      await store.stop()
      await store.stop()
      await expect(store.find('x')).rejects.toThrow('stopped')
    })

    it('can be stopped before it was started', async () => {
      const other = open()
      await other.stop()
      await expect(other.start()).rejects.toThrow('stopped')
    })
  })
}

function terms(key: string, digest: string): SubmitTerms {
  return { queueLimit: 10, idempotency: { key, digest, keptMs: 24 * 60 * minute } }
}
