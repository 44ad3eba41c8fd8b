// A job as its handler gets it, and what the handler yields as JSON text. Values that were sent are copied as they are (jobs.md A-9).

import { isUtf8 } from 'node:buffer'
import type { ChunkKind } from '../../wire/frames.ts'
import type { Work } from './job.ts'
import { toJsonObject } from './jobJson.ts'

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

type Sent = Pick<Work, 'id' | 'input'> & Partial<Pick<Work, 'webhook' | 'policy' | 's3Config'>>

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
