import { describe, expect, test } from 'vitest'
import {
  canonicalName,
  fromBase64,
  isAscii,
  isHeaderName,
  isHeaderValue,
  lastHeader,
  TextCache,
  unescaped,
  type Header,
} from '../../src/event/http.ts'

test.each([
  ['x-request-id', 'X-Request-Id'],
  ['X-REQUEST-ID', 'X-Request-Id'],
  ['ETag', 'Etag'],
  ['www-authenticate', 'Www-Authenticate'],
  ['x--a', 'X--A'],
  ['-a-', '-A-'],
  ['x_under_score', 'X_under_score'],
  ['x-1a', 'X-1a'],
])('Q-3 · %s is %s', (name, canonical) => {
  expect(canonicalName(name)).toBe(canonical)
})

test('Q-3 · a name is converted the same way when it comes again, and however long it is', () => {
  for (const name of ['x-again', 'x-again', 'x-'.repeat(60), 'x-'.repeat(60)])
    expect(canonicalName(name)).toBe(name.replaceAll('x-', 'X-').replace('again', 'Again'))
})

test('Q-3 · names beyond those that are kept are converted, too', () => {
  for (let each = 0; each < 1100; each++) expect(canonicalName(`x-name${each}`)).toBe(`X-Name${each}`)
})

describe('the last line with a name', () => {
  const lines: Header[] = [
    ['X-A', '1'],
    ['x-a', '2'],
    ['x-b', '3'],
  ]

  test.each([
    ['x-a', '2'],
    ['x-b', '3'],
    ['x-c', undefined],
    ['x-', undefined],
  ])('%s: %s', (name, value) => {
    expect(lastHeader(lines, name)).toBe(value)
  })
})

test.each([
  ['/a%20b', '/a b'],
  ['/%', '/%'],
  ['/%zz%20', '/%zz%20'],
  ['/a+b', '/a+b'],
])('U-2 · %s unescaped is %s', (path, expected) => {
  expect(unescaped(path)).toBe(expected)
})

test.each(['A', "!#$%&'*+-.^_`|~09azAZ"])('R-3 · %s is a header name', (name) => {
  expect(isHeaderName(name)).toBe(true)
})

test.each(['', ' ', 'A ', ' A', 'A:', 'A\n', 'Ä', '(', 'a/b', '@', '[', '{', '"'])(
  'R-3 · %j is no header name',
  (name) => {
    expect(isHeaderName(name)).toBe(false)
  },
)

test.each(['', ' ', '\t', '~', '\u0080', 'ё', '\uffff'])('R-3 · %j can be a header value', (value) => {
  expect(isHeaderValue(value)).toBe(true)
})

test.each(['\0', '\n', 'a\r', '\u001f', '\u007f'])('R-3 · %j cannot be a header value', (value) => {
  expect(isHeaderValue(value)).toBe(false)
})

test.each([
  ['', true],
  ['\0\u007f', true],
  ['\u0080', false],
  ['aё', false],
])('%j is ASCII: %s', (text, expected) => {
  expect(isAscii(text)).toBe(expected)
})

test.each([
  ['AQI=', [1, 2]],
  ['AQ\r\n==', [1]],
  ['+/+/', [251, 255, 191]],
  ['', []],
])('R-3 · %j is base64', (text, bytes) => {
  expect([...(fromBase64(text) ?? [])]).toEqual(bytes)
})

test.each(['A', 'AQ', 'AQI', 'A===', 'AQI=AQI=', '-_-_', 'AQI= ', ' AQI', 'AQ I'])(
  'R-3 · %j is no base64',
  (text) => {
    expect(fromBase64(text)).toBeUndefined()
  },
)

test('a cache of texts keeps the first 1000, and replaces their values', () => {
  const cache = new TextCache<number>()
  for (let each = 0; each < 1001; each++) cache.set(String(each), each, 1)
  expect([cache.get('0'), cache.get('999'), cache.get('1000')]).toEqual([0, 999, undefined])
  cache.set('0', 7, 1)
  cache.set('1000', 7, 1)
  expect([cache.get('0'), cache.get('1000')]).toEqual([7, undefined])
})

test('a cache of texts keeps nothing that is longer than 200 characters', () => {
  const cache = new TextCache<string>()
  cache.set('a', 'short', 200)
  cache.set('b', 'long', 201)
  cache.set('a', 'long', 201)
  expect([cache.get('a'), cache.get('b')]).toEqual(['short', undefined])
})
