// Returned value → HttpReply (yandex.md §7). Streams are in stream.ts, errors in faultReply.ts.

import { Fault } from '../errors.ts'
import { parseJson } from '../json/json.ts'
import type { CallerMode } from '../wire/frames.ts'
import { lastHeader, type Header, type HttpReply } from './http.ts'
import { joinParts } from './longBody.ts'
import { findForbidden, toReplyHeaders } from './responseHeaders.ts'
import { parseStructure, type Structure } from './structure.ts'

/**
 * The answer that a returned value makes.
 * @param json the value as JSON text, or what a Bash function has printed, which may be anything; undefined when the handler gave no value at all
 * @param text a long `body` of the value in mode `http`, which in `json` is empty
 * @throws Fault malformed_response or forbidden_header, in mode `http` only (yandex.md F-4, F-5)
 */
export function toReply(json: Buffer | undefined, mode: CallerMode, text?: Buffer): HttpReply {
  switch (mode) {
    case 'http':
      return toHttpReply(json?.toString() ?? '', text)
    case 'raw':
      return { status: 200, headers: [jsonType], body: json ?? nothing } // M-4, M-9
  }
}

/**
 * The answer that a response object asks for. A `Content-Length` among its headers is the function's own and only
 * there when the body is empty: it counts for HEAD and for nothing else (yandex.md R-12).
 * @param result the parsed value
 * @param toPayload gives its JSON text, shown to the caller when it is malformed (yandex.md F-31)
 * @param text its `body` when that came apart from it
 * @throws Fault malformed_response or forbidden_header (yandex.md F-4, F-5)
 */
export function toStructuredReply(result: unknown, toPayload: () => string, text?: Buffer): HttpReply {
  const structure = parseStructure(result, text)
  if (structure === undefined)
    throw new Fault('malformed_response', `${malformed}: not a valid json`, {
      body: { payload: toPayload() },
    })
  const forbidden = findForbidden(structure.headers)
  if (forbidden !== undefined)
    throw new Fault('forbidden_header', `${malformed}: header ${forbidden} is not allowed`, {
      body: { payload: toPayload() },
    })
  return bodiless.has(structure.status) ? withoutBody(structure) : withBody(structure)
}

function toHttpReply(json: string, text: Buffer | undefined): HttpReply {
  const toPayload = (): string => (text === undefined ? json : joinParts(json, text))
  return toStructuredReply(parseJson(json), toPayload, text)
}

// these statuses have no content, so that no type and no length could describe it.
function withoutBody({ status, headers }: Structure): HttpReply {
  const lines = toReplyHeaders(headers).filter(([name]) => name.toLowerCase() !== 'content-type')
  return { status, headers: lines, body: nothing }
}

function withBody({ status, headers, body }: Structure): HttpReply {
  const lines = toReplyHeaders(headers)
  if (lastHeader(lines, 'content-type') === undefined) lines.push(jsonType)
  const ownLength = body.length === 0 ? headers.get('content-length')?.values.at(-1) : undefined
  if (ownLength !== undefined && digits.test(ownLength)) lines.push(['Content-Length', ownLength])
  return { status, headers: lines, body }
}

const malformed = 'Malformed serverless function response'
const jsonType: Header = ['Content-Type', 'application/json']
const nothing = Buffer.alloc(0)
const bodiless: ReadonlySet<number> = new Set([204, 304])
const digits = /^\d{1,15}$/ // within what a number holds exactly
