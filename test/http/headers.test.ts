import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { bothLanguages, serve, type Serving } from '../harness/serving.ts'
import { converse, readAnswer, type Answer } from '../harness/sockets.ts'

const chunked = 'Transfer-Encoding: chunked\r\n'

// Q-1, each with what belongs to it: another line, and a body in its form.
const removed: readonly (readonly [name: string, value: string, line: string, body: string])[] = [
  ['Expect', '100-continue', '', ''],
  ['Te', 'trailers', '', ''],
  ['Trailer', 'X-After', chunked, '3\r\nabc\r\n0\r\nX-After: 1\r\n\r\n'],
  ['Upgrade', 'websocket', '', ''],
  ['Proxy-Authenticate', 'Basic', '', ''],
  ['Authorization', 'Basic eDp5', '', ''],
  ['Connection', 'close, X-Own', '', ''],
  ['Content-Md5', 'kAFQmDzST7DWlj99KOF/cg==', '', ''],
  ['Max-Forwards', '3', '', ''],
  ['Server', 'x', '', ''],
  ['Transfer-Encoding', 'chunked', '', '3\r\nabc\r\n0\r\n\r\n'],
  ['Www-Authenticate', 'Basic', '', ''],
  ['Cookie', 'a=1', '', ''],
]

const platformsOwn = ['X-Request-Id', 'X-Function-Id', 'X-Function-Version-Id', 'X-Content-Type-Options']
const dropped = [
  'Host',
  'Authorization',
  'User-Agent',
  'Connection',
  'Max-Forwards',
  'Cookie',
  ...platformsOwn,
]
const renamed = ['Content-Md5', 'Date', 'Server', 'Www-Authenticate']
const forbidden = ['Proxy-Authenticate', 'Transfer-Encoding', 'Via']

interface Seen {
  readonly headers: Readonly<Record<string, string>>
  readonly multiValueHeaders: Readonly<Record<string, readonly string[]>>
  readonly body: string
}

describe.each(bothLanguages)('a request header of a %s function', (language) => {
  let serving: Serving
  beforeAll(async () => {
    serving = await serve(language, 'answers.seen')
  })
  afterAll(() => serving[Symbol.asyncDispose]())

  async function see(lines: string, body = ''): Promise<Seen> {
    const text = await converse(
      serving,
      `POST / HTTP/1.1\r\nHost: h\r\n${lines}Connection: close\r\n\r\n${body}`,
    )
    const answer = readAnswer(text.replace(/^HTTP\/1\.1 100 Continue\r\n\r\n/, ''))
    expect(answer.status).toBe(200)
    return JSON.parse(answer.body) as Seen // the event, which the function returns
  }

  it.each(removed)('%s is not in the event (Q-1, TV-6)', async (name, value, line, body) => {
    const seen = await see(`${name.toLowerCase()}: ${value}\r\n${line}X-Kept: 1\r\n`, body)
    const names = [...Object.keys(seen.headers), ...Object.keys(seen.multiValueHeaders)]
    expect(names.map((each) => each.toLowerCase())).not.toContain(name.toLowerCase())
    expect(seen.headers['X-Kept']).toBe('1')
    expect(Buffer.from(seen.body, 'base64').toString()).toBe(body === '' ? '' : 'abc')
  })

  it.each(['Proxy-Authorization', 'Keep-Alive', 'Constructor', '__proto__', 'Tostring'])(
    '%s is in the event like any other (Q-1)',
    async (name) => {
      const { headers, multiValueHeaders } = await see(`${name}: 1\r\n${name.toLowerCase()}: 2\r\n`)
      const own = (map: object): unknown =>
        Object.entries(map).find(([each]) => each.toLowerCase() === name.toLowerCase())?.[1]
      expect([own(headers), own(multiValueHeaders)]).toEqual(['2', ['1', '2']])
    },
  )

  it('comes through however many others there are', async () => {
    const many = Array.from({ length: 3000 }, (_, index) => `X-${index}: ${index}\r\n`).join('')
    const { headers } = await see(many)
    expect([headers['X-0'], headers['X-2999']]).toEqual(['0', '2999'])
  })
})

describe.each(bothLanguages)('a response header of a %s function', (language) => {
  let serving: Serving
  beforeAll(async () => {
    serving = await serve(language, 'answers.named')
  })
  afterAll(() => serving[Symbol.asyncDispose]())

  async function answerWith(name: string): Promise<Answer> {
    const request = `GET /?name=${name}&value=from-the-function HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n`
    return readAnswer(await converse(serving, request))
  }

  it.each(dropped)("%s is dropped, the platform's own value is there (R-7, R-13, TV-23)", async (name) => {
    const answer = await answerWith(name)
    expect(answer.status).toBe(200)
    const values = valuesOf(answer, name)
    expect(values).not.toContain('from-the-function')
    expect(values).toHaveLength(platformsOwn.includes(name) || name === 'Connection' ? 1 : 0)
  })

  it.each(renamed)('%s is renamed (R-8, TV-23)', async (name) => {
    const answer = await answerWith(name)
    expect([answer.status, answer.body]).toEqual([200, 'x'])
    expect(valuesOf(answer, `X-Yf-Remapped-${name}`)).toEqual(['from-the-function'])
    expect(valuesOf(answer, name)).toHaveLength(name === 'Date' ? 1 : 0)
    expect(valuesOf(answer, name)).not.toContain('from-the-function')
  })

  it.each(forbidden)('%s fails the invocation (R-9, F-5, TV-23)', async (name) => {
    const answer = await answerWith(name.toLowerCase())
    expect([answer.status, valuesOf(answer, 'X-Function-Error')]).toEqual([502, ['true']])
    expect(JSON.parse(answer.body)).toMatchObject({
      errorType: 'ProxyIntegrationError',
      errorMessage: `Malformed serverless function response: header ${name} is not allowed`,
    })
  })

  it.each(['Set-Cookie', 'X-Own', 'constructor', '__proto__', 'Trailer', 'Keep-Alive'])(
    '%s is no trap: the answer is whole (R-10)',
    async (name) => {
      const answer = await answerWith(name)
      expect([answer.status, answer.body]).toEqual([200, 'x'])
      const framing = name === 'Trailer' // ours to say
      const expected = framing || name === '__proto__' ? [0, 1] : [1]
      expect(expected).toContain(valuesOf(answer, name).filter((each) => each === 'from-the-function').length)
    },
  )

  it('Content-Length is computed, whatever the function says (R-10)', async () => {
    expect(valuesOf(await answerWith('Content-Length'), 'Content-Length')).toEqual(['1'])
  })
})

function valuesOf({ headers }: Answer, name: string): readonly string[] {
  return headers.filter(([each]) => each.toLowerCase() === name.toLowerCase()).map(([, value]) => value)
}
