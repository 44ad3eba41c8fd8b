import { connect } from 'node:net'
import request from 'supertest'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { callRaw } from '../harness/calling.ts'
import { serve, type Serving } from '../harness/serving.ts'
import { converse, readAnswer, type Answer } from '../harness/sockets.ts'

let serving: Serving
beforeAll(async () => {
  serving = await serve('node', 'answers.seen', { 'function-id': 'me' })
})
afterAll(() => serving[Symbol.asyncDispose]())

const host = 'Host: h\r\n'
const close = 'Connection: close\r\n'

// What a server must not read in its own way, because a proxy in front may have read it in another.
const unclear: readonly (readonly [what: string, bytes: string])[] = [
  ['two lengths', `POST / HTTP/1.1\r\n${host}Content-Length: 3\r\nContent-Length: 4\r\n\r\nabcd`],
  ['the same length twice', `POST / HTTP/1.1\r\n${host}Content-Length: 3\r\nContent-Length: 3\r\n\r\nabc`],
  [
    'a length and chunks',
    `POST / HTTP/1.1\r\n${host}Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n`,
  ],
  [
    'chunks and a length',
    `POST / HTTP/1.1\r\n${host}Transfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n3\r\nabc\r\n0\r\n\r\n`,
  ],
  [
    'an encoding behind chunked',
    `POST / HTTP/1.1\r\n${host}Transfer-Encoding: chunked, identity\r\n\r\n3\r\nabc\r\n0\r\n\r\n`,
  ],
  ['a length that is no number', `POST / HTTP/1.1\r\n${host}Content-Length: 3x\r\n\r\nabc`],
  ['a negative length', `POST / HTTP/1.1\r\n${host}Content-Length: -3\r\n\r\nabc`],
  [
    'a chunk without a size',
    `POST / HTTP/1.1\r\n${host}Transfer-Encoding: chunked\r\n\r\nxyz\r\nabc\r\n0\r\n\r\n`,
  ],
  ['a space before the colon', `GET / HTTP/1.1\r\n${host}X-A : 1\r\n\r\n`],
  ['a folded header', `GET / HTTP/1.1\r\n${host}X-A: 1\r\n 2\r\n\r\n`],
  ['a null byte in a header', `GET / HTTP/1.1\r\n${host}X-A: a\0b\r\n\r\n`],
  ['line feeds alone', `GET / HTTP/1.1\n${host.trim()}\n\n`],
  ['no Host', `GET / HTTP/1.1\r\n${close}\r\n`],
  ['two Hosts', `GET / HTTP/1.1\r\n${host}Host: other\r\n${close}\r\n`],
  ['a header beyond 64 KB', `GET / HTTP/1.1\r\n${host}X-A: ${'x'.repeat(66_000)}\r\n\r\n`],
  ['a URL beyond 64 KB', `GET /?a=${'x'.repeat(66_000)} HTTP/1.1\r\n${host}\r\n`],
  ['a target without a slash', `GET ?a=1 HTTP/1.1\r\n${host}\r\n`],
  ['target bytes that are not ASCII', `GET /?a=\xff HTTP/1.1\r\n${host}\r\n`],
  ['HTTP/2 without asking', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'],
  ['a TLS handshake', '\u0016\u0003\u0001\u0002\u0000\u0001\u0000'],
]

describe('a request', () => {
  it.each(unclear)('with %s is rejected, and nothing runs (F-23)', async (_, bytes) => {
    let ran = 0
    const count = (): number => ran++
    serving.app.events.on('invocation-arrived', count)
    const answer = readAnswer(await converse(serving, Buffer.from(bytes, 'latin1')))
    serving.app.events.off('invocation-arrived', count)
    expect([answer.status, ran]).toEqual([400, 0])
    expect(JSON.parse(answer.body)).toMatchObject({
      errorCode: 400,
      errorType: 'ProxyIntegrationError',
      errorMessage: expect.stringMatching(/^Invalid request: /),
    })
    expect(new Map(answer.headers).get('X-Fnbox-Fault')).toBe('invalid_request')
    expect(new Map(answer.headers).get('Connection')).toBe('close')
  })

  const accepted: readonly (readonly [what: string, bytes: string])[] = [
    ['an empty Host', `GET / HTTP/1.1\r\nHost:\r\n${close}\r\n`],
    ['HTTP/1.0 and no Host', 'GET / HTTP/1.0\r\n\r\n'],
    ['an expectation that nobody knows', `GET / HTTP/1.1\r\n${host}Expect: miracles\r\n${close}\r\n`],
    ['a wish to upgrade', `GET / HTTP/1.1\r\n${host}Upgrade: h2c\r\nConnection: Upgrade, close\r\n\r\n`],
    [
      'a wish to upgrade and a body',
      `POST / HTTP/1.1\r\n${host}Upgrade: websocket\r\nContent-Length: 3\r\nConnection: Upgrade, close\r\n\r\nabc`,
    ],
    ['a URL of 60 KB', `GET /?a=${'x'.repeat(60_000)} HTTP/1.1\r\n${host}${close}\r\n`],
    ['a malformed escape in the query', `GET /?a=%E0%A4%A&%=%zz HTTP/1.1\r\n${host}${close}\r\n`],
    ['a whole URL as its target', `GET http://h/me?a=1 HTTP/1.1\r\n${host}${close}\r\n`],
    ['header bytes that are not UTF-8', `GET / HTTP/1.1\r\n${host}X-A: \xff\xfe\r\n${close}\r\n`],
  ]

  it.each(accepted)('with %s is run', async (_, bytes) => {
    const text = await converse(serving, Buffer.from(bytes, 'latin1'))
    const answer = readAnswer(text.replace(/^HTTP\/1\.1 100 Continue\r\n\r\n/, ''))
    expect(answer.status).toBe(200)
    expect(JSON.parse(answer.body)).toHaveProperty('httpMethod')
  })

  it.each([
    ['/%', 404],
    ['/%zz', 404],
    ['/%ff', 404],
    ['/a%2Fb', 400],
    ['/%6De', 200],
    ['//', 400],
    ['/../me', 400],
    ['/me/', 400],
    ['*', 400],
    ['/constructor', 404],
    ['/__proto__', 404],
  ])('for the path %s is answered %i (U-2)', async (path, status) => {
    const answer = readAnswer(await converse(serving, `GET ${path} HTTP/1.1\r\n${host}${close}\r\n`))
    expect(answer.status).toBe(status)
  })

  it.each([
    ['DELETE', 200],
    ['GET', 200],
    ['HEAD', 200],
    ['OPTIONS', 200],
    ['PATCH', 200],
    ['POST', 200],
    ['PUT', 200],
    ['TRACE', 400],
    ['PROPFIND', 400],
    ['get', 400],
    ['BREW', 400],
  ])('with the method %s is answered %i (U-4, TV-12)', async (method, status) => {
    const text = await converse(serving, `${method} / HTTP/1.1\r\n${host}${close}\r\n`)
    const answer = readAnswer(text)
    expect(answer.status).toBe(status)
    expect(answer.body === '').toBe(method === 'HEAD')
  })

  it('behind a sound one on the same connection is rejected after the other was answered', async () => {
    const text = await converse(serving, `GET / HTTP/1.1\r\n${host}\r\nnonsense\r\n\r\n`)
    expect(text.match(/HTTP\/1\.1 \d+/g)).toEqual(['HTTP/1.1 200', 'HTTP/1.1 400'])
  })

  it('is one of several on a connection, each with its own answer in order', async () => {
    const ends = ['', '', close]
    const requests = ends.map((end, n) => `GET /?n=${n} HTTP/1.1\r\n${host}${end}\r\n`)
    const text = await converse(serving, requests.join(''))
    expect(text.match(/"queryStringParameters":\{"n":"\d"\}/g)).toHaveLength(3)
    expect(text.match(/\{"n":"\d"\}/g)).toEqual(['{"n":"0"}', '{"n":"1"}', '{"n":"2"}'])
  })

  it.each(['/', '/other', '/a/b', '/_/healthz', '/_/nothing'])(
    'for %s leaves its connection to the next one',
    async (path) => {
      const text = await converse(
        serving,
        `GET ${path} HTTP/1.1\r\n${host}\r\n`,
        `GET /_/healthz HTTP/1.1\r\n${host}${close}\r\n`,
      )
      expect(text.match(/HTTP\/1\.1 \d+/g)).toHaveLength(2)
    },
  )

  it('whose client stops in the middle delays no other call', async () => {
    const idle = [
      '',
      'GET / HT',
      'GET / HTTP/1.1\r\nHost',
      `POST / HTTP/1.1\r\n${host}Content-Length: 9\r\n\r\nabc`,
    ]
    const sockets = idle.map((bytes) => {
      const socket = connect(Number(new URL(serving.url).port), '127.0.0.1')
      socket.write(bytes)
      return socket
    })
    expect((await callRaw(serving)).status).toBe(200)
    expect((await request(serving.url).get('/_/healthz')).status).toBe(200)
    for (const socket of sockets) socket.destroy()
  })
})

describe('the answer to HEAD', () => {
  it('has the headers and the length of the same GET, and no body (R-12)', async () => {
    const get = await ask('GET')
    const head = await ask('HEAD')
    expect(head.headers.map(([name]) => name)).toEqual(get.headers.map(([name]) => name))
    expect(head.body).toBe('')
    expect(Number(new Map(head.headers).get('Content-Length'))).toBeGreaterThan(100)
  })
})

async function ask(method: string): Promise<Answer> {
  return readAnswer(await converse(serving, `${method} / HTTP/1.1\r\n${host}${close}\r\n`))
}
