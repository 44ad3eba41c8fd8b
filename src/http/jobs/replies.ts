// Short texts about a job: what submits answer, and what event streams show (jobs.md §2.2, STR-15). The whole object is in
// jobs/object.ts.

import { isTerminal, type Job } from '../../jobs/job.ts'
import { toJobMembers, toJobObject, toJsonObject } from '../../jobs/object.ts'

/** What `/run`, `/cancel` and `/retry` answer. */
export function toJobStatus(id: string, status: string): Buffer {
  return Buffer.from(JSON.stringify({ id, status }))
}

/** The job object, without progress: `output` is shown once the job is terminal. `now`: epoch milliseconds */
export function toJobEvent(job: Job, now: number): Buffer {
  if (isTerminal(job.state)) return toJobObject(job, now)
  const { output: _progress, ...rest } = job
  return toJsonObject(toJobMembers(rest, now))
}
