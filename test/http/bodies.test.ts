import { connect } from 'node:net'
import { describe, expect, it, vi } from 'vitest'
import { Listener } from '../../src/http/listener.ts'
import { converse } from '../harness/sockets.ts'
import { eventually } from '../harness/calling.ts'
import { bothLanguages, serve, type Serving } from '../harness/serving.ts'

const limit = 3_670_016

async function post(
  serving: Serving,
  path: string,
  body: Buffer,
  headers: Record<string, string> = {},
): Promise<Response> {
  return fetch(`${serving.url}${path}`, { method: 'POST', body: new Uint8Array(body), headers })
}

const tooLarge = {
  errorCode: 413,
  errorType: 'ProxyIntegrationError',
  errorMessage: 'request entity is larger than limits (3670016)',
}

describe.each(bothLanguages)('bodies of a %s function', (language) => {
  it('pass in up to 3.5 MB in raw mode, and not one byte more (TV-25, L-1, F-27)', async () => {
    await using serving = await serve(language, 'sized.length')
    const whole = await post(serving, '/?integration=raw', Buffer.alloc(limit, 'x'))
    expect([whole.status, await whole.text()]).toEqual([200, String(limit)])
    const beyond = await post(serving, '/?integration=raw', Buffer.alloc(limit + 1, 'x'))
    expect([beyond.status, await beyond.json()]).toEqual([413, tooLarge])
  })

  it('pass out up to 3.5 MB of JSON, and not one byte more (TV-25, L-2, R-14, F-6)', async () => {
    await using serving = await serve(language, 'sized.text')
    const whole = await post(serving, '/?integration=raw', Buffer.from(JSON.stringify({ length: limit - 2 })))
    expect([whole.status, (await whole.text()).length]).toEqual([200, limit])
    const beyond = await post(
      serving,
      '/?integration=raw',
      Buffer.from(JSON.stringify({ length: limit - 1 })),
    )
    expect([beyond.status, await beyond.json()]).toEqual([
      502,
      { errorType: 'ProxyIntegrationError', errorMessage: 'response entity is larger than limits (3670016)' },
    ])
  })

  it('come back byte for byte in normal mode, text and binary', async () => {
    await using serving = await serve(language, 'sized.mirror', {
      'request-limit': '8MB',
      'response-limit': '8MB',
    })
    const json = Buffer.from(JSON.stringify('я'.repeat(limit / 2 - 1)))
    const text = await post(serving, '/', json, { 'content-type': 'application/json' })
    expect(text.status).toBe(200)
    expect(Buffer.from(await text.arrayBuffer()).equals(json)).toBe(true)
    const noise = Buffer.from(Array.from({ length: limit }, (_, index) => (index * 7919) % 256))
    const binary = await post(serving, '/', noise, { 'content-type': 'application/octet-stream' })
    expect(Buffer.from(await binary.arrayBuffer()).equals(noise)).toBe(true)
  })

  it('are shown whole when the answer is rejected, however long they are (F-5, F-31)', async () => {
    await using serving = await serve(language, 'echo.handler')
    const long = `"ä\\\u0001${'x'.repeat(100_000)}`
    const headers = { 'content-type': 'application/json', via: 'forbidden' }
    const answer = await post(serving, '/', Buffer.from(long), headers)
    expect(answer.status).toBe(502)
    const { payload } = (await answer.json()) as { payload: string } // F-31
    expect(payload).toContain(`,"body":${JSON.stringify(long)},"isBase64Encoded":false,`)
    expect(JSON.parse(payload)).toMatchObject({ httpMethod: 'POST', body: long })
  })

  it('are limited in normal mode by the JSON of the event, exactly (L-1)', async () => {
    await using serving = await serve(language, 'sized.mirror', { 'response-limit': '8MB' })
    const eventLength = (await measureEvent(serving)) - 1
    const room = limit - eventLength
    const fits = await post(serving, '/', Buffer.alloc(room, 'x'), { 'content-type': 'application/json' })
    expect(fits.status).toBe(200)
    const beyond = await post(serving, '/', Buffer.alloc(room + 1, 'x'), {
      'content-type': 'application/json',
    })
    expect(beyond.status).toBe(413)
  })
})

// The length of the event's JSON for a one-byte body and a Content-Length of seven digits.
async function measureEvent(serving: Serving): Promise<number> {
  const start = serving.app.invoker.start.bind(serving.app.invoker)
  let length = 0
  serving.app.invoker.start = (call) => {
    length = call.payload.length
    start(call)
  }
  await post(serving, '/', Buffer.from('1'), { 'content-type': 'application/json' })
  serving.app.invoker.start = start
  return length + 2 * ('3670016'.length - 1)
}

