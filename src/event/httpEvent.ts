// HttpRequest → event: the first argument of a handler in normal mode, as JSON text (yandex.md §6). A long `body` is sent
// beside that text, not in it (runtime/PROTOCOL.md, "Long texts"). Owns the text of the present second.

import { isUtf8 } from 'node:buffer'
import { escaped } from '../json/json.ts'
import { canonicalName, lastHeader, type Header, type HttpRequest, type Peer } from './http.ts'
import { addValue, toMapMembers, toQueryMaps, type ValueMaps, type ValuesByName } from './query.ts'
import type { RequestIds } from './route.ts'

/** An event as an instance receives it. */
export interface EventParts {
  /** its JSON text, in which a long `body` is empty */
  readonly json: string
  /** that `body`, UTF-8 */
  readonly text?: Buffer
  /** bytes of the JSON text with `body` in its place: the size of the request (yandex.md L-1) */
  readonly size: number
}

/** Makes the event of a request that was routed in mode `http`. */
export function toEventParts(request: HttpRequest, ids: RequestIds): EventParts {
  const { body } = request
  const isText = hasTextBody(request.headers)
  if (body.length < shortest) {
    const shown = isText ? escaped(body.toString()) : body.toString('base64')
    const json = toEventJson(request, ids, shown, !isText)
    return { json, size: Buffer.byteLength(json) }
  }
  const json = toEventJson(request, ids, '', !isText)
  const text = isText ? toUtf8(body) : toBase64(body)
  const escapes = isText ? countEscapes(text) : 0
  return { json, text, size: Buffer.byteLength(json) + text.length + escapes }
}

/** Joins the JSON text of a value and its `body`. */
export function joinParts(json: string, text: Buffer): string {
  return json.replace(place, () => `"body":${JSON.stringify(text.toString())}`)
}

/**
 * The event of a request that was routed in mode `http`: exactly these 12 keys, and 5 of its context (yandex.md V-1).
 * Composed as a text, which takes two thirds of the time of JSON.stringify and an object for it.
 * @param body as it stands between the quotes of JSON
 */
function toEventJson(request: HttpRequest, ids: RequestIds, body: string, isBase64Encoded: boolean): string {
  const method = escaped(request.method)
  const headers = toHeaderMaps(request.headers, request.peer, ids)
  const query = toQueryMaps(request.query)
  const userAgent = escaped(lastHeader(request.headers, 'user-agent') ?? '')
  const second = Math.floor(request.receivedAt / 1000)
  return (
    `{"httpMethod":"${method}","headers":${headers.last},"multiValueHeaders":${headers.all},` +
    `"queryStringParameters":${query.last},"multiValueQueryStringParameters":${query.all},` +
    `"requestContext":{"identity":{"sourceIp":"${escaped(request.peer.address)}","userAgent":"${userAgent}"},` +
    `"httpMethod":"${method}","requestId":"${escaped(ids.requestId)}","requestTime":"${toRequestTime(request.receivedAt)}",` +
    `"requestTimeEpoch":${second}},"body":"${body}","isBase64Encoded":${isBase64Encoded},` +
    '"url":"","params":{},"multiValueParams":{},"pathParams":{}}'
  )
}

/** Both header maps; lines are never merged but for X-Forwarded-For (yandex.md, V-3). */
export function toHeaderMaps(lines: readonly Header[], { address, port }: Peer, ids: RequestIds): ValueMaps {
  const values: ValuesByName = new Map()
  let forwardedFor = ''
  for (const [name, value] of lines) {
    const canonical = canonicalName(name)
    if (canonical === 'X-Forwarded-For') forwardedFor += value === '' ? '' : `${value}, `
    else if (!removed.has(canonical)) addValue(values, canonical, value)
  }
  const client = toMapMembers(values)
  // what the client says about itself is kept only in X-Forwarded-For; the platform decides everything else.
  const forwarded = escaped(forwardedFor + address)
  const remote = escaped(`[${address}]:${port}`)
  const request = escaped(ids.requestId)
  const trace = escaped(ids.traceId)
  return {
    last: `{${client.last}"X-Forwarded-For":"${forwarded}","X-Real-Remote-Address":"${remote}","X-Request-Id":"${request}","X-Trace-Id":"${trace}"}`,
    all: `{${client.all}"X-Forwarded-For":["${forwarded}"],"X-Real-Remote-Address":["${remote}"],"X-Request-Id":["${request}"],"X-Trace-Id":["${trace}"]}`,
  }
}

/** Whether a body is shown as text, not as base64: only this type makes it so, without parameters (yandex.md V-11 to V-18). */
function hasTextBody(headers: readonly Header[]): boolean {
  const type = lastHeader(headers, 'content-type')
  return type === 'application/json' || type?.trim().toLowerCase() === 'application/json'
}

/** A time as events show it (yandex.md V-7): the day is not padded, the rest is. */
export function toRequestTime(epochMs: number): string {
  const second = Math.floor(epochMs / 1000)
  if (second !== latest.second) latest = { second, text: describeTime(new Date(epochMs)) }
  return latest.text
}

function describeTime(date: Date): string {
  const timeOfDay = date.toISOString().slice(-13, -5)
  return `${date.getUTCDate()}/${months[date.getUTCMonth()]}/${date.getUTCFullYear()}:${timeOfDay} +0000`
}

function toBase64(body: Buffer): Buffer {
  return Buffer.from(body.toString('base64'), 'latin1')
}

function toUtf8(body: Buffer): Buffer {
  return isUtf8(body) ? body : Buffer.from(body.toString())
}

// The bytes that escapes add in JSON. Reads pairs of bytes, which takes half the time.
function countEscapes(text: Buffer): number {
  const start = text.byteOffset % 2
  const pairs = new Uint16Array(text.buffer, text.byteOffset + start, (text.length - start) >> 1)
  let escapes = start === 0 ? 0 : escapesOf(text[0])
  for (let at = 0; at < pairs.length; at++) {
    const pair = pairs[at] ?? 0
    escapes += escapesOf(pair & 0xff) + escapesOf(pair >> 8)
  }
  return escapes + escapesOf(text[start + 2 * pairs.length])
}

function escapesOf(byte = 0x20): number {
  return escapesByByte[byte] ?? 0
}

const escapesByByte = new Uint8Array(256).fill(5, 0, 32) // \u001f
for (const short of '"\\\b\f\n\r\t') escapesByByte[short.charCodeAt(0)] = 1

// The place of the text in the JSON, which has it once.
const place = '"body":""'

// Shorter texts are cheaper in their place.
const shortest = 16 * 1024

// Many requests come in the same second.
let latest = { second: NaN, text: '' }

const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']

// Q-1, and what the platform says in their place; in canonical form.
const removed: ReadonlySet<string> = new Set([
  'Expect',
  'Te',
  'Trailer',
  'Upgrade',
  'Proxy-Authenticate',
  'Authorization',
  'Connection',
  'Content-Md5',
  'Max-Forwards',
  'Server',
  'Transfer-Encoding',
  'Www-Authenticate',
  'Cookie',
  'X-Real-Remote-Address',
  'X-Request-Id',
  'X-Trace-Id',
])
