import { describe, expect, test } from 'vitest'
import { catalogue, Fault, type FaultCode } from '../../src/errors.ts'
import { toFaultReply, toThrownReply } from '../../src/event/faultReply.ts'
import { withPlatformHeaders } from '../../src/event/reply.ts'
import type { HttpReply } from '../../src/event/http.ts'

// Object.keys forgets that the keys of the catalogue are the fault codes.
const codes = Object.keys(catalogue) as FaultCode[]

function shown({ status, headers, body }: HttpReply) {
  return { status, headers: Object.fromEntries(headers), body: JSON.parse(body.toString()) as unknown }
}

test('F-20 · §8 · a fault of the caller', () => {
  expect(shown(toFaultReply(new Fault('path_not_served', 'Invalid functionID: /f/stuff/23')))).toEqual({
    status: 400,
    headers: { 'Content-Type': 'application/json', 'X-Fnbox-Fault': 'path_not_served' },
    body: {
      errorCode: 400,
      errorMessage: 'Invalid functionID: /f/stuff/23',
      errorType: 'ProxyIntegrationError',
    },
  })
})

test('F-4 · F-31 · a malformed response shows its payload', () => {
  const fault = new Fault('malformed_response', 'Malformed serverless function response: not a valid json', {
    body: { payload: '"just text"' },
  })
  expect(shown(toFaultReply(fault))).toEqual({
    status: 502,
    headers: {
      'Content-Type': 'application/json',
      'X-Fnbox-Fault': 'malformed_response',
      'X-Function-Error': 'true',
    },
    body: {
      errorMessage: 'Malformed serverless function response: not a valid json',
      errorType: 'ProxyIntegrationError',
      payload: '"just text"',
    },
  })
})

test("F-2 · a load error keeps the language's type and trace", () => {
  const fault = new Fault('load_failed', 'no module', {
    errorType: 'ImportError',
    body: { stackTrace: ['a'] },
  })
  expect(shown(toFaultReply(fault)).body).toEqual({
    errorMessage: 'no module',
    errorType: 'ImportError',
    stackTrace: ['a'],
  })
})

describe.each(codes)('%s', (code) => {
  const { status, headers, body } = shown(toFaultReply(new Fault(code, 'the message')))
  const row = catalogue[code]

  test('§8 · has the status and the name of its row', () => {
    expect(status).toBe(row.status)
    expect(headers).toMatchObject({ 'Content-Type': 'application/json', 'X-Fnbox-Fault': code })
  })

  test('§8 · has either X-Function-Error or errorCode', () => {
    expect(headers['X-Function-Error']).toBe(row.functionError ? 'true' : undefined)
    const common = { errorMessage: 'the message', errorType: row.errorType }
    expect(body).toEqual(row.functionError ? common : { errorCode: row.status, ...common })
  })

  test('§8 · has Retry-After with 429 and 503 alone', () => {
    expect(headers['Retry-After']).toBe(status === 429 || status === 503 ? '1' : undefined)
  })
})

test.each([
  [
    'with a trace',
    { errorMessage: "name 'x' is not defined", errorType: 'NameError', stackTrace: ['  File …'] },
  ],
  ['without one', { errorMessage: 'x', errorType: 'Error' }],
])('F-1 · F-30 · an error of the function, %s', (_, error) => {
  expect(shown(toThrownReply(error))).toEqual({
    status: 502,
    headers: {
      'Content-Type': 'application/json',
      'X-Fnbox-Fault': 'function_threw',
      'X-Function-Error': 'true',
    },
    body: error,
  })
})

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
