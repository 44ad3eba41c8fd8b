// A job that has ended, for tests of those who tell of it.

import type { JobWithInput } from '../../src/jobs/model/job.ts'

/** A completed job of `/run`, with the members given in place of its own. */
export function endedJob(changed: Partial<JobWithInput> = {}): JobWithInput {
  return {
    id: '4b1f8c0e-6a52-4f5e-9a43-0d2f4f8f7a11',
    origin: 'run',
    input: Buffer.from('{"prompt":"Hello"}'),
    executionTimeoutMs: 600_000,
    ttlMs: 86_400_000,
    retentionMs: 1_800_000,
    lowPriority: false,
    notify: true,
    state: 'COMPLETED',
    revision: 3,
    submittedAt: 1000,
    attempt: 1,
    losses: 0,
    retries: 0,
    delayMs: 12,
    since: 2000,
    executionMs: 840,
    instance: 'i-1',
    output: Buffer.from('{"text":"Hi"}'),
    nextIndex: 0,
    expiresAt: 1_802_000,
    ...changed,
  }
}
