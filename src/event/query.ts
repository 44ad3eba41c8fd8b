// Query → the two maps in which an event shows what may be repeated, as JSON text (yandex.md V-3, V-4). Decodes the way the cloud
// does, which is that of HTML forms (V-5). Owns the latest members.

import { escaped } from '../json/json.ts'
import { TextCache } from './http.ts'

/** Values by name, in order of arrival; a name that is repeated has a list. */
export type ValuesByName = Map<string, string | string[]>

/** Two JSON objects with the same names, or members of them. */
export interface ValueMaps {
  /** the last value of each name */
  readonly last: string
  /** the list of all values of each name */
  readonly all: string
}

/** Both maps of a query, decoded; `{}` for an empty query. */
export function toQueryMaps(query: string): ValueMaps {
  if (query === '') return { last: '{}', all: '{}' }
  const values: ValuesByName = new Map()
  for (const [name, value] of decode(query)) addValue(values, name, value)
  const { last, all } = toMapMembers(values)
  return { last: `{${last.slice(0, -1)}}`, all: `{${all.slice(0, -1)}}` }
}

/** The decoded value of the last parameter with that name; undefined without one (yandex.md U-6). */
export function lastQueryValue(query: string, name: string): string | undefined {
  return query === '' ? undefined : decode(query).getAll(name).at(-1)
}

/** Puts one more value behind those that the name has. */
export function addValue(values: ValuesByName, name: string, value: string): void {
  const present = values.get(name)
  if (present === undefined) values.set(name, value)
  else if (typeof present === 'string') values.set(name, [present, value])
  else present.push(value)
}

/** Writes the members of both maps as JSON.stringify writes them, each with a comma behind it. */
export function toMapMembers(values: ValuesByName): ValueMaps {
  let last = ''
  let all = ''
  for (const [name, value] of inOrderOfObjects(values)) {
    const member = typeof value === 'string' ? toMember(name, value) : toListMember(name, value)
    last += member.last
    all += member.all
  }
  return { last, all }
}

function toMember(name: string, value: string): ValueMaps {
  const known = members.get(name)
  if (known?.value === value) return known
  const key = escaped(name)
  const text = escaped(value)
  const member = { value, last: `"${key}":"${text}",`, all: `"${key}":["${text}"],` }
  members.set(name, member, name.length + value.length)
  return member
}

function toListMember(name: string, values: readonly string[]): ValueMaps {
  const key = escaped(name)
  const texts = values.map(escaped)
  return { last: `"${key}":"${texts.at(-1)}",`, all: `"${key}":["${texts.join('","')}"],` }
}

// An object shows the names that are array indexes first, in ascending order.
function inOrderOfObjects(values: ValuesByName): Iterable<[string, string | string[]]> {
  let hasIndex = false
  for (const name of values.keys()) hasIndex ||= isIndex(name)
  if (!hasIndex) return values
  const entries = [...values]
  const indexes = entries.filter(([name]) => isIndex(name))
  const others = entries.filter(([name]) => !isIndex(name))
  return [...indexes.toSorted(([one], [other]) => Number(one) - Number(other)), ...others]
}

function isIndex(name: string): boolean {
  return index.test(name) && Number(name) < 2 ** 32 - 1
}

// URLSearchParams drops one leading `?`; a query may start with one of its own.
function decode(query: string): URLSearchParams {
  return new URLSearchParams(`?${query}`)
}

const index = /^(?:0|[1-9]\d{0,9})$/

// Most requests of a client have the values of the one before: the latest member of each name is kept.
const members = new TextCache<ValueMaps & { readonly value: string }>()
