// What queries and headers of the jobs API say (jobs.md A-8, STR-13, REQ-6), checked.

import { Fault } from '../../errors.ts'
import { lastHeader, type Header } from '../../event/http.ts'
import { lastQueryValue } from '../../event/query.ts'

/** Numbers of a query, undefined where it names none. */
export interface Parameters {
  /** milliseconds, at most five minutes */
  readonly wait: number | undefined
  /** index of a chunk */
  readonly from: number | undefined
  /** milliseconds, from one second to seven days (jobs.md A-14) */
  readonly ttl: number | undefined
}

/** A parameter that some routes take. */
export type ParameterName = keyof Parameters

/**
 * Reads the parameters that a route takes; others are ignored.
 * @throws Fault invalid_parameter
 */
export function readParameters(query: string, taken: readonly ParameterName[]): Parameters {
  const read = (name: ParameterName, least: number, most: number): number | undefined => {
    const text = taken.includes(name) ? lastQueryValue(query, name) : undefined
    if (text === undefined) return undefined
    if (/^\d+$/.test(text)) return Math.min(Math.max(Number(text), least), most)
    throw new Fault(
      'invalid_parameter',
      `${name} must be a whole number that is not negative, such as ${name}=1000`,
    )
  }
  return {
    wait: read('wait', 0, longestWaitMs),
    from: read('from', 0, Number.MAX_SAFE_INTEGER),
    ttl: read('ttl', shortestTtlMs, longestTtlMs),
  }
}

/** Whether the client asks for an event stream by name: a wildcard is not enough (jobs.md STR-13). */
export function wantsEvents(headers: readonly Header[]): boolean {
  return headers
    .filter(([name]) => name.toLowerCase() === 'accept')
    .flatMap(([, value]) => value.toLowerCase().split(','))
    .map((each) => each.split(';').map((part) => part.trim()))
    .some(
      ([type, ...parts]) => type === 'text/event-stream' && !parts.some((each) => /^q=0(\.0*)?$/.test(each)),
    )
}

/** The number that an `EventSource` has seen last; undefined when it says none, or none of ours. */
export function lastEventId(headers: readonly Header[]): number | undefined {
  const text = lastHeader(headers, 'last-event-id')
  return text !== undefined && /^\d{1,15}$/.test(text) ? Number(text) : undefined
}

/** @throws Fault invalid_parameter for a key that is not 1 to 255 visible ASCII characters (jobs.md REQ-6) */
export function idempotencyKey(headers: readonly Header[]): string | undefined {
  const key = lastHeader(headers, 'idempotency-key')
  if (key === undefined || /^[!-~]{1,255}$/.test(key)) return key
  throw new Fault(
    'invalid_parameter',
    'Idempotency-Key must be 1 to 255 visible ASCII characters, without spaces',
  )
}

const longestWaitMs = 300_000
const shortestTtlMs = 1000
const longestTtlMs = 7 * 24 * 60 * 60 * 1000
