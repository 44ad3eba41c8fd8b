// Idempotency keys (jobs.md REQ-6, REQ-7): they outlive their jobs.

import type { EndState } from '../model/job.ts'
import type { SubmitTerms, Submitted } from '../model/store.ts'
import { toRecord } from './rows.ts'
import type { Unit } from './unit.ts'

type Idempotency = NonNullable<SubmitTerms['idempotency']>

/** The answer to a request whose key was used before; undefined when it was not. */
export function recallKey(unit: Unit, { key, digest }: Idempotency): Submitted | undefined {
  const kept = unit.key(key)
  if (kept === undefined) return undefined
  if (kept.digest !== digest) return { type: 'conflict' }
  const row = unit.find(kept.id)
  return { type: 'known', id: kept.id, state: row?.state ?? kept.state, job: row && toRecord(row) }
}

/** Remembers the key of a job that was just submitted. */
export function rememberKey(unit: Unit, { key, digest, keptMs }: Idempotency, id: string): void {
  unit.write({ type: 'key', key, digest, id, state: 'IN_QUEUE', expiresAt: unit.now + keptMs })
}

/** Remembers how a job has ended, before it is removed. */
export function rememberEnd(unit: Unit, id: string, state: EndState): void {
  unit.write({ type: 'keyState', id, state })
}
