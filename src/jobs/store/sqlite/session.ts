// Loads what a batch of operations needs, and saves what it has changed, in one transaction of the SQLite store.

import type { SQLInputValue } from 'node:sqlite'
import type { BatchNeeds } from '../batch.ts'
import { removedKeptMs, type CountRow, type Input, type KeyRow, type Row } from '../rows.ts'
import { sweptAtOnce, Unit, type Swept, type Write } from '../unit.ts'
import type { Database } from './database.ts'
import { inputOf, outputOf } from './lookup.ts'
import { checkWriter } from './schema.ts'

/** Loads. @throws Error when this fnbox must not write any more */
export function load(database: Database, needs: BatchNeeds, now: number): Unit {
  const store = database.get<Store>('SELECT * FROM store')
  if (store === undefined) throw new Error('the table store is empty')
  checkWriter(store.oldestWriter)
  const rows: Row[] = []
  const inputs = new Map<number, Input>()
  const outputs = new Map<number, Buffer>()
  const take = (sql: string, ...values: SQLInputValue[]): readonly Row[] => {
    const found = database.all<Row>(`SELECT * FROM jobs ${sql}`, ...values)
    rows.push(...found)
    return found
  }
  const takeInputs = (found: readonly Row[]): void => {
    for (const row of found) {
      const input = inputOf(database, row)
      if (input !== undefined) inputs.set(row.n, input)
    }
  }
  const numbersOf = (sql: string, ...values: SQLInputValue[]): readonly number[] =>
    take(`WHERE ${sql} LIMIT ${sweptAtOnce}`, ...values).map(({ n }) => n)
  const keys = needs.keys.flatMap((key) => database.all<KeyRow>('SELECT * FROM keys WHERE key = ?', key))
  for (const id of [...needs.ids, ...keys.map((each) => each.id)]) take('WHERE id = ?', id)
  if (needs.heads.jobs > 0) takeInputs(take(headsOf('<>'), now, needs.heads.jobs))
  if (needs.heads.tasks > 0) takeInputs(take(headsOf('='), now, needs.heads.tasks))
  if (needs.queued)
    for (const held of ['IS NULL', 'IS NOT NULL'])
      take(`WHERE state = 'IN_QUEUE' AND origin <> 'task' AND removedAt IS NULL AND leaseUntil ${held}`)
  if (needs.deliveries > 0) {
    const due = take('WHERE deliverAt <= ? ORDER BY deliverAt LIMIT ? + 0', now, needs.deliveries)
    takeInputs(due)
    for (const row of due) {
      const output = outputOf(database, row)
      if (output !== undefined) outputs.set(row.n, output)
    }
  }
  const { sweep } = needs
  const swept: Swept = {
    expired: sweep ? numbersOf('removedAt IS NULL AND expiresAt <= ? ORDER BY expiresAt', now) : [],
    lapsed: sweep ? numbersOf('leaseUntil <= ? ORDER BY leaseUntil', now) : [],
    surplus: sweep?.tasksKept === undefined ? [] : numbersOf(surplusBeyond(sweep.tasksKept)),
    forgotten: sweep
      ? numbersOf('removedAt <= ? AND delivery IS NULL ORDER BY removedAt', now - removedKeptMs)
      : [],
    next: sweep && nextTime(database, now),
  }
  const numbers = Array.from({ length: needs.numbers }, (_, at) => store.number + 1 + at)
  const counts = needs.counts ? database.all<CountRow>('SELECT * FROM counts') : []
  return new Unit({ now, rows, inputs, outputs, keys, counts, numbers, swept })
}

/** Saves. @returns the number of this change of the store, which is that of the rows that are announced */
export function save(database: Database, unit: Unit): number {
  const { change } = database.get<Store>(
    'UPDATE store SET change = change + ?, number = max(number, ?) RETURNING *',
    Math.min(1, unit.announced.size),
    Math.max(0, ...[...unit.rows].map(({ position }) => position)),
  ) ?? { change: 0 }
  for (const row of unit.removed) database.run('DELETE FROM jobs WHERE n = ?', row.n)
  for (const row of unit.added) insert(database, { ...row, change })
  for (const [row, names] of unit.changed)
    update(database, row, names, unit.announced.has(row) ? change : undefined)
  for (const write of unit.writes)
    (statements[write.type] as (database: Database, write: Write) => void)(database, write) // each type has its own
  return change
}

function insert(database: Database, row: Row & { readonly change: number }): void {
  const names = Object.keys(row)
  const sql = `INSERT INTO jobs (${names.join(', ')}) VALUES (${names.map(() => '?').join(', ')})`
  database.run(sql, ...(Object.values(row) as SQLInputValue[]))
}