describe('an upload', () => {
  it('that declares too much is rejected before it is sent', async () => {
    await using serving = await serve('node', 'sized.length')
    const answer = await converse(
      serving,
      `POST /?integration=raw HTTP/1.1\r\nHost: x\r\nContent-Length: ${limit + 1}\r\n\r\n`,
    )
    expect(answer).toMatch(/^HTTP\/1\.1 413 /)
    expect(answer).toMatch(/Connection: close/i)
  })

  it('that asks for permission gets it only within the limit (U-10)', async () => {
    await using serving = await serve('node', 'sized.length')
    expect(await converse(serving, ask(3), 'abc')).toMatch(
      /^HTTP\/1\.1 100 Continue\r\n\r\nHTTP\/1\.1 200 OK/,
    )
    expect(await converse(serving, ask(limit + 1))).toMatch(/^HTTP\/1\.1 413 /)
  })

  it('in chunks without a declared length is measured as it comes', async () => {
    await using serving = await serve('node', 'sized.length')
    const chunk = `100000\r\n${'x'.repeat(0x100000)}\r\n`
    const head =
      'POST /?integration=raw HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n'
    expect(await converse(serving, head, `${chunk}0\r\n\r\n`)).toMatch(/\r\n\r\n1048576$/)
    expect(await converse(serving, head, `${chunk.repeat(4)}0\r\n\r\n`)).toMatch(/^HTTP\/1\.1 413 /)
  })

  it('that breaks off runs nothing and disturbs no other call', async () => {
    await using serving = await serve('node', 'sized.length')
    const socket = connect(Number(new URL(serving.url).port), '127.0.0.1')
    socket.write('POST /?integration=raw HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nabc', () =>
      socket.destroy(),
    )
    await new Promise((settle) => socket.once('close', settle))
    expect((await post(serving, '/?integration=raw', Buffer.from('abc'))).status).toBe(200)
    expect(serving.app.invoker.inFlight).toBe(0)
  })

  it.each([
    ['what is not HTTP', 'nonsense\r\n\r\n'],
    ['a header that is too large', `GET / HTTP/1.1\r\nHost: x\r\nX-Large: ${'x'.repeat(70_000)}\r\n\r\n`],
    ['CONNECT', 'CONNECT example.com:443 HTTP/1.1\r\nHost: x\r\n\r\n'],
    ['TRACE', 'TRACE / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n'],
  ])('of %s is answered 400 (F-23)', async (_, bytes) => {
    await using serving = await serve('node', 'sized.length')
    const answer = await converse(serving, bytes)
    expect(answer).toMatch(/^HTTP\/1\.1 400 /)
    expect(answer).toContain('"errorMessage":"Invalid request: ')
    expect(answer).toMatch(/X-Fnbox-Fault: invalid_request/i)
  })
})

function ask(length: number): string {
  return `POST /?integration=raw HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nConnection: close\r\nContent-Length: ${length}\r\n\r\n`
}

describe('a stop', () => {
  it('sends the whole of a response that has started', async () => {
    const length = 20 * 1024 * 1024
    await using serving = await serve('node', 'sized.text', { 'response-limit': '30MB' })
    const socket = connect(Number(new URL(serving.url).port), '127.0.0.1')
    const body = JSON.stringify({ length })
    socket.write(
      `POST /?integration=raw HTTP/1.1\r\nHost: x\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
    )
    await new Promise((settle) => socket.once('readable', settle))
    const closing = vi.spyOn(Listener.prototype, 'stop')
    const stopped = serving.app.stop()
    await eventually(() => closing.mock.calls.length > 0)
    let received = 0
    for await (const bytes of socket) received += (bytes as Buffer).length // a socket without an encoding gives buffers
    await stopped
    expect(received).toBeGreaterThan(length)
  })

  it('does not wait for an upload that has not arrived', async () => {
    await using serving = await serve('node', 'sized.length', { 'drain-timeout': '1h' })
    const socket = connect(Number(new URL(serving.url).port), '127.0.0.1')
    socket.on('error', () => {}) // it is cut off
    socket.write('POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nabc')
    await (await fetch(`${serving.url}/_/healthz`)).text()
    await serving.app.stop()
    expect(serving.app.invoker.inFlight).toBe(0)
  })
})
