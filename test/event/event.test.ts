import { describe, expect, test } from 'vitest'
import { toEvent } from '../../src/event/httpEvent.ts'
import type { Header, HttpRequest } from '../../src/event/http.ts'

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

function eventOf(traits: Partial<HttpRequest>) {
  return toEvent(request(traits), ids)
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
