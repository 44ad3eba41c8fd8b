// Events whose long `body` is sent beside their JSON text, not in it: runtime/PROTOCOL.md, "Long texts".

import { isUtf8 } from 'node:buffer'
import { escaped } from '../json/json.ts'
import type { HttpRequest } from './http.ts'
import { hasTextBody, toEventJson } from './httpEvent.ts'
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
