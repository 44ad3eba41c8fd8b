// A job as JSON text: the job object of clients and webhooks (jobs.md §4), what its handler gets, and what the handler yields.
// JSON values of the user pass through as text.

import { isUtf8 } from 'node:buffer'
import type { ChunkKind } from '../../wire/frames.ts'
import { isTerminal, type Job, type JobWithInput } from './job.ts'

/** A member of a JSON object: its name, and its value as JSON text. */
export type JsonMember = readonly [name: string, json: string | Buffer]

/** The job object as JSON text, as `/status` answers it. `now`: epoch milliseconds */
export function toJobObject(job: Job, now: number): Buffer {
  return toJsonObject(toJobMembers(job, now))
}

/** The members of the job object, for those who add to it or leave something out. `now`: epoch milliseconds */
export function toJobMembers(job: Job, now: number): readonly JsonMember[] {
  const { state } = job
  const ended = isTerminal(state)
  const output = state === 'IN_QUEUE' ? undefined : job.output
  const members: JsonMember[] = []
  if (ended || hasStarted(job)) members.push(['delayTime', toMilliseconds(delayOf(job, now))])
  if (state === 'FAILED' || state === 'TIMED_OUT')
    members.push(['error', JSON.stringify(job.error ?? unknownReason[state])])
  if (ended) members.push(['executionTime', toMilliseconds(job.executionMs)])
  else if (output !== undefined) members.push(['executionTime', toMilliseconds(now - job.since)])
  members.push(['id', JSON.stringify(job.id)])
  if (output !== undefined) members.push(['output', output])
  if (job.retries > 0) members.push(['retries', String(job.retries)])
  members.push(['status', JSON.stringify(state)])
  if (ended) members.push(['workerId', JSON.stringify(job.instance)])
  return members
}

/** Puts members together without looking into their values. */
export function toJsonObject(members: readonly JsonMember[]): Buffer {
  const parts: Buffer[] = []
  for (const [name, json] of members) {
    parts.push(Buffer.from(`${parts.length === 0 ? '{' : ','}${JSON.stringify(name)}:`))
    parts.push(typeof json === 'string' ? Buffer.from(json) : json)
  }
  parts.push(Buffer.from(parts.length === 0 ? '{}' : '}'))
  return Buffer.concat(parts)
}

/** The body of an invocation of mode `job` (jobs.md W-7). */
export function toDocument({ id, input, webhook, policy, s3Config }: Sent): Buffer {
  return toJsonObject([
    ['id', JSON.stringify(id)],
    ['input', input],
    ...(webhook === undefined ? [] : [['webhook', JSON.stringify(webhook)] as const]),
    ...(policy === undefined ? [] : [['policy', policy] as const]),
    ...(s3Config === undefined ? [] : [['s3Config', s3Config] as const]),
  ])
}

type Sent = Pick<JobWithInput, 'id' | 'input'> &
  Partial<Pick<JobWithInput, 'webhook' | 'policy' | 's3Config'>>

/** A yielded value as JSON: bytes that are no text go as base64. */
export function asChunkJson(kind: ChunkKind, data: Buffer): Buffer {
  switch (kind) {
    case 'json':
      return data
    case 'text':
      return Buffer.from(JSON.stringify(data.toString()))
    case 'bytes':
      return Buffer.from(JSON.stringify(data.toString(isUtf8(data) ? 'utf8' : 'base64')))
    default:
      return kind satisfies never
  }
}

// In the queue: again, after an attempt since the latest submit or retry. The number of the attempt tells nothing there,
// since it goes on counting when a client has the job retried.
function hasStarted({ state, retries, losses, delayMs }: Job): boolean {
  return state !== 'IN_QUEUE' || retries > 0 || losses > 0 || delayMs > 0
}

// The store adds to the delay when an attempt starts: what has passed since then, or without one, is added here.
function delayOf({ state, delayMs, instance, since, submittedAt }: Job, now: number): number {
  if (state === 'IN_QUEUE') return delayMs + Math.max(0, now - since)
  const neverStarted = isTerminal(state) && instance === ''
  return neverStarted ? Math.max(delayMs, since - submittedAt) : delayMs
}

// Clients decode them as integers (jobs.md OBJ-2).
function toMilliseconds(ms: number): string {
  return String(Math.max(0, Math.round(ms)))
}

// The member is promised (jobs.md §4): Go clients tell a failure by it.
const unknownReason = { FAILED: 'the job failed', TIMED_OUT: 'the job ran out of time' }
