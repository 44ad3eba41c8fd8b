// The job object that clients see (jobs.md §4), as text: `output` is put in as it is stored (jobs.md A-9).

import { isTerminal, type Job } from '../../jobs/job.ts'

/**
 * The whole object.
 * @param now epoch milliseconds, for what is still running
 */
export function toJobObject(job: Job, now: number): Buffer {
  const output = job.state === 'IN_QUEUE' ? undefined : job.output
  return splice(members(job, now, output !== undefined), output)
}

/** The object without `output` unless the job is terminal: what an event stream shows (jobs.md STR-15). */
export function toJobEvent(job: Job, now: number): Buffer {
  return isTerminal(job.state) ? toJobObject(job, now) : splice(members(job, now, false), undefined)
}

/** The short form that `/run`, `/cancel` and `/retry` answer. */
export function toJobStatus(id: string, status: string): Buffer {
  return Buffer.from(JSON.stringify({ id, status }))
}

// Without `output`; `showsOutput`: it will be added.
function members(job: Job, now: number, showsOutput: boolean): object {
  const { id, state } = job
  const terminal = isTerminal(state)
  return {
    ...(terminal || wasStarted(job) ? { delayTime: whole(delay(job, now)) } : {}),
    ...(state === 'FAILED' || state === 'TIMED_OUT' ? { error: job.error ?? '' } : {}),
    ...(terminal || showsOutput
      ? { executionTime: whole(terminal ? job.executionMs : now - job.since) }
      : {}),
    id,
    ...(job.retries > 0 ? { retries: job.retries } : {}),
    status: state,
    ...(terminal ? { workerId: job.instance } : {}),
  }
}

// Since submission or retry: the number of the attempt counts on, the counters begin anew.
function wasStarted({ state, delayMs, retries, losses }: Job): boolean {
  return state === 'IN_PROGRESS' || delayMs > 0 || retries > 0 || losses > 0
}

function delay(job: Job, now: number): number {
  if (job.state === 'IN_QUEUE') return job.delayMs + Math.max(0, now - job.since)
  const neverStarted = isTerminal(job.state) && job.instance === ''
  return neverStarted ? Math.max(job.delayMs, job.since - job.submittedAt) : job.delayMs
}

// Clients decode integers, and clocks jump (jobs.md OBJ-2, DUR-6).
function whole(ms: number): number {
  return Math.max(0, Math.round(ms))
}

function splice(object: object, output: Buffer | undefined): Buffer {
  const text = JSON.stringify(object)
  if (output === undefined) return Buffer.from(text)
  return Buffer.concat([Buffer.from(`${text.slice(0, -1)},"output":`), output, Buffer.from('}')])
}
