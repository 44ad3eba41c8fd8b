// The answer of `/health` (jobs.md CTL-7 to CTL-9). Here, and nowhere else, an instance is called a worker.

import type { Health } from '../../jobs/service.ts'

/** The object as text. */
export function toHealthObject({ jobs, instances, lastError }: Health): Buffer {
  const { idle, running, initializing, unhealthy } = instances
  const { completed, failed, inProgress, inQueue, retried } = jobs
  return Buffer.from(
    JSON.stringify({
      jobs: { completed, failed, inProgress, inQueue, retried },
      workers: { idle, initializing, ready: idle + running, running, throttled: 0, unhealthy },
      ...(unhealthy > 0 && lastError !== undefined ? { lastError } : {}),
    }),
  )
}
