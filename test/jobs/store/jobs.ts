// Jobs for the tests of stores, and shortcuts. The stores go by a clock that is at `start` before each test and only moves when a
// test says so.

import { randomUUID } from 'node:crypto'
import { beforeEach } from 'vitest'
import type { JobRecord, NewJob, JobWithInput } from '../../../src/jobs/model/job.ts'
import type { AttemptEnd, AttemptKey, Change, JobStore } from '../../../src/jobs/model/store.ts'

/** the time before each test */
export const start = Date.UTC(2030, 0, 1)

let time = start
beforeEach(() => void (time = start))

/** The clock of the stores. */
export function clock(): number {
  return time
}

/** Sets the clock. @returns the store, for what happens then */
export function at<Store>(store: Store, now: number): Store {
  time = now
  return store
}

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
export async function submit(store: JobStore, differences: Partial<NewJob> = {}): Promise<string> {
  const job = newJob(differences)
  const { type } = await store.submit(job, { queueLimit: 1000 })
  if (type !== 'accepted') throw new Error(`the job was not accepted: ${type}`)
  return job.id
}

/** Reserves the job at the head of the queue. @param tasks most tasks */
export async function claimNext(
  store: Pick<JobStore, 'claim'>,
  runner: string,
  tasks = 1,
): Promise<JobWithInput | undefined> {
  const [job] = await store.claim(runner, { leaseMs: minute, limit: 1, tasks })
  return job
}

/** Has a runner claim the job at the head of the queue and start it. @returns the job as it runs */
export async function beginNext(store: JobStore, runner = 'r1'): Promise<JobRecord> {
  const work = await claimNext(store, runner)
  const job = work && (await store.begin(work.id, runner, 'i-1'))
  if (job === undefined) throw new Error('there is no job to start')
  return job
}

/** Submits a job and starts it. */
export async function submitAndBegin(store: JobStore, differences: Partial<NewJob> = {}): Promise<string> {
  const id = await submit(store, differences)
  const job = await beginNext(store)
  if (job.id !== id) throw new Error('there was another job')
  return id
}

/** Names an attempt. */
export function attempt(id = '', number = 1, runner = 'r1'): AttemptKey {
  return { id, runner, attempt: number }
}

/** Adds chunks after those that are there. */
export async function append(
  store: Pick<JobStore, 'append' | 'find'>,
  id = '',
  number = 1,
  chunks: readonly Buffer[] = [],
  runner = 'r1',
): Promise<boolean> {
  const { nextIndex = 0 } = (await store.find(id)) ?? {}
  return store.append(attempt(id, number, runner), nextIndex, chunks)
}

/** An end of an attempt. */
export function ended(
  state: AttemptEnd['state'] = 'COMPLETED',
  differences: Partial<AttemptEnd> = {},
): AttemptEnd {
  return { state, executionMs: 840, ...differences }
}

/** The ids of the jobs that can be claimed, in order; they are reserved then. */
export async function claimAll(store: JobStore, runner = 'claimer'): Promise<string[]> {
  const jobs = await store.claim(runner, { leaseMs: minute, limit: 1000, tasks: 1000 })
  return jobs.map(({ id }) => id)
}

/** Settles when a store has reported a change that is waited for. */
export function changeOf(store: JobStore, isIt: (change: Change) => boolean): Promise<Change> {
  return new Promise((resolve) => {
    onChange(store, (change) => {
      if (isIt(change)) resolve(change)
    })
  })
}

/** Listens to changes. */
export function onChange(store: JobStore, changed: (change: Change) => void): void {
  store.onChange({ changed, missed: () => [] })
}
