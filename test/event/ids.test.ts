import { expect, test } from 'vitest'
import { chooseRequestId, chooseTraceId } from '../../src/event/ids.ts'

const uuid = '6e8356f9-489b-4c7b-8ba6-c8cd74f25455'
const other = 'e9fe9b05-c1aa-4fb8-94d8-a514fd6f3ff7'
const made = () => 'made'

test.each<[string, [string, string][], string]>([
  ['a UUID is kept', [['x-request-id', uuid]], uuid],
  ['a UUID in capitals is kept as spelled', [['X-Request-Id', uuid.toUpperCase()]], uuid.toUpperCase()],
  [
    'of two lines the last counts',
    [
      ['X-Request-Id', uuid],
      ['X-Request-Id', other],
    ],
    other,
  ],
  ['without a header one is made', [], 'made'],
  ['TV-36 · abc is replaced', [['X-Request-Id', 'abc']], 'made'],
  ['a UUID without hyphens is replaced', [['X-Request-Id', uuid.replaceAll('-', '')]], 'made'],
  ['a UUID with something behind it is replaced', [['X-Request-Id', `${uuid}0`]], 'made'],
  ['an empty value is replaced', [['X-Request-Id', '']], 'made'],
])('U-9 · %s', (_, headers, expected) => {
  expect(chooseRequestId(headers, made)).toBe(expected)
})

test('U-9 · a made id is a UUID of version 4, another each time', () => {
  const ids = [chooseRequestId([]), chooseRequestId([])]
  for (const id of ids)
    expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
  expect(ids[0]).not.toBe(ids[1])
})

test.each<[string, [string, string][], string]>([
  ['a UUID is kept', [['x-trace-id', other]], other],
  ['without a header one is made', [], 'made'],
  ['anything else is replaced', [['X-Trace-Id', '1']], 'made'],
  ['the request id is replaced', [['X-Trace-Id', uuid]], 'made'],
  ['the request id in other case is replaced', [['X-Trace-Id', uuid.toUpperCase()]], 'made'],
])('Q-2 · trace id: %s', (_, headers, expected) => {
  expect(chooseTraceId(headers, uuid, made)).toBe(expected)
})
