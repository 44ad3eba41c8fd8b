// Idempotency keys (jobs.md REQ-6, REQ-7): they outlive their jobs.

import type { EndState } from '../model/job.ts'
import type { SubmitTerms, Submitted } from '../model/store.ts'
import type { Database } from './database.ts'
import { findRow, toJob } from './rows.ts'

type Idempotency = NonNullable<SubmitTerms['idempotency']>

/** What a request gets whose key is known; undefined when it is not. */
export function recallKey(
  database: Database,
  { key, digest }: Idempotency,
  now: number,
): Submitted | undefined {
  const kept = database.get<{ digest: string; id: string; state: string }>(
    'SELECT digest, id, state FROM keys WHERE key = ? AND expiresAt > ?',
    key,
    now,
  )
  if (kept === undefined) return undefined
  if (kept.digest !== digest) return { type: 'conflict' }
  const row = findRow(database, kept.id)
  const job = row && toJob(database, row)
  return { type: 'known', id: kept.id, state: job?.state ?? kept.state, job }
}

/** Remembers whose key it is. */
export function rememberKey(
  database: Database,
  { key, digest, keptMs }: Idempotency,
  id: string,
  now: number,
): void {
  database.run('REPLACE INTO keys VALUES (?, ?, ?, ?, ?)', key, digest, id, 'IN_QUEUE', now + keptMs)
}

/** Remembers how a job has ended, which is about to be removed. */
export function rememberEnd(database: Database, id: string, state: EndState): void {
  database.run('UPDATE keys SET state = ? WHERE id = ?', state, id)
}
