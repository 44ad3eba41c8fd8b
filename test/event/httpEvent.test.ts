import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { toHeaderMaps } from '../../src/event/httpEvent.ts'
import { toEventParts } from '../../src/event/httpEvent.ts'
import type { Header, HttpRequest } from '../../src/event/http.ts'
import { toPlainEvent, type PlainEvent } from './plainEvent.ts'

const ids = {
  requestId: '6e8356f9-489b-4c7b-8ba6-c8cd74f25455',
  traceId: 'e9fe9b05-c1aa-4fb8-94d8-a514fd6f3ff7',
}

function request(traits: Partial<HttpRequest> = {}): HttpRequest {
  return {
    method: 'POST',
    path: '/',
    query: '',
    headers: [],
    body: Buffer.alloc(0),
    peer: { address: '127.0.0.1', port: 2816 },
    receivedAt: Date.UTC(2022, 6, 13, 11, 58, 59, 198),
    ...traits,
  }
}

function eventOf(traits: Partial<HttpRequest>): PlainEvent {
  return JSON.parse(toEventParts(request(traits), ids).json) as PlainEvent
}

function typed(type: string | undefined, body: string | Buffer) {
  const headers: Header[] = type === undefined ? [] : [['Content-Type', type]]
  const event = eventOf({ headers, body: Buffer.from(body) })
  return [event.body, event.isBase64Encoded]
}

test("V-1 · TV-1 · the seed's request makes the seed's document", () => {
  const event = eventOf({
    query: 'param=one',
    headers: [
      ['Host', 'functions.yandexcloud.net'],
      ['User-Agent', 'curl/7.64.1'],
      ['Accept', '*/*'],
      ['Content-Type', 'application/json'],
      ['Content-Length', '18'],
    ],
    body: Buffer.from('{"hello": "world"}'),
    peer: { address: '109.252.148.209', port: 2816 },
  })
  expect(event).toEqual({
    httpMethod: 'POST',
    body: '{"hello": "world"}',
    isBase64Encoded: false,
    url: '',
    params: {},
    multiValueParams: {},
    pathParams: {},
    headers: {
      Accept: '*/*',
      'Content-Length': '18',
      'Content-Type': 'application/json',
      Host: 'functions.yandexcloud.net',
      'User-Agent': 'curl/7.64.1',
      'X-Forwarded-For': '109.252.148.209',
      'X-Real-Remote-Address': '[109.252.148.209]:2816',
      'X-Request-Id': ids.requestId,
      'X-Trace-Id': ids.traceId,
    },
    multiValueHeaders: {
      Accept: ['*/*'],
      'Content-Length': ['18'],
      'Content-Type': ['application/json'],
      Host: ['functions.yandexcloud.net'],
      'User-Agent': ['curl/7.64.1'],
      'X-Forwarded-For': ['109.252.148.209'],
      'X-Real-Remote-Address': ['[109.252.148.209]:2816'],
      'X-Request-Id': [ids.requestId],
      'X-Trace-Id': [ids.traceId],
    },
    queryStringParameters: { param: 'one' },
    multiValueQueryStringParameters: { param: ['one'] },
    requestContext: {
      identity: { sourceIp: '109.252.148.209', userAgent: 'curl/7.64.1' },
      httpMethod: 'POST',
      requestId: ids.requestId,
      requestTime: '13/Jul/2022:11:58:59 +0000',
      requestTimeEpoch: 1657713539,
    },
  })
})

test('V-1 · V-9 · V-10 · TV-4 · a bare GET has the same 12 and 5 keys, and no path', () => {
  const event = eventOf({ method: 'GET' })
  expect(Object.keys(event).toSorted()).toEqual([
    'body',
    'headers',
    'httpMethod',
    'isBase64Encoded',
    'multiValueHeaders',
    'multiValueParams',
    'multiValueQueryStringParameters',
    'params',
    'pathParams',
    'queryStringParameters',
    'requestContext',
    'url',
  ])
  expect(Object.keys(event.requestContext).toSorted()).toEqual([
    'httpMethod',
    'identity',
    'requestId',
    'requestTime',
    'requestTimeEpoch',
  ])
  expect(event).toMatchObject({ body: '', queryStringParameters: {}, multiValueQueryStringParameters: {} })
})

