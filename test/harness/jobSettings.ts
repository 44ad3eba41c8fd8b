// Settings of the jobs API for tests that do not look at them.

import type { JobSettings } from '../../src/http/jobs/handlers.ts'

export const anyJobSettings: JobSettings = {
  limit: 1,
  syncLimit: 1,
  executionTimeoutMs: 1,
  ttlMs: 1,
  retentionMs: 1,
  syncRetentionMs: 1,
  streamHoldMs: 1,
  cancelledAs: 'CANCELLED',
  endpointId: undefined,
  isScript: false,
}
