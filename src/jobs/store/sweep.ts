// What time does to jobs: ttl, retention, leases that have lapsed (jobs.md C-5, DUR-4). Removed jobs stay as empty rows for a
// moment, so that other processes hear of them.

import { isTerminal, type TaskError } from '../model/job.ts'
import { pauseAfter } from '../model/tasks.ts'
import type { Database } from './database.ts'
import { rememberEnd } from './keys.ts'
import { change, end, queueAgain } from './moving.ts'
import { termsOf, type Row } from './rows.ts'
import { endTry } from './tries.ts'

/** see JobStore */
export function sweep(
  database: Database,
  terms: { attempts: number; tasksKept?: number },
  now: number,
): number | undefined {
  const expired = database.all<Row>(
    'SELECT * FROM jobs WHERE removedAt IS NULL AND expiresAt <= ? ORDER BY expiresAt LIMIT ?',
    now,
    atOnce,
  )
  for (const row of expired) expire(database, row, now)
  const lapsed = database.all<Row>(
    'SELECT * FROM jobs WHERE holder IS NOT NULL AND leaseUntil <= ? ORDER BY leaseUntil LIMIT ?',
    now,
    atOnce,
  )
  for (const row of lapsed) rescue(database, row, terms.attempts, now)
  if (terms.tasksKept !== undefined) removeOldTasks(database, terms.tasksKept, now)
  forget(database, now)
  return nextSweep(database, now)
}

function expire(database: Database, row: Row, now: number): void {
  const ended = isTerminal(row.state)
    ? row
    : end(database, row, 'TIMED_OUT', { error: `ttl of ${row.ttlMs} ms exceeded` }, now)
  if (!isTerminal(ended.state)) return
  rememberEnd(database, row.id, ended.state)
  change(database, ended, { removedAt: now })
  if (isToBeTold(database, row.n)) database.run('UPDATE inputs SET s3Config = NULL WHERE job = ?', row.n)
  else empty(database, row.n)
}

function rescue(database: Database, row: Row, attempts: number, now: number): void {
  if (row.state === 'IN_QUEUE') {
    change(database, row, { holder: null, leaseUntil: null })
    return
  }
  if (row.origin === 'task') return rescueTask(database, row, now)
  const losses = row.losses + 1
  if (losses < attempts) {
    queueAgain(database, row, { losses }, now)
    return
  }
  // Nobody knows when it stopped: the lease tells until when it may have run.
  const executionMs = Math.max(0, Math.min(now, row.leaseUntil ?? now) - row.since)
  const error = `lost with its container ${losses} ${losses === 1 ? 'time' : 'times'}`
  end(database, row, 'FAILED', { losses, error, executionMs }, now)
}

// tasks.md L7
function rescueTask(database: Database, row: Row, now: number): void {
  const error: TaskError = { type: 'InstanceLost', message: 'the container ended while the attempt ran' }
  endTry(database, row.n, 'failed', error, now)
  const losses = row.losses + 1
  const pauseMs = pauseAfter(termsOf(row), row.retries + losses)
  if (pauseMs === undefined) end(database, row, 'FAILED', { losses, error: JSON.stringify(error) }, now)
  else queueAgain(database, row, { losses, dueAt: now + pauseMs, notBefore: now + pauseMs }, now)
}

// tasks.md K1
function removeOldTasks(database: Database, kept: number, now: number): void {
  const surplus = database.all<Row>(
    `SELECT * FROM jobs WHERE origin = 'task' AND state IN ('COMPLETED', 'FAILED') AND removedAt IS NULL
     ORDER BY since DESC LIMIT ? OFFSET ?`,
    atOnce,
    kept,
  )
  for (const row of surplus) expire(database, row, now)
}

function forget(database: Database, now: number): void {
  const sql = `SELECT n FROM jobs WHERE removedAt <= ? AND ${isTold} ORDER BY removedAt LIMIT ?`
  for (const { n } of database.all<{ n: number }>(sql, now - heardOfMs, atOnce)) {
    empty(database, n)
    database.run('DELETE FROM jobs WHERE n = ?', n)
  }
  database.run('DELETE FROM keys WHERE expiresAt <= ?', now)
}

// The row itself stays.
function empty(database: Database, n: number): void {
  database.run('DELETE FROM inputs WHERE job = ?', n)
  database.run('DELETE FROM chunks WHERE job = ?', n)
  database.run('DELETE FROM attempts WHERE job = ?', n)
  database.run('UPDATE jobs SET output = NULL, listsChunks = 0, webhook = NULL, policy = NULL WHERE n = ?', n)
}

function isToBeTold(database: Database, n: number): boolean {
  return database.get('SELECT 1 FROM deliveries WHERE job = ?', n) !== undefined
}

function nextSweep(database: Database, now: number): number | undefined {
  const sql = `SELECT min(at) AS at FROM (
    SELECT min(expiresAt) AS at FROM jobs WHERE removedAt IS NULL
    UNION ALL SELECT min(leaseUntil) FROM jobs WHERE holder IS NOT NULL
    UNION ALL SELECT min(notBefore) FROM jobs WHERE notBefore > ?
    UNION ALL SELECT min(removedAt) + ? FROM jobs WHERE removedAt IS NOT NULL AND ${isTold}
    UNION ALL SELECT min(expiresAt) FROM keys)`
  return database.get<{ at: number | null }>(sql, now, heardOfMs)?.at ?? undefined
}

const isTold = 'NOT EXISTS (SELECT 1 FROM deliveries WHERE job = jobs.n)'

// At most so many jobs in one transaction: others wait for it.
const atOnce = 200

// Other processes look every 100 ms; one that was frozen for longer hears nothing of the removal.
const heardOfMs = 60_000
