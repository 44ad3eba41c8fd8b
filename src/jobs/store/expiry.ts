// What time does to jobs: ttl, retention, leases that have lapsed (jobs.md C-5, DUR-4). Removed jobs stay as empty rows for a
// moment, so that other processes hear of them.

import { isTerminal, type TaskError } from '../model/job.ts'
import type { SweepTerms } from '../model/store.ts'
import { pauseAfter } from '../model/tasks.ts'
import { endAttempt } from './attempts.ts'
import { rememberEnd } from './idempotencyKeys.ts'
import { free } from './queue.ts'
import { nextDue, termsOf, type Row } from './rows.ts'
import { end, queueAgain } from './transitions.ts'
import { sweptAtOnce, type Swept, type Unit } from './unit.ts'

/** see JobStore */
export function sweep(unit: Unit, { attempts }: SweepTerms): number | undefined {
  const { swept } = unit
  for (const row of rowsOf(unit, swept.expired))
    if (row.removedAt === null && row.expiresAt <= unit.now) expire(unit, row)
  for (const row of rowsOf(unit, swept.lapsed))
    if (row.leaseUntil !== null && row.leaseUntil <= unit.now) rescue(unit, row, attempts)
  for (const row of rowsOf(unit, swept.surplus))
    if (row.removedAt === null && isTerminal(row.state)) expire(unit, row)
  for (const row of rowsOf(unit, swept.forgotten)) unit.remove(row)
  unit.write({ type: 'dropKeys', before: unit.now })
  return nextSweep(unit)
}

function expire(unit: Unit, row: Row): void {
  if (!isTerminal(row.state)) end(unit, row, 'TIMED_OUT', { error: `ttl of ${row.ttlMs} ms exceeded` })
  if (!isTerminal(row.state)) return
  rememberEnd(unit, row.id, row.state)
  unit.change(row, { removedAt: unit.now })
  if (row.delivery === null) {
    unit.write({ type: 'dropAll', n: row.n })
    unit.set(row, { listsChunks: 0, webhook: null, policy: null })
  } else unit.write({ type: 'dropSecret', n: row.n })
}

function rescue(unit: Unit, row: Row, attempts: number): void {
  if (row.state === 'IN_QUEUE') return unit.change(row, free)
  if (row.origin === 'task') return rescueTask(unit, row)
  const losses = row.losses + 1
  if (losses < attempts) return queueAgain(unit, row, { losses })
  // When it stopped is unknown: the lease tells until when it may have run.
  const executionMs = Math.max(0, Math.min(unit.now, row.leaseUntil ?? unit.now) - row.since)
  const error = `lost with its container ${losses} ${losses === 1 ? 'time' : 'times'}`
  end(unit, row, 'FAILED', { losses, error, executionMs })
}

// tasks.md L7
function rescueTask(unit: Unit, row: Row): void {
  const error: TaskError = { type: 'InstanceLost', message: 'the container ended while the attempt ran' }
  endAttempt(unit, row, 'failed', error)
  const losses = row.losses + 1
  const pauseMs = pauseAfter(termsOf(row), row.retries + losses)
  if (pauseMs === undefined) end(unit, row, 'FAILED', { losses, error: JSON.stringify(error) })
  else queueAgain(unit, row, { losses, dueAt: unit.now + pauseMs, notBefore: unit.now + pauseMs })
}

function nextSweep(unit: Unit): number | undefined {
  const { expired, lapsed, surplus, forgotten, next } = unit.swept
  const isCut = [expired, lapsed, surplus, forgotten].some(({ length }) => length >= sweptAtOnce)
  const times = [...unit.rows].map((row) => nextDue(row, unit.now))
  const earliest = Math.min(
    isCut ? unit.now : Infinity,
    next ?? Infinity,
    ...times.map((time) => time ?? Infinity),
  )
  return earliest === Infinity ? undefined : earliest
}

function rowsOf(unit: Unit, numbers: Swept[keyof Omit<Swept, 'next'>]): readonly Row[] {
  return numbers.flatMap((n) => unit.row(n) ?? [])
}
