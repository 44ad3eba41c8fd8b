// What differs between two events of the same kind: times, ids and the user's data, and how they are filled into a sample.

import { toRequestTime } from '../../event/httpEvent.ts'

/** The time and the ids of one event. */
export interface Context {
  /** epoch milliseconds */
  readonly now: number
  /** gives a new UUID with each call */
  readonly newId: () => string
}

/** Values by the names that samples use, as in `${seconds}`. */
export type Values = Readonly<Record<string, unknown>>

/** The values that every sample may use. */
export function contextValues({ now, newId }: Context): Values {
  const isoTime = new Date(now).toISOString()
  const id = newId()
  const hex = id.replaceAll('-', '')
  return {
    id,
    hex16: hex.slice(0, 16),
    hex17: hex.slice(0, 17), // behind a prefix of three letters: the ids of the cloud have 20 characters
    requestId: newId(),
    now,
    nowText: String(now),
    isoTime,
    goTime: `${isoTime.replace('T', ' ').replace('Z', '')} +0000 UTC`, // as Go prints a time
    requestTime: toRequestTime(now),
    seconds: Math.floor(now / 1000),
    nanos: (now % 1000) * 1_000_000,
  }
}

/** Fills values into a sample. A member whose value is undefined is left out. */
export function fill(sample: unknown, values: Values): unknown {
  if (typeof sample === 'string') return fillText(sample, values)
  if (Array.isArray(sample)) return sample.map((each) => fill(each, values))
  if (typeof sample !== 'object' || sample === null) return sample
  const members = Object.entries(sample).map(([name, each]) => [name, fill(each, values)] as const)
  return Object.fromEntries(members.filter(([, value]) => value !== undefined))
}

// A text that is nothing but a name becomes the value itself, of any type.
function fillText(text: string, values: Values): unknown {
  const name = /^\$\{(\w+)\}$/.exec(text)?.[1]
  if (name !== undefined) return values[name]
  return text.replaceAll(/\$\{(\w+)\}/g, (_, each: string) => String(values[each]))
}
