// Returned value → HttpReply (yandex.md §7). Streams are in streamReply.ts, errors in faultReply.ts.

import { Fault } from '../errors.ts'
import { isJsonObject, parseJson } from '../json/json.ts'
import type { CallerMode } from '../wire/frames.ts'
import {
  type Header,
  type HttpReply,
  type HttpReplyHead,
  canonicalName,
  fromBase64,
  isHeaderName,
  isHeaderValue,
  lastHeader,
} from './http.ts'
import { joinParts } from './httpEvent.ts'

/**
 * The reply that a returned value makes.
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

function toHttpReply(json: string, text: Buffer | undefined): HttpReply {
  const toPayload = (): string => (text === undefined ? json : joinParts(json, text))
  return toStructuredReply(parseJson(json), toPayload, text)
}

/**
 * The reply that a response object describes. A `Content-Length` among its headers is the function's own, for HEAD and
 * only with an empty body (yandex.md R-12).
 * @param result the parsed value
 * @param toPayload gives its JSON text, shown to the caller when it is malformed (yandex.md F-31)
 * @param text its `body`, UTF-8, when that came apart from it
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

// A well-formed response object, defaults filled in.
interface Structure {
  readonly status: number
  readonly headers: FunctionHeaders
  readonly body: Buffer
}

// The function's headers by lower-case name; `multiValueHeaders` has won over `headers`.
type FunctionHeaders = ReadonlyMap<string, FunctionHeader>

// One header, spelled as the function did, with a value for each line.
interface FunctionHeader {
  readonly name: string
  readonly values: readonly string[]
}

// Undefined when the value is malformed. Unknown keys are ignored.
function parseStructure(result: unknown, text: Buffer | undefined): Structure | undefined {
  if (!isJsonObject(result)) return undefined
  const status = parseStatus(result['statusCode'] ?? 200)
  const headers = parseHeaders(result['headers'] ?? {}, result['multiValueHeaders'] ?? {})
  const body = parseBody(text ?? result['body'] ?? '', result['isBase64Encoded'] ?? false)
  if (status === undefined || headers === undefined || body === undefined) return undefined
  return { status, headers, body }
}

function parseStatus(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isInteger(value) && value >= 200 && value <= 599
    ? value
    : undefined
}

// Later entries overwrite earlier ones, which is all of R-6.
function parseHeaders(single: unknown, multi: unknown): FunctionHeaders | undefined {
  if (!isJsonObject(single) || !isJsonObject(multi)) return undefined
  const headers = new Map<string, FunctionHeader>()
  for (const [name, value] of Object.entries(single)) {
    if (!isHeaderName(name) || !isSendable(value)) return undefined
    headers.set(name.toLowerCase(), { name, values: [value] })
  }
  for (const [name, values] of Object.entries(multi)) {
    if (!isHeaderName(name) || !Array.isArray(values) || !values.every(isSendable)) return undefined
    headers.set(name.toLowerCase(), { name, values })
  }
  return headers
}

function isSendable(value: unknown): value is string {
  return typeof value === 'string' && isHeaderValue(value)
}

function parseBody(body: unknown, isBase64Encoded: unknown): Buffer | undefined {
  const isText = typeof body === 'string' || Buffer.isBuffer(body)
  if (!isText || typeof isBase64Encoded !== 'boolean') return undefined
  if (isBase64Encoded) return fromBase64(body.toString())
  return typeof body === 'string' ? Buffer.from(body) : body
}

// Gives its canonical name.
function findForbidden(headers: FunctionHeaders): string | undefined {
  for (const name of headers.keys()) if (forbidden.has(name)) return canonicalName(name)
  return undefined
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

// Some are dropped, some renamed, the others spelled as the function did.
function toReplyHeaders(headers: FunctionHeaders): Header[] {
  const lines: Header[] = []
  for (const [lowerCaseName, { name, values }] of headers) {
    if (dropped.has(lowerCaseName)) continue
    const sentAs = renamed.get(lowerCaseName) ?? name
    for (const value of values) lines.push([sentAs, value])
  }
  return lines
}

/** What the platform's headers say. */
export interface Platform {
  readonly requestId: string
  readonly functionId: string
  readonly functionVersion: string
  /** whether --cors is on */
  readonly cors: boolean
}

/** Puts the platform's headers behind those of a reply, or of the head of a stream (yandex.md R-13, U-5). */
export function withPlatformHeaders<Reply extends HttpReplyHead>(reply: Reply, platform: Platform): Reply {
  const headers: Header[] = [
    ...reply.headers,
    ['X-Request-Id', platform.requestId],
    ['X-Function-Id', platform.functionId],
    ['X-Function-Version-Id', platform.functionVersion],
    ['X-Content-Type-Options', 'nosniff'],
  ]
  const mayAllowOrigin =
    platform.cors && lastHeader(reply.headers, 'access-control-allow-origin') === undefined
  if (mayAllowOrigin) headers.push(['Access-Control-Allow-Origin', '*'])
  return { ...reply, headers }
}

const malformed = 'Malformed serverless function response'
const jsonType: Header = ['Content-Type', 'application/json']
const nothing = Buffer.alloc(0)
const bodiless: ReadonlySet<number> = new Set([204, 304])
const digits = /^\d{1,15}$/ // a number is exact up to there

//
const forbidden: ReadonlySet<string> = new Set(['proxy-authenticate', 'transfer-encoding', 'via'])

// R-7, and Content-Length, which is computed.
const dropped: ReadonlySet<string> = new Set([
  'host',
  'authorization',
  'user-agent',
  'connection',
  'max-forwards',
  'cookie',
  'x-request-id',
  'x-function-id',
  'x-function-version-id',
  'x-content-type-options',
  'content-length',
])

//
const renamed: ReadonlyMap<string, string> = new Map([
  ['content-md5', 'X-Yf-Remapped-Content-Md5'],
  ['date', 'X-Yf-Remapped-Date'],
  ['server', 'X-Yf-Remapped-Server'],
  ['www-authenticate', 'X-Yf-Remapped-Www-Authenticate'],
])
