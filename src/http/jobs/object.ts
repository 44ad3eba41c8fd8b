// The forms of the job object that only the routes show (jobs.md §2, §6). The object itself is jobs/model/jobJson.ts.

import { isTerminal, type Job } from '../../jobs/model/job.ts'
import { toJobMembers, toJobObject, toJsonObject } from '../../jobs/model/jobJson.ts'

/** The object without `output` unless the job is terminal: what an event stream shows (jobs.md STR-15). */
export function toJobEvent(job: Job, now: number): Buffer {
  if (isTerminal(job.state)) return toJobObject(job, now)
  const { output: _progress, ...rest } = job // it has an event of its own
  return toJsonObject(toJobMembers(rest, now))
}

/** The short form that `/run`, `/cancel` and `/retry` answer. */
export function toJobStatus(id: string, status: string): Buffer {
  return Buffer.from(JSON.stringify({ id, status }))
}