function update(
  database: Database,
  row: Row,
  names: ReadonlySet<keyof Row>,
  change: number | undefined,
): void {
  const columns = [...names].toSorted() // statements are prepared once for each list
  const values = columns.map((name) => row[name])
  const assignments = columns.map((name) => `${name} = ?`)
  if (change !== undefined) {
    assignments.push('change = ?')
    values.push(change)
  }
  database.run(`UPDATE jobs SET ${assignments.join(', ')} WHERE n = ?`, ...values, row.n)
}

// Each writes one kind of what lies beside the rows of jobs.
const statements: {
  readonly [Type in Write['type']]: (database: Database, write: Extract<Write, { type: Type }>) => void
} = {
  input: (database, { n, input: { input, s3Config } }) =>
    database.run('INSERT INTO inputs VALUES (?, ?, ?)', n, input, s3Config ?? null),
  dropInput: (database, { n }) => database.run('DELETE FROM inputs WHERE job = ?', n),
  dropSecret: (database, { n }) => database.run('UPDATE inputs SET s3Config = NULL WHERE job = ?', n),
  dropChunks: (database, { n }) => database.run('DELETE FROM chunks WHERE job = ?', n),
  dropAll: (database, { n }) => {
    for (const table of ['inputs', 'outputs', 'chunks', 'attempts'])
      database.run(`DELETE FROM ${table} WHERE job = ?`, n)
  },
  output: (database, { n, output }) =>
    output === null
      ? database.run('DELETE FROM outputs WHERE job = ?', n)
      : database.run('REPLACE INTO outputs VALUES (?, ?)', n, output),
  chunks: (database, { n, from, chunks }) => {
    for (const [at, json] of chunks.entries())
      database.run('INSERT INTO chunks (job, number, json) VALUES (?, ?, ?)', n, from + at, json)
  },
  delivered: (database, { n, indexes }) => {
    for (const index of indexes)
      database.run('UPDATE chunks SET delivered = 1 WHERE job = ? AND number = ?', n, index)
  },
  attemptStarted: (database, { n, number, instance, at }) =>
    database.run(
      'INSERT INTO attempts (job, number, instance, startedAt) VALUES (?, ?, ?, ?)',
      n,
      number,
      instance,
      at,
    ),
  attemptEnded: (database, { n, outcome, error, at }) =>
    database.run(
      'UPDATE attempts SET endedAt = ?, outcome = ?, errorType = ?, errorMessage = ? WHERE job = ? AND endedAt IS NULL',
      at,
      outcome,
      error?.type ?? null,
      error?.message ?? null,
      n,
    ),
  key: (database, { key, digest, id, state, expiresAt }) =>
    database.run('REPLACE INTO keys VALUES (?, ?, ?, ?, ?)', key, digest, id, state, expiresAt),
  keyState: (database, { id, state }) => database.run('UPDATE keys SET state = ? WHERE id = ?', state, id),
  dropKeys: (database, { before }) => database.run('DELETE FROM keys WHERE expiresAt <= ?', before),
  count: (database, { origin, what, n }) =>
    database.run(
      'INSERT INTO counts VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET n = n + excluded.n',
      origin,
      what,
      n,
    ),
}

// Without a hint SQLite takes the index of expiresAt, and reads all jobs that have ended. It prepares a statement anew for each value
// of a bare LIMIT ?.
function headsOf(isTask: '=' | '<>'): string {
  return `INDEXED BY ${isTask === '=' ? 'tasksQueued' : 'jobsQueued'}
    WHERE state = 'IN_QUEUE' AND leaseUntil IS NULL AND origin ${isTask} 'task' AND removedAt IS NULL
    AND (notBefore IS NULL OR notBefore <= ?1) AND expiresAt > ?1 ORDER BY dueAt, position LIMIT ?2 + 0`
}

function surplusBeyond(kept: number): string {
  return `n IN (SELECT n FROM jobs WHERE origin = 'task' AND state IN ('COMPLETED', 'FAILED') AND removedAt IS NULL
    ORDER BY since DESC LIMIT -1 OFFSET ${kept})`
}

function nextTime(database: Database, now: number): number | undefined {
  const sql = `SELECT min(at) AS at FROM (
    SELECT min(expiresAt) AS at FROM jobs WHERE removedAt IS NULL AND expiresAt > ?1
    UNION ALL SELECT min(leaseUntil) FROM jobs WHERE leaseUntil > ?1
    UNION ALL SELECT min(notBefore) FROM jobs WHERE notBefore > ?1
    UNION ALL SELECT min(removedAt) + ?2 FROM jobs WHERE removedAt > ?1 - ?2 AND delivery IS NULL
    UNION ALL SELECT min(expiresAt) FROM keys WHERE expiresAt > ?1)`
  return database.get<{ at: number | null }>(sql, now, removedKeptMs)?.at ?? undefined
}

interface Store {
  readonly change: number
  readonly oldestWriter: number
  readonly number: number
}
