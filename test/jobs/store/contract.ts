// The contract of stores of jobs: what every engine does. Run by a test of each engine.

import { randomUUID } from 'node:crypto'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { JobRecord, JobState } from '../../../src/jobs/model/job.ts'
import type { Change, JobStore, SubmitTerms } from '../../../src/jobs/model/store.ts'
import {
  append,
  at,
  attempt,
  beginNext,
  changeOf,
  claimAll,
  claimNext,
  ended,
  minute,
  newJob,
  onChange,
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
      (await at(store, now).dueDeliveries(10, minute)).map(({ job, attempts }) => [job.state, attempts])

    describe('the queue', () => {
      it('gives back what was submitted, text for text (A-9)', async () => {
        const sent = newJob({
          input: Buffer.from('{"n":12345678901234567890,"x":1.50}'),
          webhook: 'https://example.com/done',
          policy: '{"ttl": 5}',
          s3Config: '{"accessSecret": "s"}',
          lowPriority: true,
        })
        const submitted = await store.submit(sent, { queueLimit: 1 })
        expect(submitted).toMatchObject({
          type: 'accepted',
          job: { id: sent.id, state: 'IN_QUEUE', attempt: 0 },
        })
        expect(await claimNext(store, 'r1')).toMatchObject(sent)
      })

      it('keeps input and s3Config from those who only ask for the job (REQ-5)', async () => {
        const id = await submit(store, { s3Config: '{"accessSecret":"s"}' })
        const job = await store.find(id)
        expect(job).not.toHaveProperty('input')
        expect(job).not.toHaveProperty('s3Config')
      })

      it('knows nothing of an unknown id', async () => {
        expect(await store.find('no such job')).toBeUndefined()
        expect(await store.cancel('no such job')).toBeUndefined()
        expect(await store.keepFor('no such job', minute)).toBeUndefined()
        expect(await store.retry('no such job', { queueLimit: 1 })).toEqual({ type: 'unknown' })
        expect(await store.chunks('no such job', 0, 10)).toEqual({ chunks: [], more: false })
      })

      it('is in order of submission, whatever the priority (C-3)', async () => {
        const ids = [await submit(store), await submit(store, { lowPriority: true }), await submit(store)]
        expect(await claimAll(store)).toEqual(ids)
      })

      it('gives each job to one runner only', async () => {
        const ids = [await submit(store), await submit(store)]
        const claims = await Promise.all(['r1', 'r2', 'r3'].map((each) => claimNext(store, each)))
        expect(claims.map((job) => job?.id)).toEqual([...ids, undefined])
      })

      it('is full at its limit, which counts what waits and not what runs', async () => {
        const limited = { queueLimit: 1 }
        await submitAndBegin(store)
        expect(await store.submit(newJob(), limited)).toMatchObject({ type: 'accepted' })
        expect(await store.submit(newJob(), limited)).toEqual({ type: 'full' })
      })

      it('takes no second job with the id of one that is there', async () => {
        const id = await submit(store)
        expect(await store.submit(newJob({ id }), { queueLimit: 10 })).toEqual({ type: 'conflict' })
        expect(await store.count()).toMatchObject({ inQueue: 1 })
      })

      it('takes reservations back, each at its old place', async () => {
        const ids = [await submit(store), await submit(store), await submit(store)]
        const [first = '', ...others] = await claimAll(store, 'r1')
        await store.release([first], 'another')
        expect(await claimAll(store)).toEqual([])
        await store.release([first, ...others], 'r1')
        expect(await claimAll(store)).toEqual(ids)
      })

      it('holds bodies of many megabytes', async () => {
        const input = Buffer.alloc(12 * 1024 * 1024, 'x')
        await submit(store, { input })
        const work = await claimNext(store, 'r1')
        expect(work?.input.equals(input)).toBe(true)
        await store.begin(work?.id ?? '', 'r1', 'i-1')
        await store.finish(attempt(work?.id), ended('COMPLETED', { output: input }))
        const job = await store.find(work?.id ?? '')
        expect(job?.output?.equals(input)).toBe(true)
      })
    })

    describe('an attempt', () => {
      it('begins when the runner holds the job: IN_PROGRESS, with number, instance and delay', async () => {
        const id = await submit(store)
        await claimNext(store, 'r1')
        expect(await store.begin(id, 'another', 'i-7')).toBeUndefined()
        expect(await at(store, start + second).begin(id, 'r1', 'i-7')).toMatchObject({
          state: 'IN_PROGRESS',
          attempt: 1,
          instance: 'i-7',
          delayMs: 1000,
          since: start + second,
        })
        expect(await store.begin(id, 'r1', 'i-7')).toBeUndefined()
      })

      it('does not begin when the reservation has lapsed, or the job was cancelled meanwhile', async () => {
        const ids = [await submit(store), await submit(store)]
        await claimAll(store, 'r1')
        await store.cancel(ids[1] ?? '')
        expect(await at(store, start + minute).begin(ids[0] ?? '', 'r1', 'i-7')).toBeUndefined()
        expect(await store.begin(ids[1] ?? '', 'r1', 'i-7')).toBeUndefined()
      })

      it('ends its job, and what comes later is dropped (C-4)', async () => {
        const id = await submitAndBegin(store)
        const output = Buffer.from('{"text":"Hi"}')
        const job = await at(store, start + second).finish(attempt(id), ended('COMPLETED', { output }))
        expect(job).toMatchObject({
          state: 'COMPLETED',
          executionMs: 840,
          expiresAt: start + second + 30 * minute,
        })
        expect(await store.finish(attempt(id), ended('FAILED', { error: 'late' }))).toBeUndefined()
        expect(await append(store, id, 1, [Buffer.from('1')])).toBe(false)
        await store.progress(attempt(id), Buffer.from('"late"'))
        expect(await store.requeue(attempt(id), { isRetry: true })).toBeUndefined()
        expect(await store.cancel(id)).toEqual(job)
        expect(await store.find(id)).toEqual({ ...job, output })
      })

      it('is the only one that counts: an earlier one writes nothing (C-4)', async () => {
        const id = await submitAndBegin(store)
        await store.requeue(attempt(id), { isRetry: false })
        await beginNext(store)
        expect(await append(store, id, 1, [Buffer.from('1')])).toBe(false)
        expect(await store.finish(attempt(id), ended())).toBeUndefined()
        expect(await store.requeue(attempt(id), { isRetry: false })).toBeUndefined()
        expect(await store.finish(attempt(id, 2), ended())).toMatchObject({ state: 'COMPLETED', attempt: 2 })
      })

      it('shows its latest progress, which the result replaces (W-14)', async () => {
        const id = await submitAndBegin(store)
        await store.progress(attempt(id), Buffer.from('"step 1"'))
        await store.progress(attempt(id), Buffer.from('"step 2"'))
        expect(await store.find(id)).toMatchObject({ output: Buffer.from('"step 2"') })
        expect(await store.finish(attempt(id), ended('FAILED', { error: 'boom' }))).not.toHaveProperty(
          'output',
        )
        expect(await store.find(id)).toMatchObject({ error: 'boom' })
      })

      it('goes back to the front of the queue, with what it had yielded deleted (DUR-5)', async () => {
        const ids = [await submit(store), await submit(store), await submit(store)]
        await beginNext(store)
        await beginNext(store)
        await append(store, ids[1] ?? '', 1, [Buffer.from('1'), Buffer.from('2')])
        await store.progress(attempt(ids[1] ?? '', 1), Buffer.from('"half"'))
        const job = await at(store, start + second).requeue(attempt(ids[1] ?? '', 1), { isRetry: true })
        expect(job).toMatchObject({ state: 'IN_QUEUE', retries: 1, nextIndex: 2 })
        expect(job).not.toHaveProperty('output')
        await at(store, start + second).requeue(attempt(ids[0] ?? '', 1), { isRetry: false })
        expect(await store.chunks(ids[1] ?? '', 0, 100)).toEqual({ chunks: [], more: false })
        expect(await claimAll(store)).toEqual(ids)
      })

      it('waits before the next one when it is told to (FN-6)', async () => {
        const id = await submitAndBegin(store)
        await store.requeue(attempt(id), { isRetry: true, pauseMs: 10 * second })
        const other = await submit(store)
        expect(await claimAll(store)).toEqual([other])
        expect(await store.sweep({ attempts: 3 })).toBe(start + 10 * second)
        expect(await claimAll(at(store, start + 10 * second))).toEqual([id])
      })
    })

    describe('chunks', () => {
      it('have indexes in order of production, and are read from any of them on (STR-11)', async () => {
        const id = await submitAndBegin(store)
        expect(await append(store, id, 1, [Buffer.from('"a"'), Buffer.from('"b"')])).toBe(true)
        await append(store, id, 1, [Buffer.from('"c"')])
        const all = [0, 1, 2].map((index) => ({ index, json: Buffer.from(`"${'abc'[index]}"`) }))
        expect(await store.chunks(id, 0, 100)).toEqual({ chunks: all, more: false })
        expect(await store.chunks(id, 2, 100)).toEqual({ chunks: all.slice(2), more: false })
        expect(await store.chunks(id, 3, 100)).toEqual({ chunks: [], more: false })
        expect(await store.find(id)).toMatchObject({ nextIndex: 3 })
      })

      it('come as many as fit, and at least one (STR-5)', async () => {
        const id = await submitAndBegin(store)
        await append(
          store,
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
        await append(
          store,
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
        await append(
          store,
          id,
          1,
          ['1', '"b"', '{"c": null}'].map((each) => Buffer.from(each)),
        )
        await store.markDelivered(id, [0])
        const output = Buffer.from('[1,"b",{"c": null}]')
        await store.finish(attempt(id), ended('COMPLETED', { output: 'chunks' }))
        expect(await store.find(id)).toMatchObject({ output })
        await store.finish(attempt(silent, 1), ended('COMPLETED', { output: 'chunks' }))
        expect(await store.find(silent)).toMatchObject({ output: Buffer.from('[]') })
      })

      it('never use an index twice, however often the job runs (STR-10)', async () => {
        const id = await submitAndBegin(store)
        await append(store, id, 1, [Buffer.from('1'), Buffer.from('2')])
        await store.finish(attempt(id), ended('FAILED', { error: 'boom' }))
        await store.retry(id, { queueLimit: 1 })
        await beginNext(store)
        await append(store, id, 2, [Buffer.from('3')])
        expect((await store.chunks(id, 0, 100)).chunks).toEqual([{ index: 2, json: Buffer.from('3') }])
      })
    })

    describe('cancel, purge and retry', () => {
      it('cancels what waits and what runs, with the times so far (CTL-1)', async () => {
        const running = await submitAndBegin(store)
        const waiting = await submit(store)
        const later = start + 3 * second
        expect(await at(store, later).cancel(running)).toMatchObject({
          state: 'CANCELLED',
          delayMs: 0,
          executionMs: 3000,
        })
        expect(await at(store, later).cancel(waiting)).toMatchObject({
          state: 'CANCELLED',
          delayMs: 3000,
          executionMs: 0,
          instance: '',
        })
        expect(await at(store, later).finish(attempt(running, 1), ended())).toBeUndefined()
      })

      it('never counts a time below zero when the clock jumps back (DUR-6)', async () => {
        const running = await submitAndBegin(store)
        const waiting = await submit(store)
        const earlier = start - minute
        expect(await at(store, earlier).cancel(running)).toMatchObject({ executionMs: 0 })
        expect(await at(store, earlier).cancel(waiting)).toMatchObject({ delayMs: 0 })
        const odd = await submit(store)
        await claimNext(store, 'r1')
        expect(await at(store, earlier).begin(odd, 'r1', 'i-1')).toMatchObject({
          delayMs: 0,
        })
        expect(
          await at(store, earlier).finish(attempt(odd, 1), ended('COMPLETED', { executionMs: -9.5 })),
        ).toMatchObject({
          executionMs: 0,
        })
      })

      it('purges only what waits, reserved or not (CTL-6)', async () => {
        const running = await submitAndBegin(store)
        const ids = [await submit(store), await submit(store)]
        await claimNext(store, 'r1')
        expect(await store.purge()).toBe(2)
        expect(await store.purge()).toBe(0)
        const states = await Promise.all([...ids, running].map(async (id) => (await store.find(id))?.state))
        expect(states).toEqual(['CANCELLED', 'CANCELLED', 'IN_PROGRESS'])
      })

      it('retries what has failed: cleared, its clocks afresh, at the end of the queue (CTL-5)', async () => {
        const id = await submitAndBegin(store, { ttlMs: minute })
        await append(store, id, 1, [Buffer.from('1')])
        await store.finish(attempt(id), ended('FAILED', { error: 'boom', output: Buffer.from('{"x":1}') }))
        const other = await submit(store)
        const later = start + 10 * second
        const { type, job } = (await at(store, later).retry(id, { queueLimit: 2 })) as {
          type: string
          job: JobRecord
        }
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
        expect(await claimAll(at(store, later))).toEqual([other, id])
      })

      it('retries FAILED and TIMED_OUT only, while the queue has room', async () => {
        const answers: unknown[] = []
        for (const state of ['COMPLETED', 'CANCELLED', 'FAILED', 'TIMED_OUT'] as const) {
          const id = await submitAndBegin(store)
          await store.finish(attempt(id), ended(state))
          const { type } = await store.retry(id, { queueLimit: 0 })
          answers.push([state, type, (await store.retry(id, { queueLimit: 1 })).type])
          await store.purge()
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
        await store.finish(attempt(done, 1), ended())
        expect(await store.keepFor(done, 5 * minute)).toMatchObject({ expiresAt: start + 5 * minute })
        const { expiresAt } = (await store.find(running)) ?? {}
        expect(await store.keepFor(running, minute)).toMatchObject({ expiresAt, retentionMs: minute })
        expect(await store.finish(attempt(running, 1), ended())).toMatchObject({ expiresAt: start + minute })
      })
    })

    describe('idempotency keys', () => {
      it('give the same job with its current state, also when the queue is full (REQ-6)', async () => {
        const job = newJob()
        await store.submit(job, terms('k', 'd'))
        await beginNext(store)
        const again = await store.submit(newJob({ origin: 'sync' }), { ...terms('k', 'd'), queueLimit: 0 })
        expect(again).toMatchObject({ type: 'known', id: job.id, state: 'IN_PROGRESS', job: { id: job.id } })
        expect(await store.count()).toMatchObject({ inQueue: 0, inProgress: 1 })
      })

      it('refuse a different request (REQ-7)', async () => {
        await store.submit(newJob(), terms('k', 'd'))
        expect(await store.submit(newJob(), terms('k', 'other'))).toEqual({ type: 'conflict' })
      })

      it('outlive the result with id and final state, and end after their time (REQ-7)', async () => {
        const job = newJob()
        await store.submit(job, terms('k', 'd'))
        await beginNext(store)
        await store.finish(attempt(job.id, 1), ended('FAILED', { error: 'boom' }))
        const later = start + 30 * minute
        await at(store, later).sweep({ attempts: 3 })
        expect(await at(store, later).submit(newJob(), terms('k', 'd'))).toEqual({
          type: 'known',
          id: job.id,
          state: 'FAILED',
          job: undefined,
        })
        const nextDay = start + 24 * 60 * minute
        await at(store, nextDay).sweep({ attempts: 3 })
        expect(await at(store, nextDay).submit(newJob(), terms('k', 'other'))).toMatchObject({
          type: 'accepted',
        })
      })

      it('are not taken by a request that found the queue full', async () => {
        expect(await store.submit(newJob(), { ...terms('k', 'd'), queueLimit: 0 })).toEqual({
          type: 'full',
        })
        expect(await store.submit(newJob(), terms('k', 'd'))).toMatchObject({ type: 'accepted' })
      })
    })

    describe('time', () => {
      it('ends a job at its ttl: TIMED_OUT to those who listen, then gone; it counts as failed (C-5)', async () => {
        const waiting = await submit(store, { ttlMs: minute })
        const gone = changeOf(store, ({ id, removed }) => id === waiting && removed)
        expect(await store.sweep({ attempts: 3 })).toBe(start + minute)
        expect(await store.find(waiting)).toBeDefined()
        await at(store, start + minute).sweep({ attempts: 3 })
        expect(await gone).toMatchObject({ state: 'TIMED_OUT' })
        expect(await store.find(waiting)).toBeUndefined()
        const error = 'ttl of 60000 ms exceeded'
        expect(await store.findRemoved(waiting)).toMatchObject({ state: 'TIMED_OUT', error, delayMs: minute })
        expect(await store.count()).toMatchObject({ inQueue: 0, failed: 1 })
      })

      it('ends a running job at its ttl as well: its attempt writes nothing more (C-5)', async () => {
        const id = await submitAndBegin(store, { ttlMs: minute })
        await at(store, start + minute).sweep({ attempts: 3 })
        expect(await append(store, id, 1, [Buffer.from('1')])).toBe(false)
        expect(await at(store, start + minute).finish(attempt(id), ended())).toBeUndefined()
        expect(await at(store, start + minute).renew('r1', [id], minute)).toEqual([id])
      })

      it('reserves no job whose ttl is over', async () => {
        await submit(store, { ttlMs: minute })
        expect(await claimNext(at(store, start + minute), 'r1')).toBeUndefined()
      })

      it('removes a job after its retention, whatever its ttl, and its counters stay (§9, CTL-7)', async () => {
        const id = await submitAndBegin(store, { ttlMs: minute, retentionMs: 5 * minute })
        await append(store, id, 1, [Buffer.from('1')])
        await store.finish(attempt(id), ended())
        await at(store, start + 5 * minute - 1).sweep({ attempts: 3 })
        expect(await store.find(id)).toBeDefined()
        await at(store, start + 5 * minute).sweep({ attempts: 3 })
        expect(await store.find(id)).toBeUndefined()
        expect(await store.chunks(id, 0, 100)).toEqual({ chunks: [], more: false })
        expect(await store.retry(id, { queueLimit: 1 })).toEqual({ type: 'unknown' })
        expect(await store.count()).toMatchObject({ completed: 1 })
      })

      it('has nothing left to do in the end', async () => {
        await submitAndBegin(store, { ttlMs: minute })
        const far = start + 365 * 24 * 60 * minute
        await at(store, start + minute).sweep({ attempts: 3 })
        await at(store, far).sweep({ attempts: 3 })
        expect(await at(store, far).sweep({ attempts: 3 })).toBeUndefined()
      })

      it('gives up reservations and attempts whose lease has lapsed, the oldest first (DUR-4)', async () => {
        const ids = [await submit(store), await submit(store), await submit(store), await submit(store)]
        await beginNext(store)
        await beginNext(store)
        await claimNext(store, 'r1')
        expect(await at(store, start + second).sweep({ attempts: 3 })).toBe(start + minute)
        await at(store, start + minute).sweep({ attempts: 3 })
        const losses = await Promise.all(ids.map(async (id) => (await store.find(id))?.losses))
        expect(losses).toEqual([1, 1, 0, 0])
        expect(await claimAll(at(store, start + minute))).toEqual(ids)
      })

      it('fails a job that was lost too often (DUR-4)', async () => {
        const id = await submit(store)
        let now = start
        for (let time = 1; time <= 3; time += 1) {
          await beginNext(at(store, now))
          now += minute
          await at(store, now).sweep({ attempts: 3 })
        }
        const error = 'lost with its container 3 times'
        expect(await store.find(id)).toMatchObject({ state: 'FAILED', error, losses: 3, executionMs: minute })
        await at(store, now).retry(id, { queueLimit: 1 })
        expect(await store.find(id)).toMatchObject({ state: 'IN_QUEUE', losses: 0 })
      })

      it('lapses for a job that its runner does not name any more', async () => {
        const [named, forgotten] = [await submitAndBegin(store), await submitAndBegin(store)]
        expect(await at(store, start + 50 * second).renew('r1', [named], minute)).toEqual([])
        await at(store, start + minute).sweep({ attempts: 3 })
        expect(await claimAll(at(store, start + minute))).toEqual([forgotten])
      })

      it('leaves what is renewed, and tells the runner what it has lost', async () => {
        const ids = [await submitAndBegin(store), await submit(store), await submit(store)]
        await claimAll(store, 'r1')
        await store.cancel(ids[2] ?? '')
        expect(await at(store, start + 50 * second).renew('r1', ids, minute)).toEqual([ids[2]])
        await at(store, start + minute).sweep({ attempts: 3 })
        expect(await claimAll(at(store, start + minute))).toEqual([])
        await at(store, start + 3 * minute).sweep({ attempts: 3 })
        expect(await claimAll(at(store, start + 3 * minute))).toEqual(ids.slice(0, 2))
        expect(await at(store, start + 3 * minute).renew('r1', ids, minute)).toEqual(ids)
      })
    })

    describe('deliveries', () => {
      it('are made by every end of a job that wants them, in all four states (WH-1)', async () => {
        for (const state of ['COMPLETED', 'FAILED', 'CANCELLED', 'TIMED_OUT'] as const) {
          const id = await submitAndBegin(store, { notify: true })
          await store.finish(attempt(id), ended(state))
        }
        await store.cancel(await submit(store, { notify: true }))
        await store.finish(attempt(await submitAndBegin(store), 1), ended())
        const states: JobState[] = ['COMPLETED', 'FAILED', 'CANCELLED', 'TIMED_OUT', 'CANCELLED']
        expect(await due(start)).toEqual(states.map((state) => [state, 0]))
      })

      it('hold the job as it was, with input and composed output and without s3Config, even when it is removed', async () => {
        const id = await submitAndBegin(store, {
          notify: true,
          s3Config: '{}',
          webhook: 'https://example.com',
        })
        await append(store, id, 1, [Buffer.from('1'), Buffer.from('2')])
        await store.finish(attempt(id), ended('COMPLETED', { output: 'chunks' }))
        await at(store, start + 30 * minute).sweep({ attempts: 3 })
        await at(store, start + 60 * minute).sweep({ attempts: 3 })
        expect(await store.find(id)).toBeUndefined()
        const [delivery] = await at(store, start + 60 * minute).dueDeliveries(10, minute)
        expect(delivery?.job).toMatchObject({
          id,
          state: 'COMPLETED',
          input: Buffer.from('{"prompt":"Hello"}'),
        })
        expect(delivery?.job).toMatchObject({ output: Buffer.from('[1,2]'), webhook: 'https://example.com' })
        expect(delivery?.job).not.toHaveProperty('s3Config')
        await store.settleDelivery(delivery?.id ?? '', undefined)
        await at(store, start + 90 * minute).sweep({ attempts: 3 })
        expect(await at(store, start + 90 * minute).sweep({ attempts: 3 })).toBeUndefined()
      })

      it('are made for the ttl, too (C-5)', async () => {
        await submit(store, { notify: true, ttlMs: minute })
        await at(store, start + minute).sweep({ attempts: 3 })
        expect(await due(start + minute)).toEqual([['TIMED_OUT', 0]])
      })

      it('are reserved like jobs: given to one, and due again when the lease has lapsed', async () => {
        await store.cancel(await submit(store, { notify: true }))
        expect(await due(start)).toHaveLength(1)
        expect(await due(start)).toHaveLength(0)
        expect(await due(start + minute)).toHaveLength(1)
      })

      it('come as many as are asked for, are tried again at their time, and end', async () => {
        for (let n = 0; n < 3; n += 1) await store.cancel(await submit(store, { notify: true }))
        const two = await store.dueDeliveries(2, minute)
        expect(two).toHaveLength(2)
        await store.settleDelivery(two[0]?.id ?? '', 10 * second)
        await store.settleDelivery(two[1]?.id ?? '', undefined)
        expect(await due(start)).toEqual([['CANCELLED', 0]])
        expect(await due(start + 10 * second)).toEqual([['CANCELLED', 1]])
      })

      it('are dropped by a retry, and a late outcome does not touch the next one (CTL-5)', async () => {
        const id = await submitAndBegin(store, { notify: true })
        await store.finish(attempt(id), ended('FAILED', { error: 'boom' }))
        const [first] = await store.dueDeliveries(1, minute)
        await store.retry(id, { queueLimit: 1 })
        expect(await due(start + minute)).toEqual([])
        await beginNext(store)
        await store.finish(attempt(id, 2), ended())
        await store.settleDelivery(first?.id ?? '', undefined)
        expect(await due(start + minute)).toEqual([['COMPLETED', 0]])
      })
    })

    describe('counters', () => {
      it('count what is and what was, of the origins run and sync (CTL-7)', async () => {
        for (const origin of ['run', 'sync', 'async'] as const) {
          for (const state of ['COMPLETED', 'FAILED', 'TIMED_OUT', 'CANCELLED'] as const)
            await store.finish(attempt(await submitAndBegin(store, { origin }), 1), ended(state))
          await store.requeue(attempt(await submitAndBegin(store, { origin }), 1), { isRetry: true })
          await beginNext(store)
          await store.requeue(attempt(await submitAndBegin(store, { origin }), 1), { isRetry: false })
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
      it('are light, with a revision that grows for each job by itself', async () => {
        const told: Change[] = []
        onChange(store, (change) => told.push(change))
        const done = changeOf(store, ({ state }) => state === 'COMPLETED')
        const id = await submitAndBegin(store, { notify: true })
        await append(store, id, 1, [Buffer.from('1')])
        await store.progress(attempt(id), Buffer.from('"half"'))
        await store.finish(attempt(id), ended('COMPLETED', { output: 'chunks' }))
        await done
        const change = { id, notify: true, removed: false }
        const running = { ...change, state: 'IN_PROGRESS', dueAt: start + minute }
        expect(told).toEqual([
          { ...change, state: 'IN_QUEUE', revision: 1, nextIndex: 0, dueAt: start + 24 * 60 * minute },
          { ...running, revision: 2, nextIndex: 0 },
          { ...running, revision: 3, nextIndex: 1 },
          { ...running, revision: 4, nextIndex: 1 },
          { ...change, state: 'COMPLETED', revision: 5, nextIndex: 1, dueAt: start + 30 * minute },
        ])
      })

      it('say when a job that is delayed is due', async () => {
        const id = await submitAndBegin(store)
        const queued = changeOf(store, ({ state }) => state === 'IN_QUEUE')
        await store.requeue(attempt(id), { isRetry: true, pauseMs: second })
        expect(await queued).toMatchObject({ dueAt: start + second })
      })

      it('include removals by retention; a removed job can be read for 60 s', async () => {
        const id = await submitAndBegin(store, { retentionMs: minute })
        await store.finish(attempt(id), ended())
        const gone = changeOf(store, ({ removed }) => removed)
        await at(store, start + minute).sweep({ attempts: 3 })
        expect(await gone).toMatchObject({ id, state: 'COMPLETED' })
        await at(store, start + 2 * minute - 1).sweep({ attempts: 3 })
        expect(await store.findRemoved(id)).toMatchObject({ id, state: 'COMPLETED' })
        await at(store, start + 2 * minute).sweep({ attempts: 3 })
        expect(await store.findRemoved(id)).toBeUndefined()
      })
    })

    describe('a runner', () => {
      it('writes only to its own attempt, whatever the number says (C-4)', async () => {
        const id = await submitAndBegin(store)
        const other = attempt(id, 1, 'r2')
        expect(await store.append(other, 0, [Buffer.from('1')])).toBe(false)
        expect(await store.progress(other, Buffer.from('1'))).toBe(false)
        expect(await store.finish(other, ended())).toBeUndefined()
        expect(await store.requeue(other, { isRetry: true })).toBeUndefined()
        expect(await store.find(id)).toMatchObject({ state: 'IN_PROGRESS', nextIndex: 0 })
      })

      it('claims several jobs at once, at most as many as it asks for, and as many tasks', async () => {
        const ids = [await submit(store), await submit(store), await submit(store)]
        const claim = async (limit: number): Promise<string[]> => {
          const jobs = await store.claim('r1', { leaseMs: minute, limit, tasks: 0 })
          return jobs.map(({ id }) => id)
        }
        expect(await claim(2)).toEqual(ids.slice(0, 2))
        expect(await claim(2)).toEqual(ids.slice(2))
      })

      it('reserves a job as it submits it, unless an older one is due', async () => {
        const submitFor = async (runner: string): Promise<boolean | undefined> => {
          const submitted = await store.submit(newJob(), {
            queueLimit: 10,
            reserve: { runner, leaseMs: minute },
          })
          return submitted.type === 'accepted' ? submitted.reserved : undefined
        }
        expect(await submitFor('r1')).toBe(true)
        expect(await submitFor('r2')).toBe(true)
        const older = await submit(store)
        expect(await submitFor('r1')).toBe(false)
        expect((await claimAll(store)).slice(0, 1)).toEqual([older])
      })

      it('adds no chunk twice when it repeats what it has added (STR-10)', async () => {
        const id = await submitAndBegin(store)
        const chunks = ['1', '2', '3'].map((each) => Buffer.from(each))
        await store.append(attempt(id), 0, chunks.slice(0, 2))
        expect(await store.append(attempt(id), 0, chunks)).toBe(true)
        expect((await store.chunks(id, 0, 100)).chunks.map(({ json }) => String(json))).toEqual([
          '1',
          '2',
          '3',
        ])
      })
    })

    it('gives the time that it goes by', () => {
      expect(at(store, start + second).now()).toBe(start + second)
    })

    it('does what is asked at the same time without mixing it up', async () => {
      const ids = Array.from({ length: 200 }, () => randomUUID())
      await Promise.all(ids.map((id) => store.submit(newJob({ id }), { queueLimit: 1000 })))
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
