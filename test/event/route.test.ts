import { describe, expect, test } from 'vitest'
import {
  chooseRequestId,
  chooseTraceId,
  isUsableFunctionId,
  reservedSegments,
  route,
} from '../../src/event/route.ts'
import { Fault, type FaultCode } from '../../src/errors.ts'

const id = 'd4eo2faf62abcdefghij'

function routed({ method = 'POST', path = '/', query = '' }): string {
  try {
    return route({ method, path, query }, id)
  } catch (error) {
    if (!(error instanceof Fault)) throw error
    return `${error.code}: ${error.message}`
  }
}

describe('paths', () => {
  test.each([
    ['U-1 · the root', '/'],
    ['U-1 · the function id', `/${id}`],
    ['U-2 · the function id behind percent escapes', `/%64${id.slice(1)}`],
  ])('%s invokes', (_, path) => {
    expect(routed({ path })).toBe('http')
  })

  test.each([
    ['F-20 · TV-11 · a path below the function', `/${id}/stuff/23`],
    ['F-20 · TV-11 · the function id and a slash', `/${id}/`],
    ['F-20 · TV-11 · several segments', '/other/x'],
    ['F-20 · two slashes', '//'],
    ['F-20 · an escaped slash, shown as received', `/${id}%2Fx`],
    ['F-20 · a malformed escape below a segment', '/a/%zz'],
    ['F-20 · the asterisk of OPTIONS', '*'],
    ['F-20 · a route word in a path without a leading slash', 'x/run/1'],
  ])('%s is 400', (_, path) => {
    expect(routed({ path })).toBe(`path_not_served: Invalid functionID: ${path}`)
  })

  test.each<[string, string]>([
    ['F-26 · TV-11 · another id', '/other'],
    ['F-26 · an id that differs in case', `/${id.toUpperCase()}`],
    ['F-26 · a malformed escape', '/%zz'],
    ['F-26 · escapes that are not UTF-8', '/%ff'],
    ['F-26 · an unknown path under /_/', '/_/unknown/deeper'],
    ['F-26 · /_ itself', '/_'],
    ['F-26 · an unknown stored invocation', '/status/123'],
    ...[...reservedSegments].map((each): [string, string] => [`U-3 · reserved ${each}`, `/${each}`]),
  ])('%s is 404', (_, path) => {
    expect(routed({ path })).toBe('not_found: Not Found')
  })
})

describe('function ids', () => {
  const routeWords = 'run runsync status status-sync stream cancel retry purge-queue health'.split(' ')

  test.each(['_', 'v2', ...routeWords])('U-3 · %s is a word of a route, and no id', (word) => {
    expect(isUsableFunctionId(word)).toBe(false)
    expect(routed({ path: `/${word}` })).toBe('not_found: Not Found')
    expect(routed({ path: `/${word}/x` })).toBe('not_found: Not Found')
  })

  test.each([...reservedSegments, '', 'a/b', '/', '.', '..', 'a\nb'])('U-3 · %j is not usable', (bad) => {
    expect(isUsableFunctionId(bad)).toBe(false)
  })

  test.each([id, 'my-function', 'runs', '__proto__', 'ä b'])('U-3 · %j is usable', (good) => {
    expect(isUsableFunctionId(good)).toBe(true)
  })

  test('U-2 · an id with characters that need escapes is found behind them', () => {
    expect(route({ method: 'GET', path: '/%C3%A4%20b', query: '' }, 'ä b')).toBe('http')
  })
})

describe('methods', () => {
  test.each(['DELETE', 'GET', 'HEAD', 'OPTIONS', 'PATCH', 'POST', 'PUT'])(
    'U-4 · TV-12 · %s invokes',
    (method) => {
      expect(routed({ method })).toBe('http')
    },
  )

  test.each(['TRACE', 'CONNECT', 'PROPFIND', 'get'])('F-23 · TV-12 · %s is 400', (method) => {
    expect(routed({ method })).toBe(`invalid_request: Invalid request: unsupported method ${method}`)
  })
})

describe('integration', () => {
  test.each([
    ['U-6 · none is normal', 'a=1', 'http'],
    ['U-6 · raw', 'integration=raw', 'raw'],
    ['U-6 · escapes are decoded', '%69ntegration=r%61w', 'raw'],
    ['U-6 · of repeated parameters the last counts', 'integration=foo&integration=raw', 'raw'],
    ['U-7 · tag has no effect', 'tag=live', 'http'],
    ['U-6 · async', 'integration=async', 'async'],
    ['F-21 · TV-13 · unknown', 'integration=foo', 'unknown_integration: Invalid integration: foo'],
    ['F-21 · TV-13 · empty', 'integration=', 'unknown_integration: Invalid integration: '],
    ['F-21 · without an equals sign', 'integration', 'unknown_integration: Invalid integration: '],
    [
      'F-21 · the value is case-sensitive',
      'integration=RAW',
      'unknown_integration: Invalid integration: RAW',
    ],
    [
      'F-21 · the last of two is unknown',
      'integration=raw&integration=x',
      'unknown_integration: Invalid integration: x',
    ],
  ])('%s', (_, query, expected) => {
    expect(routed({ query })).toBe(expected)
  })
})

describe('order of checks', () => {
  test.each<[string, Parameters<typeof routed>[0], FaultCode]>([
    ['path before method', { path: '/other', method: 'TRACE', query: 'integration=x' }, 'not_found'],
    ['method before integration', { method: 'TRACE', query: 'integration=x' }, 'invalid_request'],
  ])('%s', (_, request, code) => {
    expect(routed(request)).toMatch(new RegExp(`^${code}:`))
  })
})

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
  ['a UUID with something before it is replaced', [['X-Request-Id', `0${uuid}`]], 'made'],
  ['an empty value is replaced', [['X-Request-Id', '']], 'made'],
])('U-9 · %s', (_, headers, expected) => {
  expect(chooseRequestId(headers, made)).toBe(expected)
})

test('U-9 · a made id is a UUID of version 4, another each time', () => {
  const ids = [chooseRequestId([]), chooseRequestId([])]
  for (const each of ids)
    expect(each).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
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
