import { expect, test } from 'vitest'
import type { HttpReply } from '../../src/event/http.ts'
import { withPlatformHeaders } from '../../src/event/platformHeaders.ts'

const platform = { requestId: 'r', functionId: 'f', functionVersion: 'v', cors: false }
const reply: HttpReply = { status: 201, headers: [['X-A', '1']], body: Buffer.from('x') }

test('R-13 · TV-23 · every answer carries the ids and nosniff', () => {
  expect(withPlatformHeaders(reply, platform)).toEqual({
    status: 201,
    headers: [
      ['X-A', '1'],
      ['X-Request-Id', 'r'],
      ['X-Function-Id', 'f'],
      ['X-Function-Version-Id', 'v'],
      ['X-Content-Type-Options', 'nosniff'],
    ],
    body: reply.body,
  })
})

test('R-13 · the head of a stream too', () => {
  expect(Object.keys(withPlatformHeaders({ status: 200, headers: [] }, platform))).toEqual([
    'status',
    'headers',
  ])
})

test('R-13 · the reply that came in is not changed', () => {
  withPlatformHeaders(reply, platform)
  expect(reply.headers).toEqual([['X-A', '1']])
})

test.each<[string, boolean, [string, string][], string[]]>([
  ['not by default', false, [], []],
  ['with --cors', true, [], ['*']],
  [
    "the function's own is kept, in any spelling",
    true,
    [['access-control-allow-origin', 'https://a']],
    ['https://a'],
  ],
])('U-5 · TV-56 · Access-Control-Allow-Origin: %s', (_, cors, headers, expected) => {
  const { headers: lines } = withPlatformHeaders({ status: 502, headers }, { ...platform, cors })
  const values = lines
    .filter(([name]) => name.toLowerCase() === 'access-control-allow-origin')
    .map(([, value]) => value)
  expect(values).toEqual(expected)
})
