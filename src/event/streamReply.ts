// Yielded values → a chunked reply: its head from the first value, its bytes from every value (yandex.md K-10 to K-12).

import { isJsonObject, parseJson } from '../json/json.ts'
import type { ChunkKind, CallerMode } from '../wire/frames.ts'
import type { HttpReply, HttpReplyHead } from './http.ts'
import { toStructuredReply } from './reply.ts'

/** The start of a streamed reply. With status 204 or 304, and for HEAD, no chunk may follow (yandex.md R-11, K-14). */
export interface StreamStart {
  readonly head: HttpReplyHead
  /** the first bytes to send; undefined when the first value was a head without a body */
  readonly body: Buffer | undefined
}

/**
 * The start of the reply that the first yielded value makes; in mode `http` an object with `statusCode` is its head.
 * @throws Fault malformed_response or forbidden_header when that object is not a proper head (yandex.md K-11)
 */
export function toStreamHead(kind: ChunkKind, data: Buffer, mode: CallerMode): StreamStart {
  const start = mode === 'http' && kind === 'json' ? fromHeadObject(data.toString()) : undefined
  return start ?? fromData(kind, data)
}

/** The bytes of a yielded value; JSON is a line of its own (yandex.md K-10). */
export function toChunkBytes(kind: ChunkKind, data: Buffer): Buffer {
  switch (kind) {
    case 'text':
    case 'bytes':
      return data
    case 'json':
      return Buffer.concat([data, newline])
  }
}

/** The reply of a generator that ended without a value (yandex.md K-12). */
export function toEmptyStreamReply(): HttpReply {
  return { status: 200, headers: [['Content-Type', 'application/json']], body: Buffer.alloc(0) }
}

function fromHeadObject(text: string): StreamStart | undefined {
  const value = parseJson(text)
  if (!isJsonObject(value) || !Object.hasOwn(value, 'statusCode')) return undefined
  const { status, headers, body } = toStructuredReply(value, () => text)
  // The length of a stream is never known: the function's is ignored.
  const lines = headers.filter(([name]) => name !== 'Content-Length')
  return { head: { status, headers: lines }, body: body.length === 0 ? undefined : body }
}

function fromData(kind: ChunkKind, data: Buffer): StreamStart {
  return {
    head: { status: 200, headers: [['Content-Type', contentTypes[kind]]] },
    body: toChunkBytes(kind, data),
  }
}

const contentTypes: Readonly<Record<ChunkKind, string>> = {
  text: 'text/plain; charset=utf-8',
  bytes: 'application/octet-stream',
  json: 'application/x-ndjson',
}

const newline = Buffer.from('\n')
