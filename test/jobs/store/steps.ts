// Steps that are taken by a store and by the model at once; each checks that they agree about it.

import * as fc from 'fast-check'
import { expect } from 'vitest'
import type { JobStore } from '../../../src/jobs/model/store.ts'
import { append, ended, newJob } from './jobs.ts'
import { attempts, leaseMs, retentionMs, ttlMs, type Model, type ModelJob } from './model.ts'

/** One thing that is done to both. */
export type Step = (store: JobStore, model: Model) => Promise<void>

const runner = fc.constantFrom('r1', 'r2')
const which = fc.nat({ max: 7 })
const one = { leaseMs, limit: 1, tasks: 1 }
const age = fc.constantFrom(0, 0, 0, 1) // seldom an attempt before the latest
const chunk = fc.nat().map(String)

/** Most steps are about one of the first jobs, by any of two runners. */
export const step: fc.Arbitrary<Step> = fc.oneof(
  fc.constant<Step>(async (store, model) => {
    const job = newJob({ ttlMs, retentionMs })
    model.submit(job.id)
    agree((await store.submit(job, { queueLimit: 1000 })).type, 'accepted')
  }),
  runner.map<Step>((name) => async (store, model) => {
    agree((await store.claim(name, one))[0]?.id, model.claim(name))
  }),
  {
    weight: 3,
    arbitrary: runner.map<Step>((name) => async (store, model) => {
      const id = model.claim(name)
      agree((await store.claim(name, one))[0]?.id, id)
      for (const job of model.jobs.filter((each) => each.id === id)) await begin(job, name, store, model)
    }),
  },
  fc.tuple(runner, which).map<Step>(([name, n]) =>
    onJob(n, async (job, store, model) => {
      model.release(job, name)
      await store.release([job.id], name)
    }),
  ),
  fc
    .tuple(runner, which)
    .map<Step>(([name, n]) => onJob(n, (job, store, model) => begin(job, name, store, model))),
  fc.tuple(which, age, chunk).map<Step>(([n, back, json]) =>
    onJob(n, async (job, store, model) => {
      const attempt = job.attempt - back
      const added = await append(store, job.id, attempt, [Buffer.from(json)], job.holder)
      agree(added, model.append(job, attempt, json))
    }),
  ),
  fc.tuple(which, age, fc.constantFrom('COMPLETED', 'FAILED')).map<Step>(([n, back, state]) =>
    onJob(n, async (job, store, model) => {
      const attempt = job.attempt - back
      const key = { id: job.id, runner: job.holder ?? '', attempt }
      const end = await store.finish(key, ended(state, { output: 'chunks' }))
      agree(end !== undefined, model.finish(job, attempt, state))
      if (end !== undefined) agree(String((await store.find(job.id))?.output), `[${job.chunks.join(',')}]`)
    }),
  ),
  fc.tuple(which, age).map<Step>(([n, back]) =>
    onJob(n, async (job, store, model) => {
      const attempt = job.attempt - back
      const queued = await store.requeue({ id: job.id, runner: job.holder ?? '', attempt }, { isRetry: true })
      agree(queued !== undefined, model.requeue(job, attempt))
    }),
  ),
  which.map<Step>((n) =>
    onJob(n, async (job, store, model) => {
      model.cancel(job)
      await store.cancel(job.id)
    }),
  ),
  which.map<Step>((n) =>
    onJob(n, async (job, store, model) => {
      const { type } = await store.retry(job.id, { queueLimit: 1000 })
      agree(type === 'queued', model.retry(job))
    }),
  ),
  fc.tuple(runner, fc.array(which)).map<Step>(([name, ns]) => async (store, model) => {
    const jobs = model.jobs.filter((_, n) => ns.includes(n))
    model.renew(name, jobs)
    await store.renew(
      name,
      jobs.map(({ id }) => id),
      leaseMs,
    )
  }),
  fc.nat({ max: 200 }).map<Step>((ms) => async (store, model) => {
    model.now += ms
    model.sweep()
    await store.sweep({ attempts })
  }),
)

/** Ends all that waits. */
export const purge: Step = async (store, model) => {
  agree(await store.purge(), model.purge())
}

async function begin(job: ModelJob, name: string, store: JobStore, model: Model): Promise<void> {
  const begun = await store.begin(job.id, name, 'i')
  agree(begun !== undefined, model.begin(job, name))
}

function agree(found: unknown, wanted: unknown): void {
  expect(found).toEqual(wanted)
}

function onJob(n: number, take: (job: ModelJob, store: JobStore, model: Model) => Promise<void>): Step {
  return async (store, model) => {
    const job = model.jobs[n]
    if (job !== undefined) await take(job, store, model)
  }
}
