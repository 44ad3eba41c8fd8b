// The two maps in which an event shows whatever may be repeated: the last value, and all values (yandex.md V-3, V-4).

/** Values by name, in order of arrival. A Map, so that a name like `__proto__` is a name like any other. */
export type ValuesByName = Map<string, string[]>

/** The same key set twice. */
export interface ValueMaps {
  readonly last: Readonly<Record<string, string>>
  readonly all: Readonly<Record<string, readonly string[]>>
}

/** Puts one more value behind those that the name has. */
export function addValue(values: ValuesByName, name: string, value: string): void {
  const present = values.get(name)
  if (present === undefined) values.set(name, [value])
  else present.push(value)
}

/** Both maps as plain objects, ready for JSON; every name is an own key. */
export function toValueMaps(values: ValuesByName): ValueMaps {
  const last: Record<string, string> = {}
  const all: Record<string, readonly string[]> = {}
  for (const [name, each] of values) {
    put(last, name, each.at(-1) ?? '')
    put(all, name, each)
  }
  return { last, all }
}

// Only this name is more than a key when it is assigned to.
function put<Value>(map: Record<string, Value>, name: string, value: Value): void {
  if (name === '__proto__') Object.defineProperty(map, name, { value, ...ordinary })
  else map[name] = value
}

const ordinary = { configurable: true, enumerable: true, writable: true }
