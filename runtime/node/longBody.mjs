// Long texts, which travel behind the JSON that they belong to, so that they are not escaped and read again (../PROTOCOL.md, "Long
// texts").

import { isProxy } from 'node:util/types'
import { toJson } from './outcome.mjs'

/**
 * The JSON text of an event with the text that came behind it.
 * @param {Buffer} body of the frame
 * @param {number} [length] bytes of the text; none: the body is JSON and nothing else
 */
export function fromParts(body, length) {
  if (length === undefined) return parse(body.toString())
  const end = body.length - length
  const event = parse(body.toString('utf8', 0, end))
  event.body = body.toString('utf8', end)
  return event
}

/**
 * A returned value as JSON (yandex.md M-9), a long `body` beside it.
 * @param {unknown} value
 * @returns {{ json: Buffer, text?: Buffer, size: number }} `size`: bytes of the JSON with the text in it
 * @throws the error of the language when the value cannot be written as JSON (yandex.md F-7)
 */
export function toParts(value) {
  const parts = isPlain(value) ? cut(value) : undefined
  return parts ?? toWhole(value)
}

/**
 * The same with nothing beside it.
 * @param {unknown} value
 * @returns {{ json: Buffer, text?: Buffer, size: number }}
 */
export function toWhole(value) {
  const json = toJson(value)
  return { json, size: json.length }
}

// An object that could tell a copy from itself is written whole.
/**
 * @param {unknown} value
 * @returns {value is Record<string, unknown>}
 */
function isPlain(value) {
  if (typeof value !== 'object' || value === null || isProxy(value)) return false
  const prototype = getPrototypeOf(value)
  return (prototype === plain || prototype === null) && !('toJSON' in value)
}

/** @param {Record<string, unknown>} value */
function cut(value) {
  const { enumerable, value: body } = getOwnPropertyDescriptor(value, 'body') ?? {}
  if (!enumerable || typeof body !== 'string' || body.length < shortest || !isWellFormed(body))
    return undefined
  const json = rest({ ...value, body: '' })
  if (json === undefined || json.indexOf(mark) !== json.lastIndexOf(mark)) return undefined
  const text = bytesOf(body)
  return { json, text, size: json.length + text.length + countEscapes(text) }
}

/** @param {Record<string, unknown>} value */
function rest(value) {
  try {
    return toJson(value)
  } catch {
    return undefined // the error is that of the value itself, not of a copy
  }
}

/** @param {string} text */
function isWellFormed(text) {
  return wellFormed.call(text)
}

// How many bytes longer the text is in JSON. In pairs of bytes, which takes half the time.
/** @param {Buffer} text */
function countEscapes(text) {
  const start = text.byteOffset % 2
  const pairs = new Uint16Array(text.buffer, text.byteOffset + start, (text.length - start) >> 1)
  let escapes = start === 0 ? 0 : escapesOf(text[0])
  for (let at = 0; at < pairs.length; at++) {
    const pair = pairs[at] ?? 0
    escapes += escapesOf(pair & 0xff) + escapesOf(pair >> 8)
  }
  return escapes + escapesOf(text[start + 2 * pairs.length])
}

function escapesOf(byte = 0x20) {
  return escapesByByte[byte] ?? 0
}

const escapesByByte = new Uint8Array(256).fill(5, 0, 32) // \u001f
for (const short of '"\\\b\f\n\r\t') escapesByByte[short.charCodeAt(0)] = 1

// How the JSON shows where the text belongs.
const mark = '"body":""'

// Below this the text is cheaper in its place.
const shortest = 16 * 1024

// The function may replace these later.
const { parse } = JSON
const { getOwnPropertyDescriptor, getPrototypeOf, prototype: plain } = Object
const bytesOf = Buffer.from.bind(Buffer)
// oxlint-disable-next-line typescript/unbound-method -- called with a text
const { isWellFormed: wellFormed } = String.prototype
