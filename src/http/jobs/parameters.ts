// Parameters of the jobs API in queries and headers (jobs.md A-8, STR-13, REQ-6): one table for their checks and their
// description.

import { Fault } from '../../errors.ts'
import { lastHeader, type Header } from '../../event/http.ts'
import { lastQueryValue } from '../../event/query.ts'

/** Numbers of a query; values outside of `least` to `most` are clamped. */
export const queryParameters = {
  wait: {
    least: 0,
    most: 300_000,
    description: 'How long to wait for the reply, in milliseconds; above 300000 counts as 300000.',
  },
  from: {
    least: 0,
    most: Number.MAX_SAFE_INTEGER,
    description: 'Index of the first chunk: reads without marking chunks as delivered.',
  },
  // jobs.md A-14
  ttl: {
    least: 1000,
    most: 7 * 24 * 60 * 60 * 1000,
    description: 'Keep the result for so long from now, in milliseconds; 1000 to 604800000.',
  },
} as const

export const headerParameters = {
  'Last-Event-ID': { pattern: '', description: 'Where an event stream continues; set by browsers.' },
  'Idempotency-Key': {
    pattern: '^[!-~]{1,255}$',
    description: 'For 24 hours the same key gives the same job, and submits nothing.',
  },
} as const

type QueryParameter = keyof typeof queryParameters

/** A parameter that some routes have. */
export type ParameterName = QueryParameter | keyof typeof headerParameters

/** Values of the query; undefined: absent, or not a parameter of the route. */
export type Parameters = Readonly<Record<QueryParameter, number | undefined>>

/** Reads the parameters of a route; others are ignored. @throws Fault invalid_parameter */
export function readParameters(query: string, names: readonly ParameterName[]): Parameters {
  const read = (name: QueryParameter): number | undefined => {
    const text = names.includes(name) ? lastQueryValue(query, name) : undefined
    if (text === undefined) return undefined
    const { least, most } = queryParameters[name]
    if (/^\d+$/.test(text)) return Math.min(Math.max(Number(text), least), most)
    throw new Fault(
      'invalid_parameter',
      `${name} must be a whole number that is not negative, such as ${name}=1000`,
    )
  }
  return { wait: read('wait'), from: read('from'), ttl: read('ttl') }
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

/** The last event id that an `EventSource` has received; undefined without one of fnbox's. */
export function lastEventId(headers: readonly Header[]): number | undefined {
  const text = lastHeader(headers, 'last-event-id')
  return text !== undefined && /^\d{1,15}$/.test(text) ? Number(text) : undefined
}

/** @throws Fault invalid_parameter for a key that is not 1 to 255 visible ASCII characters (jobs.md REQ-6) */
export function idempotencyKey(headers: readonly Header[]): string | undefined {
  const key = lastHeader(headers, 'idempotency-key')
  if (key === undefined || idempotencyKeyPattern.test(key)) return key
  throw new Fault(
    'invalid_parameter',
    'Idempotency-Key must be 1 to 255 visible ASCII characters, without spaces',
  )
}

const idempotencyKeyPattern = new RegExp(headerParameters['Idempotency-Key'].pattern)