test.each(['GET', 'HEAD', 'PATCH'])('V-2 · %s stands in both places', (method) => {
  const event = eventOf({ method })
  expect([event.httpMethod, event.requestContext.httpMethod]).toEqual([method, method])
})

test('V-4 · U-8 · TV-10 · the query, tag included', () => {
  const event = eventOf({ query: 'tag=live&a=1&a=2' })
  expect(event.queryStringParameters).toEqual({ tag: 'live', a: '2' })
  expect(event.multiValueQueryStringParameters).toEqual({ tag: ['live'], a: ['1', '2'] })
})

test('V-6 · without User-Agent the identity has an empty one and the headers none', () => {
  const event = eventOf({ peer: { address: '::1', port: 1 } })
  expect(event.requestContext.identity).toEqual({ sourceIp: '::1', userAgent: '' })
  expect(event.headers).not.toHaveProperty('User-Agent')
})

describe('time', () => {
  test.each([
    [
      'V-7 · TV-9 · the day is not padded',
      Date.UTC(2023, 0, 4, 23, 47, 3),
      '4/Jan/2023:23:47:03 +0000',
      1672876023,
    ],
    [
      'V-7 · the time of day is padded',
      Date.UTC(2024, 11, 31, 1, 2, 3),
      '31/Dec/2024:01:02:03 +0000',
      1735606923,
    ],
    [
      'V-8 · both are cut to the same second',
      Date.UTC(2024, 1, 29, 23, 59, 59, 999),
      '29/Feb/2024:23:59:59 +0000',
      1709251199,
    ],
  ])('%s', (_, receivedAt, requestTime, requestTimeEpoch) => {
    expect(eventOf({ receivedAt }).requestContext).toMatchObject({ requestTime, requestTimeEpoch })
  })
})

describe('body', () => {
  const json = '{"hello": "world"}'
  const encoded = Buffer.from(json).toString('base64')

  test.each<[string, string | undefined, string | Buffer, string, boolean]>([
    ['V-11 · TV-3 · JSON is text, its spaces kept', 'application/json', json, json, false],
    ['V-11 · TV-3 · broken JSON is text', 'application/json', '{broken', '{broken', false],
    ['V-12 · TV-5 · a JSON type in another case is text', 'Application/JSON', json, json, false],
    ['V-12 · a JSON type with spaces around it is text', ' \tapplication/json ', json, json, false],
    [
      'V-13 · TV-5 · a JSON type with parameters is base64',
      'application/json; charset=utf-8',
      json,
      encoded,
      true,
    ],
    ['V-13 · a JSON type with a bare semicolon is base64', 'application/json;', json, encoded, true],
    [
      'V-14 · TV-2 · a form is base64',
      'application/x-www-form-urlencoded',
      'hello, world!',
      'aGVsbG8sIHdvcmxkIQ==',
      true,
    ],
    ['V-15 · TV-5 · plain text is base64', 'text/plain', json, encoded, true],
    ['V-15 · bytes are base64', 'application/octet-stream', Buffer.from([255, 254]), '//4=', true],
    ['V-15 · TV-5 · JSON of another type is base64', 'application/custom+json', json, encoded, true],
    ['V-15 · plain text that happens to be base64 is encoded again', 'text/plain', 'AAAA', 'QUFBQQ==', true],
    ['V-16 · TV-5 · a body without type is base64', undefined, json, encoded, true],
    ['V-17 · TV-4 · no body and no type', undefined, '', '', true],
    ['V-17 · no body and another type', 'text/plain', '', '', true],
    ['V-18 · TV-4 · no body and a JSON type', 'application/json', '', '', false],
    [
      'V-19 · invalid UTF-8 in JSON becomes U+FFFD',
      'application/json',
      Buffer.from([34, 255, 34]),
      '"\ufffd"',
      false,
    ],
    [
      'V-19 · base64 of the standard alphabet with padding',
      undefined,
      Buffer.from([251, 255, 254, 1]),
      '+//+AQ==',
      true,
    ],
  ])('%s', (_, type, body, text, flag) => {
    expect(typed(type, body)).toEqual([text, flag])
  })

  test('V-19 · of several types the last decides', () => {
    const headers: Header[] = [
      ['content-type', 'application/json'],
      ['Content-Type', 'text/plain'],
    ]
    expect(eventOf({ headers }).isBase64Encoded).toBe(true)
    expect(eventOf({ headers: headers.toReversed() }).isBase64Encoded).toBe(false)
  })
})

