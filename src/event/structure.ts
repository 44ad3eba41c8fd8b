// The object that a function returns to describe its HTTP answer: parsed and checked once (yandex.md ).

import { isJsonObject } from '../json/json.ts'
import { fromBase64 } from './base64.ts'
import { isHeaderName, isHeaderValue } from './headerName.ts'

/** A well-formed response object, defaults filled in. */
export interface Structure {
  readonly status: number
  readonly headers: FunctionHeaders
  readonly body: Buffer
}

/** The function's headers by lower-case name; `multiValueHeaders` has won over `headers` (yandex.md R-6). */
export type FunctionHeaders = ReadonlyMap<string, FunctionHeader>

/** One header, spelled as the function did, with a value for each line. */
export interface FunctionHeader {
  readonly name: string
  readonly values: readonly string[]
}

/**
 * Reads a returned value; undefined when it is malformed. Unknown keys are ignored (yandex.md ).
 * @param text its `body`, UTF-8, when that came apart from it
 */
export function parseStructure(result: unknown, text?: Buffer): Structure | undefined {
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
