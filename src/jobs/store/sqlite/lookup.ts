// Reading statements of the SQLite store: jobs as they are looked up, their chunks, and the counters.

import type { Job, StoredChunk, TaskAttempt } from '../../model/job.ts'
import type { ChunkPage } from '../../model/store.ts'
import { toCounts } from '../counters.ts'
import type { Reading, Result, Values } from '../operations.ts'
import { toJob, type CountRow, type Input, type Row } from '../rows.ts'
import type { Database } from './database.ts'

/** The reading methods of JobStore. */
export const lookups: {
  readonly [Name in Reading]: (database: Database, ...values: Values<Name>) => Result<Name>
} = {
  find: (database, id) => {
    const row = database.get<Row>('SELECT * FROM jobs WHERE id = ? AND removedAt IS NULL', id)
    return row && toFound(database, row)
  },
  findRemoved: (database, id) => {
    const row = database.get<Row>('SELECT * FROM jobs WHERE id = ? AND removedAt IS NOT NULL', id)
    return row && toFound(database, row)
  },
  count: (database) => toCounts(database.all<CountRow>('SELECT * FROM counts')),
  chunks: (database, id, from, maxBytes) =>
    toPage(database.each<Chunk>(`${chunksOf} AND number >= ? ORDER BY number`, id, from), maxBytes),
  undelivered: (database, id, maxBytes) =>
    toPage(database.each<Chunk>(`${chunksOf} AND delivered = 0 ORDER BY number`, id), maxBytes),
}

/** The output of a job, composed of its chunks where it lists them. */
export function outputOf(database: Database, { n, listsChunks }: Row): Buffer | undefined {
  if (listsChunks === 1) return listOf(database, n)
  const found = database.get<{ json: Uint8Array }>('SELECT json FROM outputs WHERE job = ?', n)
  return found && asBuffer(found.json)
}

/** What only the handler of a job needs. */
export function inputOf(database: Database, { n }: Row): Input | undefined {
  const found = database.get<{ input: Uint8Array; s3Config: string | null }>(
    'SELECT input, s3Config FROM inputs WHERE job = ?',
    n,
  )
  if (found === undefined) return undefined
  const { s3Config } = found
  return { input: asBuffer(found.input), ...(s3Config === null ? {} : { s3Config }) }
}

function toFound(database: Database, row: Row): Job {
  return toJob(row, outputOf(database, row), row.task === null ? undefined : attemptsOf(database, row.n))
}

// JSON text of the list of all chunks.
function listOf(database: Database, n: number): Buffer {
  const parts: Uint8Array[] = []
  for (const { json } of database.each<Chunk>('SELECT json FROM chunks WHERE job = ? ORDER BY number', n))
    parts.push(Buffer.from(parts.length === 0 ? '[' : ','), json)
  return Buffer.concat([...parts, Buffer.from(parts.length === 0 ? '[]' : ']')])
}

function attemptsOf(database: Database, n: number): readonly TaskAttempt[] {
  const rows = database.all<AttemptRow>('SELECT * FROM attempts WHERE job = ? ORDER BY number', n)
  return rows.map(toAttempt)
}

function toAttempt(row: AttemptRow): TaskAttempt {
  const { number, instance, startedAt, endedAt, outcome, errorType, errorMessage } = row
  const started = { number, instance, startedAt }
  if (endedAt === null || outcome === null) return started
  const error = errorType === null ? {} : { error: { type: errorType, message: errorMessage ?? '' } }
  return { ...started, endedAt, outcome, ...error }
}

function toPage(rows: Iterable<Chunk>, maxBytes: number): ChunkPage {
  const chunks: StoredChunk[] = []
  let bytes = 0
  for (const { number, json } of rows) {
    bytes += json.byteLength
    if (chunks.length > 0 && bytes > maxBytes) return { chunks, more: true }
    chunks.push({ index: number, json: asBuffer(json) })
  }
  return { chunks, more: false }
}

function asBuffer({ buffer, byteOffset, byteLength }: Uint8Array): Buffer {
  return Buffer.from(buffer, byteOffset, byteLength)
}

interface Chunk {
  readonly number: number
  readonly json: Uint8Array
}

interface AttemptRow {
  readonly number: number
  readonly instance: string
  readonly startedAt: number
  readonly endedAt: number | null
  readonly outcome: NonNullable<TaskAttempt['outcome']> | null
  readonly errorType: string | null
  readonly errorMessage: string | null
}

const chunksOf =
  'SELECT number, json FROM chunks WHERE job = (SELECT n FROM jobs WHERE id = ? AND removedAt IS NULL)'