describe('headers', () => {
  const named = { requestId: 'the request', traceId: 'the trace' }
  const peer = { address: '127.0.0.1', port: 5000 }
  const ofPlatform = ['X-Forwarded-For', 'X-Real-Remote-Address', 'X-Request-Id', 'X-Trace-Id']

  function mapsOf(...lines: Header[]) {
    const { last, all } = toHeaderMaps(lines, peer, named)
    return {
      last: JSON.parse(last) as Record<string, string>,
      all: JSON.parse(all) as Record<string, string[]>,
    }
  }

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

  test.each(['Proxy-Authorization', 'Keep-Alive', 'Content-Encoding', 'Cookie2'])(
    'Q-1 · %s passes',
    (name) => {
      expect(mapsOf([name, '1']).last[name]).toBe('1')
    },
  )

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
    expect(all).toHaveProperty(['__proto__'], ['p'])
    expect(all['Constructor']).toEqual(['c'])
  })
})

const hostileNames = [
  '__proto__ constructor toJSON toString 0 00 1 42 007 -1 1.5 1e3 4294967294 4294967295 9999999999 99999999999',
  'host x-a X-A cookie User-Agent user-agent content-type Content-Type',
  'X-Forwarded-For x-real-remote-address X-Request-Id x-trace-id',
].flatMap((names) => names.split(' '))

describe('the text of an event is what JSON.stringify writes', () => {
  const names = fc.oneof(
    fc.constantFrom('', ...hostileNames),
    fc.string({ unit: 'binary', maxLength: 12 }),
    fc.integer({ min: 0, max: 2 ** 33 }).map(String),
  )
  const values = fc.oneof(
    fc.constantFrom(
      '',
      'application/json',
      '"',
      '\\',
      '\u0000',
      '\u001f',
      '\u007f',
      '\u2028',
      '\ud800',
      '\udc00x',
      '🦔',
    ),
    fc.string({ unit: 'binary', maxLength: 20 }),
    fc.string({ maxLength: 300 }),
  )
  const requests = fc.record({
    method: fc.oneof(fc.constantFrom('GET', 'POST'), values),
    path: fc.constant('/'),
    query: fc.oneof(
      fc.constant(''),
      values,
      fc.array(fc.tuple(names, values), { maxLength: 6 }).map((pairs) => String(new URLSearchParams(pairs))),
    ),
    headers: fc.array(fc.tuple(names, values), { maxLength: 12 }),
    body: fc.oneof(
      fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes)),
      values.map((text) => Buffer.from(text)),
    ),
    peer: fc.record({ address: values, port: fc.nat(65_535) }),
    receivedAt: fc.integer({ min: 0, max: 4e12 }),
  })

  test('V-1 · of any request', () => {
    fc.assert(
      fc.property(requests, values, values, (each, requestId, traceId) => {
        const { json, text, size } = toEventParts(each, { requestId, traceId })
        expect(json).toBe(JSON.stringify(toPlainEvent(each, { requestId, traceId })))
        expect([text, size]).toEqual([undefined, Buffer.byteLength(json)])
      }),
      { numRuns: 500 },
    )
  })

  test('V-1 · again, when the same names come with other values', () => {
    for (const value of ['1', '1', '2', '1', 'x'.repeat(300), '1']) {
      const each = request({ headers: [['X-A', value]], query: `X-A=${value}` })
      expect(toEventParts(each, ids).json).toBe(JSON.stringify(toPlainEvent(each, ids)))
    }
  })

  test('V-1 · with more names than are kept', () => {
    for (let count = 0; count < 1100; count++) {
      const each = request({ headers: [[`x-more-${count}`, 'a']] })
      expect(toEventParts(each, ids).json).toBe(JSON.stringify(toPlainEvent(each, ids)))
    }
  })
})
