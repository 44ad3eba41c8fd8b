// The queue: jobs come in, are reserved by runners, or leave it without having run.

import { isTerminal, type Job, type NewJob, type TaskTerms, type Work } from '../model/job.ts'
import type { Retried, Submitted, SubmitTerms } from '../model/store.ts'
import { addTo, countQueued } from './counts.ts'
import type { Database } from './database.ts'
import { recallKey, rememberKey } from './keys.ts'
import { change, end, move, nextRevision, queueAgain, remove } from './moving.ts'
import { findJobRow, findRow, toJob, toWork, type Row } from './rows.ts'
import { beginTry } from './tries.ts'

/** see JobStore, also for what follows */
export function submit(database: Database, job: NewJob, terms: SubmitTerms, now: number): Submitted {
  const { idempotency, queueLimit, task, begun } = terms
  const known = idempotency && recallKey(database, idempotency, now)
  if (known !== undefined) return known
  const earlier = findRow(database, job.id)
  if (earlier !== undefined && begun === undefined) return { type: 'conflict' }
  if (earlier !== undefined) remove(database, earlier)
  if (countQueued(database, job.origin) >= queueLimit) return { type: 'full' }
  if (idempotency !== undefined) rememberKey(database, idempotency, job.id, now)
  addTo(database, job.origin, 'IN_QUEUE', 1)
  const row = insert(database, job, task, now)
  return {
    type: 'accepted',
    job: toJob(database, begun === undefined ? row : start(database, row, begun, now)),
  }
}

function start(
  database: Database,
  row: Row,
  { runner, instance, leaseMs }: NonNullable<SubmitTerms['begun']>,
  now: number,
): Row {
  beginTry(database, row.n, 1, instance, now)
  const changes = { attempt: 1, instance, holder: runner, leaseUntil: now + leaseMs }
  return move(database, row, 'IN_PROGRESS', changes, now)
}

export function claim(
  database: Database,
  runner: string,
  leaseMs: number,
  now: number,
  withoutTasks = false,
): Work | undefined {
  const head = database.get<{ n: number }>(
    `SELECT n FROM jobs WHERE state = 'IN_QUEUE' AND holder IS NULL
     AND (notBefore IS NULL OR notBefore <= ?1) AND expiresAt > ?1 ${withoutTasks ? `AND origin <> 'task'` : ''}
     ORDER BY dueAt, position LIMIT 1`,
    now,
  )
  if (head === undefined) return undefined
  const row = database.get<Row>(
    'UPDATE jobs SET holder = ?, leaseUntil = ? WHERE n = ? RETURNING *',
    runner,
    now + leaseMs,
    head.n,
  )
  return row && toWork(database, row)
}

export function release(database: Database, ids: readonly string[], runner: string): void {
  for (const row of ids.map((id) => findRow(database, id)))
    if (row?.state === 'IN_QUEUE' && row.holder === runner)
      change(database, row, { holder: null, leaseUntil: null })
}

export function renew(
  database: Database,
  runner: string,
  ids: readonly string[],
  leaseMs: number,
  now: number,
): readonly string[] {
  const sql = 'UPDATE jobs SET leaseUntil = ? WHERE holder = ? AND id = ? RETURNING 1'
  return ids.filter((id) => database.get(sql, now + leaseMs, runner, id) === undefined)
}

export function cancel(database: Database, id: string, now: number): Job | undefined {
  const row = findJobRow(database, id)
  if (row === undefined) return undefined
  return toJob(database, isTerminal(row.state) ? row : end(database, row, 'CANCELLED', {}, now))
}

export function purge(database: Database, now: number): number {
  const queued = database.all<Row>(
    `SELECT * FROM jobs WHERE state = 'IN_QUEUE' AND holder IS NULL AND origin <> 'task'
     UNION ALL SELECT * FROM jobs WHERE state = 'IN_QUEUE' AND holder IS NOT NULL AND origin <> 'task'`,
  )
  for (const row of queued) end(database, row, 'CANCELLED', {}, now)
  return queued.length
}

export function retry(database: Database, id: string, terms: { queueLimit: number }, now: number): Retried {
  const row = findJobRow(database, id)
  if (row === undefined) return { type: 'unknown' }
  if (row.state !== 'FAILED' && row.state !== 'TIMED_OUT')
    return { type: 'refused', job: toJob(database, row) }
  if (countQueued(database, row.origin) >= terms.queueLimit) return { type: 'full' }
  database.run('DELETE FROM deliveries WHERE job = ?', row.n)
  const fresh = { losses: 0, retries: 0, delayMs: 0, executionMs: 0, instance: '' }
  const place = { dueAt: now, position: nextRevision(database) }
  const clocks = { submittedAt: now, expiresAt: now + row.ttlMs, ...place }
  return { type: 'queued', job: toJob(database, queueAgain(database, row, { ...fresh, ...clocks }, now)) }
}

export function keepFor(database: Database, id: string, ms: number, now: number): Job | undefined {
  const row = findJobRow(database, id)
  if (row === undefined) return undefined
  return toJob(
    database,
    change(database, row, isTerminal(row.state) ? { expiresAt: now + ms } : { retentionMs: ms }),
  )
}

function insert(database: Database, job: NewJob, task: TaskTerms | undefined, now: number): Row {
  const revision = nextRevision(database)
  const dueAt = now + (task?.delayMs ?? 0)
  const row = database.get<Row>(
    `INSERT INTO jobs (id, origin, state, revision, position, executionTimeoutMs, ttlMs, retentionMs, lowPriority, notify,
     submittedAt, since, expiresAt, webhook, policy, task, dueAt, notBefore)
     VALUES (?, ?, 'IN_QUEUE', ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING *`,
    job.id,
    job.origin,
    revision,
    revision,
    job.executionTimeoutMs,
    job.ttlMs,
    job.retentionMs,
    Number(job.lowPriority),
    Number(job.notify),
    now,
    now,
    now + job.ttlMs,
    job.webhook ?? null,
    job.policy ?? null,
    task === undefined ? null : JSON.stringify(task),
    dueAt,
    dueAt === now ? null : dueAt,
  )
  if (row === undefined) throw new Error(`job ${job.id} was not stored`)
  database.run('INSERT INTO inputs VALUES (?, ?, ?)', row.n, job.input, job.s3Config ?? null)
  return row
}
