import { expect, test } from 'vitest'
import { lastQueryValue, toQueryMaps } from '../../src/event/query.ts'

function mapsOf(query: string) {
  const { last, all } = toQueryMaps(query)
  return {
    last: JSON.parse(last) as Record<string, string>,
    all: JSON.parse(all) as Record<string, string[]>,
  }
}

test.each<[string, string, [string, string[]][]]>([
  ['V-4 · TV-4 · no query', '', []],
  [
    'V-4 · TV-2 · repeated names',
    'a=1&a=2&b=1',
    [
      ['a', ['1', '2']],
      ['b', ['1']],
    ],
  ],
  [
    'V-5 · TV-10 · plus, escape and no value',
    'q=a+b%20c&x',
    [
      ['q', ['a b c']],
      ['x', ['']],
    ],
  ],
  ['V-5 · a name with and without equals sign', 'a&a=', [['a', ['', '']]]],
  ['V-5 · an escaped plus stays a plus', 'a=1%2B1', [['a', ['1+1']]]],
  ['V-5 · the value may have equals signs', 'a=b=c', [['a', ['b=c']]]],
  ['V-5 · a semicolon does not separate', 'a=1;b=2', [['a', ['1;b=2']]]],
  [
    'V-5 · malformed escapes stay as written',
    'a=%zz%4&%=%',
    [
      ['a', ['%zz%4']],
      ['%', ['%']],
    ],
  ],
  ['V-5 · invalid UTF-8 becomes U+FFFD', 'a=%ff%C3%A9', [['a', ['\ufffdé']]]],
  ['V-5 · names are decoded and then the same', 'a%20b=1&a+b=2', [['a b', ['1', '2']]]],
  ['V-5 · an empty name', '=1', [['', ['1']]]],
  [
    'V-5 · nothing between two ampersands',
    'a=1&&b=2&',
    [
      ['a', ['1']],
      ['b', ['2']],
    ],
  ],
  ['V-5 · a question mark at the start belongs to the name', '?a=1', [['?a', ['1']]]],
  ['V-5 · a byte order mark stays', 'a=%EF%BB%BFx', [['a', ['\ufeffx']]]],
  [
    'V-4 · names of built-in properties',
    '__proto__=1&constructor=2&toString',
    [
      ['__proto__', ['1']],
      ['constructor', ['2']],
      ['toString', ['']],
    ],
  ],
])('%s', (_, query, expected) => {
  const { last, all } = mapsOf(query)
  expect(Object.entries(all)).toEqual(expected)
  expect(Object.entries(last)).toEqual(expected.map(([name, values]) => [name, values.at(-1)]))
})

test('V-4 · __proto__ reaches the JSON text as a key and no prototype', () => {
  expect(toQueryMaps('__proto__=x').last).toBe('{"__proto__":"x"}')
  expect(Object.getPrototypeOf(mapsOf('__proto__=x').last)).toBe(Object.prototype)
})

test('U-6 · the last value of a parameter, decoded', () => {
  expect(lastQueryValue('a=1&a=%32', 'a')).toBe('2')
  expect(lastQueryValue('b=1', 'a')).toBeUndefined()
  expect(lastQueryValue('', 'a')).toBeUndefined()
})
