// The members of a JSON object as bytes, to be passed on as they were sent (jobs.md A-9). JSON.parse has accepted the text before.
// Without recursion: a text may be nested a million deep.

/** A part of a text, from one byte up to another. */
export interface Span {
  readonly from: number
  readonly to: number
}

/**
 * The text of every member of an object, a copy; of members with the same name the last, as in JSON.parse.
 * @param json valid JSON text in UTF-8 whose value is an object
 */
export function memberTexts(json: Buffer): ReadonlyMap<string, Buffer> {
  const texts = new Map<string, Buffer>()
  let at = skipSpace(json, skipSpace(json, 0) + 1)
  while (at < json.length && json[at] !== closeBrace) {
    const nameEnd = endOfString(json, at)
    const from = skipSpace(json, skipSpace(json, nameEnd) + 1)
    const to = endOfValue(json, from)
    texts.set(decodeString(json, { from: at, to: nameEnd }), Buffer.from(json.subarray(from, to)))
    at = skipSpace(json, to)
    if (json[at] === comma) at = skipSpace(json, at + 1)
  }
  return texts
}

/** The value of a string's text, quotes included. */
export function decodeString(json: Buffer, { from, to }: Span): string {
  return JSON.parse(json.toString('utf8', from, to)) as string // it is the text of a string
}

/** The place behind white space. */
export function skipSpace(json: Buffer, from: number): number {
  let at = from
  while (isSpace(json[at])) at++
  return at
}

/** The place behind the string that starts here. */
export function endOfString(json: Buffer, from: number): number {
  let at = from + 1
  while (at < json.length && json[at] !== quote) at += json[at] === backslash ? 2 : 1
  return at + 1
}

/** The place behind the number, true, false or null that starts here. */
export function endOfWord(json: Buffer, from: number): number {
  let at = from
  while (at < json.length && !isSpace(json[at]) && !delimiters.has(json[at] ?? 0)) at++
  return at
}

// The place behind the value that starts here.
function endOfValue(json: Buffer, from: number): number {
  let at = from
  let depth = 0
  do {
    const byte = json[at] ?? 0
    if (byte === quote) at = endOfString(json, at)
    else if (isSpace(byte) || delimiters.has(byte)) at++
    else if (byte !== openBrace && byte !== openBracket) at = endOfWord(json, at)
    else at++
    if (byte === openBrace || byte === openBracket) depth++
    if (byte === closeBrace || byte === closeBracket) depth--
  } while (depth > 0 && at < json.length)
  return at
}

function isSpace(byte: number | undefined): boolean {
  return byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09
}

/** The bytes that divide a JSON text. */
export const quote = 0x22
export const openBrace = 0x7b
export const closeBrace = 0x7d
export const openBracket = 0x5b
export const closeBracket = 0x5d
export const comma = 0x2c

const backslash = 0x5c
const colon = 0x3a

const delimiters: ReadonlySet<number> = new Set([comma, colon, closeBrace, closeBracket])
