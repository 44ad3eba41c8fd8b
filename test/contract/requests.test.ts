// The vectors of the contract that are about requests (yandex.md §19), in both languages through real sockets.

import { connect } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { bothLanguages, serve, type Serving } from '../harness/serving.ts'

interface Event {
  readonly httpMethod: string
  readonly headers: Readonly<Record<string, string>>
  readonly multiValueHeaders: Readonly<Record<string, readonly string[]>>
  readonly queryStringParameters: Readonly<Record<string, string>>
  readonly multiValueQueryStringParameters: Readonly<Record<string, readonly string[]>>
  readonly body: string
  readonly isBase64Encoded: boolean
  readonly requestContext: {
    readonly requestTime: string
    readonly requestTimeEpoch: number
    readonly requestId: string
  }
}

const functionId = 'd4eo2faf62abcdefghij'

describe.each(bothLanguages)('a request to a %s function', (language) => {
  let echo: Serving
  let given: Serving
  beforeAll(async () => {
    echo = await serve(language, 'vectors.echo', { 'function-id': functionId })
    given = await serve(language, 'vectors.given')
  })
  afterAll(async () => {
    await echo[Symbol.asyncDispose]()
    await given[Symbol.asyncDispose]()
  })

  async function eventOf(path: string, init: RequestInit = { method: 'POST' }): Promise<Event> {
    const response = await fetch(`${echo.url}${path}`, init)
    expect(response.status).toBe(200)
    return (await response.json()) as Event // what the function returns
  }

  async function raw(body: Buffer | string | undefined, type?: string): Promise<unknown> {
    const headers = type === undefined ? {} : { 'content-type': type }
    const content = typeof body === 'string' || body === undefined ? body : new Uint8Array(body)
    const response = await fetch(`${given.url}/?integration=raw`, {
      method: 'POST',
      headers,
      body: content ?? null,
    })
    expect([response.status, response.headers.get('content-type')]).toEqual([200, 'application/json'])
    return response.json()
  }

  it('TV-2: has its parameters in both maps and a form body in base64 (V-4, V-14)', async () => {
    const event = await eventOf('/?a=1&a=2&b=1', {
      method: 'POST',
      body: 'hello, world!',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
    })
    expect(event.queryStringParameters).toEqual({ a: '2', b: '1' })
    expect(event.multiValueQueryStringParameters).toEqual({ a: ['1', '2'], b: ['1'] })
    expect([event.body, event.isBase64Encoded]).toEqual(['aGVsbG8sIHdvcmxkIQ==', true])
  })

  it.each(['{"hello": "world"}', '{broken'])('TV-3: has a JSON body verbatim: %s (V-11)', async (body) => {
    const event = await eventOf('/', {
      method: 'POST',
      body,
      headers: { 'content-type': 'application/json' },
    })
    expect([event.body, event.isBase64Encoded]).toEqual([body, false])
  })

  it('TV-4: without query and body has empty maps and an empty body (V-4, V-17, V-18)', async () => {
    const get = await eventOf('/', {})
    expect([
      get.queryStringParameters,
      get.multiValueQueryStringParameters,
      get.body,
      get.isBase64Encoded,
    ]).toEqual([{}, {}, '', true])
    const post = await eventOf('/', { method: 'POST', headers: { 'content-type': 'application/json' } })
    expect([post.body, post.isBase64Encoded]).toEqual(['', false])
  })

  it.each([
    ['application/json; charset=utf-8', true],
    ['Application/JSON', false],
    ['application/custom+json', true],
    ['text/plain', true],
    [undefined, true],
  ])('TV-5: of type %s is flagged base64: %s (V-12, V-13, V-15, V-16)', async (type, flag) => {
    const { isBase64Encoded, body } = await eventOf('/', {
      method: 'POST',
      body: new TextEncoder().encode('{}'),
      ...(type === undefined ? {} : { headers: { 'content-type': type } }),
    })
    expect([isBase64Encoded, body]).toEqual([flag, flag ? 'e30=' : '{}'])
  })

  it('TV-7: keeps each line of a repeated header (Q-3, Q-4)', async () => {
    const event = await sendLines(echo, 'GET / HTTP/1.1', 'Host: x', 'x-a: 1', 'X-A: 2')
    expect([event.headers['X-A'], event.multiValueHeaders['X-A']]).toEqual(['2', ['1', '2']])
  })

  it('TV-8: contains the proxies that it came through (Q-2)', async () => {
    const { headers } = await eventOf('/', {
      headers: { 'x-forwarded-for': '1.2.3.4', 'x-real-remote-address': 'forged' },
    })
    expect(headers['X-Forwarded-For']).toBe('1.2.3.4, 127.0.0.1')
    expect(headers['X-Real-Remote-Address']).toMatch(/^\[127\.0\.0\.1\]:\d+$/)
  })

  it('TV-9: has its arrival as text and as seconds, the same instant (V-7, V-8)', async () => {
    const { requestTime, requestTimeEpoch } = (await eventOf('/')).requestContext
    const arrival = new Date(requestTimeEpoch * 1000)
    const month = arrival.toLocaleString('en', { month: 'short', timeZone: 'UTC' })
    expect(requestTime).toBe(
      `${arrival.getUTCDate()}/${month}/${arrival.getUTCFullYear()}:${arrival.toISOString().slice(11, 19)} +0000`,
    )
  })

  it('TV-10: hides no parameter and decodes the query (U-7, U-8, V-5)', async () => {
    expect((await eventOf('/?tag=live')).queryStringParameters).toEqual({ tag: 'live' })
    expect((await eventOf('/?q=a+b%20c&x')).queryStringParameters).toEqual({ q: 'a b c', x: '' })
  })

  it.each([`/${functionId}/stuff/23`, `/${functionId}/`, '/other/x'])(
    'TV-11: to %s is refused (U-2, F-20)',
    async (path) => {
      const response = await fetch(`${echo.url}${path}?a=1`)
      expect([response.status, await response.json()]).toEqual([
        400,
        { errorCode: 400, errorMessage: `Invalid functionID: ${path}`, errorType: 'ProxyIntegrationError' },
      ])
    },
  )

  it("TV-11: to another function's id is not found (F-26)", async () => {
    expect((await fetch(`${echo.url}/other`)).status).toBe(404)
  })

  it.each(['DELETE', 'GET', 'OPTIONS', 'PATCH', 'POST', 'PUT'])(
    'TV-12: by %s reaches the function at / and at its id (U-1, U-4)',
    async (method) => {
      for (const path of ['/', `/${functionId}`])
        expect((await eventOf(path, { method })).httpMethod).toBe(method)
    },
  )

  it('TV-12: by HEAD reaches the function and has no body in its answer (U-4, R-12)', async () => {
    const [head, get] = [await fetch(echo.url, { method: 'HEAD' }), await fetch(echo.url)]
    expect([head.status, await head.text(), head.headers.get('content-type')]).toEqual([
      200,
      '',
      'application/json',
    ])
    expect(Number(head.headers.get('content-length'))).toBe((await get.text()).length + 2) // the event names the method twice, and HEAD has one letter more than GET
  })

  it.each(['foo', ''])(
    'TV-13: with integration=%s is refused and runs nothing (U-6, F-21)',
    async (value) => {
      await using counting = await serve(language, 'vectors.count')
      const refused = await fetch(`${counting.url}/?integration=${value}`)
      expect([refused.status, await refused.json()]).toEqual([
        400,
        { errorCode: 400, errorMessage: `Invalid integration: ${value}`, errorType: 'ProxyIntegrationError' },
      ])
      expect(await (await fetch(counting.url)).text()).toBe('1')
    },
  )

  it.each([{ a: [1] }, 42, 'x', null])(
    'TV-14: in raw mode gives the parsed JSON, whatever its type says: %j (M-6)',
    async (value) => {
      expect(await raw(JSON.stringify(value), 'application/x-www-form-urlencoded')).toEqual(value)
    },
  )

  it('TV-15: in raw mode gives anything else in the way of the language (M-7, M-8)', async () => {
    const bodies = ['hello', Buffer.from([0xff, 0xfe]), undefined]
    const expected =
      language === 'node'
        ? [{ payload: 'hello' }, { payload: '\ufffd\ufffd' }, { payload: '' }]
        : ['hello', { bytes: [0xff, 0xfe] }, '']
    for (const [index, body] of bodies.entries()) expect(await raw(body)).toEqual(expected[index])
  })

  it('TV-36: keeps a UUID as its request id and replaces anything else (U-9)', async () => {
    const id = '6E8356F9-489b-4c7b-8ba6-c8cd74f25455'
    const kept = await fetch(echo.url, { headers: { 'x-request-id': id } })
    expect(kept.headers.get('x-request-id')).toBe(id)
    const { requestContext } = (await kept.json()) as Event // what the function returns
    expect(requestContext.requestId).toBe(id)
    const replaced = await fetch(echo.url, { headers: { 'x-request-id': 'abc' } })
    expect(replaced.headers.get('x-request-id')).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-/)
  })
})

// Header lines as they are written here: clients would merge them.
async function sendLines(serving: Serving, ...lines: readonly string[]): Promise<Event> {
  const socket = connect(Number(new URL(serving.url).port), '127.0.0.1')
  let answer = ''
  socket.setEncoding('utf8').on('data', (text) => (answer += String(text)))
  socket.write(`${[...lines, 'Connection: close'].join('\r\n')}\r\n\r\n`)
  await new Promise((settle) => socket.once('close', settle))
  return JSON.parse(answer.slice(answer.indexOf('\r\n\r\n') + 4)) as Event // what the function returns
}
