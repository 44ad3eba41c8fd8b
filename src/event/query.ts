// Decodes a query the way the cloud does, which is that of HTML forms (yandex.md V-5).

import { addValue, toValueMaps, type ValueMaps, type ValuesByName } from './valueMaps.ts'

/** Both maps of a query, decoded; empty maps for an empty query (yandex.md V-4). */
export function toQueryMaps(query: string): ValueMaps {
  const values: ValuesByName = new Map()
  for (const [name, value] of decode(query)) addValue(values, name, value)
  return toValueMaps(values)
}

/** The decoded value of the last parameter with that name; undefined without one (yandex.md U-6). */
export function lastQueryValue(query: string, name: string): string | undefined {
  return query === '' ? undefined : decode(query).getAll(name).at(-1)
}

// URLSearchParams drops one leading `?`; a query may begin with one of its own.
function decode(query: string): URLSearchParams {
  return new URLSearchParams(`?${query}`)
}
