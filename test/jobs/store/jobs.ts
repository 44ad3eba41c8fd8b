// Jobs for the tests of stores, and the short cuts that they need. Time begins at `start` and only moves when a test says so.

import { randomUUID } from 'node:crypto'
import type { Job, NewJob } from '../../../src/jobs/model/job.ts'
import type { AttemptEnd, JobStore } from '../../../src/jobs/model/store.ts'

/** when the tests begin */
export const start = Date.UTC(2030, 0, 1)

export const second = 1000
export const minute = 60 * second

/** A job to be submitted. */
export function newJob(differences: Partial<NewJob> = {}): NewJob {
  return {
    id: randomUUID(),
    origin: 'run',
    input: Buffer.from('{"prompt":"Hello"}'),
    executionTimeoutMs: 10 * minute,
    ttlMs: 24 * 60 * minute,
    retentionMs: 30 * minute,
    lowPriority: false,
    notify: false,
    ...differences,
  }
}

/** Submits a job, and fails unless it is accepted. */
export async function submit(
  store: JobStore,
  differences: Partial<NewJob> = {},
  now = start,
): Promise<string> {
  const job = newJob(differences)
  const { type } = await store.submit(job, { queueLimit: 1000 }, now)
  if (type !== 'accepted') throw new Error(`the job was not accepted: ${type}`)
  return job.id
}

/** Has the runner take the job at the head of the queue and begin it. @returns the job as it runs */
export async function beginNext(store: JobStore, now = start, runner = 'r1'): Promise<Job> {
  const work = await store.claim(runner, minute, now)
  const job = work && (await store.begin(work.id, runner, { instance: 'i-1', delayMs: 5 }, now))
  if (job === undefined) throw new Error('there is no job to begin')
  return job
}

/** Submits a job and begins it. */
export async function submitAndBegin(
  store: JobStore,
  differences: Partial<NewJob> = {},
  now = start,
): Promise<string> {
  const id = await submit(store, differences, now)
  const job = await beginNext(store, now)
  if (job.id !== id) throw new Error('there was another job')
  return id
}

/** An end of an attempt. */
export function ended(
  state: AttemptEnd['state'] = 'COMPLETED',
  differences: Partial<AttemptEnd> = {},
): AttemptEnd {
  return { state, executionMs: 840, ...differences }
}

/** The ids of the jobs that can be claimed, in order; they are reserved then. */
export async function claimAll(store: JobStore, now = start, runner = 'claimer'): Promise<string[]> {
  const ids: string[] = []
  for (;;) {
    const job = await store.claim(runner, minute, now)
    if (job === undefined) return ids
    ids.push(job.id)
  }
}

/** Whether a change that a store tells of is the one that is waited for. */
export type Awaited = (id: string, job: Job | undefined) => boolean

/** Settles when the store has told of such a change. */
export function changeOf(store: JobStore, isIt: Awaited): Promise<Job | undefined> {
  return new Promise((resolve) => {
    store.onChange((id, job) => {
      if (isIt(id, job)) resolve(job)
    })
  })
}
