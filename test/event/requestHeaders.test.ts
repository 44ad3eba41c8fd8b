import { describe, expect, test } from 'vitest'
import { canonicalName } from '../../src/event/headerName.ts'
import type { Header } from '../../src/event/http.ts'
import { toHeaderMaps } from '../../src/event/requestHeaders.ts'

const ids = { requestId: 'the request', traceId: 'the trace' }
const peer = { address: '127.0.0.1', port: 5000 }
const ofPlatform = ['X-Forwarded-For', 'X-Real-Remote-Address', 'X-Request-Id', 'X-Trace-Id']

function mapsOf(...lines: Header[]) {
  return toHeaderMaps(lines, peer, ids)
}

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

describe('Q-1 · TV-6 · removed', () => {
  test.each([
    'Expect',
    'Te',
    'Trailer',
    'Upgrade',
    'Proxy-Authenticate',
    'Authorization',
    'Connection',
    'Content-Md5',
    'Max-Forwards',
    'Server',
    'Transfer-Encoding',
    'Www-Authenticate',
    'Cookie',
  ])('%s, in any case', (name) => {
    const { last, all } = mapsOf([name, '1'], [name.toUpperCase(), '2'], [name.toLowerCase(), '3'])
    expect(Object.keys(last)).toEqual(ofPlatform)
    expect(Object.keys(all)).toEqual(ofPlatform)
  })
})

test.each(['Proxy-Authorization', 'Keep-Alive', 'Content-Encoding', 'Cookie2'])('Q-1 · %s passes', (name) => {
  expect(mapsOf([name, '1']).last[name]).toBe('1')
})

test('Q-5 · a request without headers has only those of the platform', () => {
  expect(mapsOf().last).toEqual({
    'X-Forwarded-For': '127.0.0.1',
    'X-Real-Remote-Address': '[127.0.0.1]:5000',
    'X-Request-Id': 'the request',
    'X-Trace-Id': 'the trace',
  })
})

test('Q-4 · TV-7 · lines of one header keep their order, whatever their case', () => {
  const { last, all } = mapsOf(['x-a', '1'], ['X-B', 'b'], ['X-A', '2, 3'])
  expect(last['X-A']).toBe('2, 3')
  expect(all['X-A']).toEqual(['1', '2, 3'])
})

test('Q-2 · Host is as received', () => {
  expect(mapsOf(['host', 'Example.org:8080']).all['Host']).toEqual(['Example.org:8080'])
})

test.each<[string, Header[], string]>([
  ['TV-8 · the peer follows the client', [['X-Forwarded-For', '1.2.3.4']], '1.2.3.4, 127.0.0.1'],
  [
    'all lines are joined',
    [
      ['X-Forwarded-For', '1.1.1.1, 2.2.2.2'],
      ['x-forwarded-for', '3.3.3.3'],
    ],
    '1.1.1.1, 2.2.2.2, 3.3.3.3, 127.0.0.1',
  ],
  ['an empty line says nothing', [['X-Forwarded-For', '']], '127.0.0.1'],
])('Q-2 · X-Forwarded-For: %s', (_, lines, joined) => {
  const { last, all } = mapsOf(...lines)
  expect(last['X-Forwarded-For']).toBe(joined)
  expect(all['X-Forwarded-For']).toEqual([joined])
})

test.each([
  ['X-Real-Remote-Address', '[127.0.0.1]:5000'],
  ['X-Request-Id', 'the request'],
  ['X-Trace-Id', 'the trace'],
])("Q-2 · a client's %s is replaced", (name, value) => {
  const { last, all } = mapsOf([name.toLowerCase(), 'forged'], [name, 'forged too'])
  expect(last[name]).toBe(value)
  expect(all[name]).toEqual([value])
})

test('V-3 · both maps have the same keys, names of built-in properties included', () => {
  const { last, all } = mapsOf(['__proto__', 'p'], ['constructor', 'c'], ['a', '1'], ['a', '2'])
  expect(Object.keys(last)).toEqual(Object.keys(all))
  expect(JSON.parse(JSON.stringify(all))).toHaveProperty(['__proto__'], ['p'])
  expect(all['Constructor']).toEqual(['c'])
})
