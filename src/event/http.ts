// HTTP as plain values: requests, replies, header names and values. No sockets and no framework. Owns the canonical names seen so far.

/** One header line: its name as it was written, and its value as text. */
export type Header = readonly [name: string, value: string]

/** A request that was read completely. */
export interface HttpRequest {
  /** upper case, as received */
  readonly method: string
  /** as received, without the query; percent escapes are still there */
  readonly path: string
  /** what follows the first `?`, undecoded; "" without a query */
  readonly query: string
  /** every line in order of arrival, never merged; values are UTF-8 with U+FFFD for invalid bytes */
  readonly headers: readonly Header[]
  readonly body: Buffer
  readonly peer: Peer
  /** arrival, epoch milliseconds */
  readonly receivedAt: number
}

/** The other end of the connection; an IPv4-mapped IPv6 address is written as IPv4 (yandex.md Q-5). */
export interface Peer {
  readonly address: string
  readonly port: number
}

/** Status line and headers of a reply, in sending order. */
export interface HttpReplyHead {
  readonly status: number
  readonly headers: readonly Header[]
}

/**
 * A whole reply. `Content-Length` is computed from the body when it is sent. One among `headers` is the function's own:
 * it replaces the computed one in the reply to HEAD, and is left out of every other (yandex.md ).
 */
export interface HttpReply extends HttpReplyHead {
  readonly body: Buffer
}

/** A path, or a part of one, without its percent escapes; unchanged when one of them is malformed (yandex.md U-2). */
export function unescaped(path: string): string {
  if (!path.includes('%')) return path
  try {
    return decodeURIComponent(path)
  } catch {
    return path
  }
}

/** The value of the last line with that name, in any case; undefined without one. @param name in lower case */
export function lastHeader(headers: readonly Header[], name: string): string | undefined {
  for (let at = headers.length - 1; at >= 0; at--) {
    const line = headers[at]
    if (line?.[0].length === name.length && line[0].toLowerCase() === name) return line[1]
  }
  return undefined
}

/** Each part between hyphens with a capital, the rest in lower case: `X-Request-Id` (yandex.md Q-3). */
export function canonicalName(name: string): string {
  const known = canonicalNames.get(name)
  if (known !== undefined) return known
  const canonical = name.toLowerCase().replace(startOfPart, (letter) => letter.toUpperCase())
  canonicalNames.set(name, canonical, 2 * name.length)
  return canonical
}

/** Whether the name is a token of RFC 9110, so that it can be sent. */
export function isHeaderName(name: string): boolean {
  return token.test(name)
}

/** Whether the value has no control characters but tabs. Characters beyond Latin-1 are sent as UTF-8. */
export function isHeaderValue(value: string): boolean {
  return !unsendable.test(value)
}

/** Whether a text is ASCII, and so needs no conversion between encodings. */
export function isAscii(text: string): boolean {
  return !beyondAscii.test(text)
}

/**
 * Decodes strict base64: the standard alphabet with padding. CR and LF are ignored (yandex.md R-3). Buffer.from would
 * drop what it does not understand, and so hide a function's mistake.
 * @returns undefined for any other text
 */
export function fromBase64(text: string): Buffer | undefined {
  const oneLine = text.replace(lineBreaks, '')
  return oneLine.length % 4 === 0 && base64.test(oneLine) ? Buffer.from(oneLine, 'base64') : undefined
}

/** A bounded map from texts of clients, which send the same few again and again. Full, it keeps what it has. */
export class TextCache<Value> {
  readonly #values = new Map<string, Value>()

  get(text: string): Value | undefined {
    return this.#values.get(text)
  }

  /** Keeps a value, or replaces the one of the same text. @param length characters of both together */
  set(text: string, value: Value, length: number): void {
    if (length > longestCached) return
    if (this.#values.size < mostCachedTexts || this.#values.has(text)) this.#values.set(text, value)
  }
}

const mostCachedTexts = 1000
const longestCached = 200

const canonicalNames = new TextCache<string>()

const startOfPart = /(?<![^-])[a-z]/g
const token = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/
const unsendable = /[^\t -~\u0080-\uffff]/ // the ASCII control characters but the tab
// eslint-disable-next-line no-control-regex
const beyondAscii = /[^\x00-\x7f]/
const lineBreaks = /[\r\n]+/g
const base64 = /^[A-Za-z0-9+/]*={0,2}$/
