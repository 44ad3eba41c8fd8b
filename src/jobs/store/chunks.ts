// Chunks: what a job has yielded, under indexes that it never uses twice (jobs.md STR-10).

import type { ChunkPage } from '../model/store.ts'
import type { StoredChunk } from '../model/job.ts'
import { asBuffer } from './bytes.ts'
import type { Database } from './database.ts'

/** Adds chunks to a job. @param from index of the first */
export function addChunks(database: Database, job: number, from: number, chunks: readonly Buffer[]): void {
  for (const [offset, json] of chunks.entries())
    database.run('INSERT INTO chunks (job, number, json) VALUES (?, ?, ?)', job, from + offset, json)
}

/** JSON text of the list of all chunks. */
export function listOf(database: Database, job: number): Buffer {
  const parts: Uint8Array[] = []
  for (const { json } of database.each<Stored>('SELECT json FROM chunks WHERE job = ? ORDER BY number', job))
    parts.push(parts.length === 0 ? opening : comma, json)
  return parts.length === 0 ? Buffer.from('[]') : Buffer.concat([...parts, closing])
}

/** Chunks of a job from an index on. */
export function readChunks(database: Database, id: string, from: number, maxBytes: number): ChunkPage {
  return toPage(database.each<Stored>(`${selectOf} AND number >= ? ORDER BY number`, id, from), maxBytes)
}

/** Chunks of a job that nobody has got. */
export function readUndelivered(database: Database, id: string, maxBytes: number): ChunkPage {
  return toPage(database.each<Stored>(`${selectOf} AND delivered = 0 ORDER BY number`, id), maxBytes)
}

/** Somebody has got these. */
export function markDelivered(database: Database, id: string, indexes: readonly number[]): void {
  const sql = `UPDATE chunks SET delivered = 1 WHERE job = ${jobOf} AND number = ?`
  for (const each of indexes) database.run(sql, id, each)
}

function toPage(rows: Iterable<Stored>, maxBytes: number): ChunkPage {
  const chunks: StoredChunk[] = []
  let bytes = 0
  for (const { number, json } of rows) {
    bytes += json.byteLength
    if (chunks.length > 0 && bytes > maxBytes) return { chunks, more: true }
    chunks.push({ index: number, json: asBuffer(json) })
  }
  return { chunks, more: false }
}

interface Stored {
  readonly number: number
  readonly json: Uint8Array
}

const jobOf = '(SELECT n FROM jobs WHERE id = ? AND removedAt IS NULL)'
const selectOf = `SELECT number, json FROM chunks WHERE job = ${jobOf}`

const opening = Buffer.from('[')
const comma = Buffer.from(',')
const closing = Buffer.from(']')
