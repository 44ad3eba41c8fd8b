// The vectors of the contract that are about answers and errors (yandex.md §19), in both languages through real sockets.

import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { bothLanguages, serve, type Serving } from '../harness/serving.ts'

const malformed = 'Malformed serverless function response: not a valid json'

describe.each(bothLanguages)('the answer of a %s function', (language) => {
  let answers: Serving
  let given: Serving
  beforeAll(async () => {
    answers = await serve(language, 'vectors.answers')
    given = await serve(language, 'vectors.given')
  })
  afterAll(async () => {
    await answers[Symbol.asyncDispose]()
    await given[Symbol.asyncDispose]()
  })

  // The function returns what it is told.
  async function answerTo(result: unknown): Promise<Response> {
    return fetch(answers.url, {
      method: 'POST',
      body: JSON.stringify(result),
      headers: { 'content-type': 'application/json' },
    })
  }

  it.each([
    [{ body: 'x' }, 'x'],
    [{ message: 'y' }, ''],
    [{}, ''],
    [{ body: 'x', headers: null, extra: 1 }, 'x'],
  ])('TV-19: to %j is 200 with body %j (R-1, R-2, R-3, R-11)', async (result, body) => {
    const response = await answerTo(result)
    expect([response.status, response.headers.get('content-type'), await response.text()]).toEqual([
      200,
      'application/json',
      body,
    ])
  })

  it.each(['x', 1, true, [], null])('TV-20: to %j is malformed (R-4, F-4, F-31)', async (result) => {
    const response = await answerTo(result)
    expect([response.status, response.headers.get('x-function-error')]).toEqual([502, 'true'])
    expect(await response.json()).toEqual({
      errorMessage: malformed,
      errorType: 'ProxyIntegrationError',
      payload: JSON.stringify(result),
    })
  })

  it.each([
    { statusCode: '200' },
    { statusCode: 99 },
    { headers: [] },
    { headers: { A: 1 } },
    { body: {} },
    { body: 'no base64!', isBase64Encoded: true },
  ])('TV-21: to %j is malformed (R-3)', async (result) => {
    const response = await answerTo(result)
    expect([response.status, await response.json()]).toEqual([
      502,
      expect.objectContaining({ errorMessage: malformed }),
    ])
  })

  it('TV-22: has several lines of a header, and multiValueHeaders win (R-6, R-10)', async () => {
    const response = await answerTo({
      headers: { 'x-a': '1' },
      multiValueHeaders: { 'X-A': ['2', '3'], 'Set-Cookie': ['a=1', 'b=2'] },
    })
    expect(response.headers.get('x-a')).toBe('2, 3')
    expect(response.headers.getSetCookie()).toEqual(['a=1', 'b=2'])
  })

  it('TV-24: decodes a base64 body (R-5)', async () => {
    const bytes = Buffer.from([0, 1, 254, 255])
    const response = await answerTo({
      body: bytes.toString('base64'),
      isBase64Encoded: true,
      headers: { 'Content-Type': 'image/png' },
    })
    expect(response.headers.get('content-type')).toBe('image/png')
    expect(Buffer.from(await response.arrayBuffer())).toEqual(bytes)
  })

  it.each([['"x"'], ['null'], ['{"statusCode":404}']])(
    'TV-16: in raw mode is the JSON of the value: %s (M-3, M-4, M-9)',
    async (json) => {
      const response = await fetch(`${given.url}/?integration=raw`, { method: 'POST', body: json })
      expect([response.status, response.headers.get('content-type'), await response.text()]).toEqual([
        200,
        'application/json',
        json,
      ])
    },
  )

  it('TV-56: has Access-Control-Allow-Origin only with --cors, errors included (U-5)', async () => {
    expect((await answerTo({})).headers.has('access-control-allow-origin')).toBe(false)
    await using open = await serve(language, 'vectors.fails', { cors: true })
    const failed = await fetch(open.url)
    expect([failed.status, failed.headers.get('access-control-allow-origin')]).toEqual([502, '*'])
  })

  it('carries the ids of request, function and version, and nosniff, also when it is an error (R-13)', async () => {
    for (const response of [
      await answerTo({}),
      await answerTo(null),
      await fetch(`${answers.url}/?integration=foo`),
    ]) {
      expect(response.headers.get('x-request-id')).toMatch(/^[0-9a-f-]{36}$/)
      expect(response.headers.get('x-function-id')).toMatch(/^d4e[a-z0-9]{17}$/)
      expect(response.headers.get('x-function-version-id')).toMatch(/^d4e[a-z0-9]{17}$/)
      expect(response.headers.get('x-content-type-options')).toBe('nosniff')
      expect(response.headers.has('server')).toBe(false)
    }
  })
})

describe('the error of a function', () => {
  it('TV-26: in Python has the class, the message and frames that begin in handle_event (F-1, F-30, F-32)', async () => {
    await using serving = await serve('python', 'vectors.fails')
    const response = await fetch(serving.url)
    expect([response.status, response.headers.get('x-function-error')]).toEqual([502, 'true'])
    const { errorMessage, errorType, stackTrace } = (await response.json()) as {
      errorMessage: string
      errorType: string
      stackTrace: string[]
    } // yandex.md F-30
    expect([errorMessage, errorType]).toEqual(["name 'unknownVariable' is not defined", 'NameError'])
    expect(stackTrace).toHaveLength(2)
    expect(stackTrace[0]).toMatch(/^ {2}File "\/.*\/runtime\/python\/.*", line \d+, in handle_event\n/)
    expect(stackTrace[1]).toMatch(
      /^ {2}File "\/.*\/vectors\.py", line \d+, in fails\n {4}return unknownVariable\n/,
    )
  })

  it('TV-26: in Python shows a missing key with its quotes (F-30)', async () => {
    await using serving = await serve('python', 'vectors.missing_key')
    expect(await (await fetch(serving.url)).json()).toMatchObject({
      errorMessage: "'k'",
      errorType: 'KeyError',
    })
  })

  it('TV-27: in Node.js has name, message and frames (F-30)', async () => {
    await using serving = await serve('node', 'vectors.fails')
    expect(await (await fetch(serving.url)).json()).toEqual({
      errorMessage: 'unknownVariable is not defined',
      errorType: 'ReferenceError',
      stackTrace: [
        {
          function: 'exports.fails',
          file: expect.stringMatching(/^\/.*\/vectors\.js$/) as unknown,
          line: expect.any(Number) as unknown,
          column: expect.any(Number) as unknown,
        },
      ],
    })
  })

  it('TV-27: in Node.js that is a text has no stack trace; a sync handler without a result is told so (F-8)', async () => {
    await using throwing = await serve('node', 'throws_things.handler')
    const thrown = await fetch(`${throwing.url}/?integration=raw`, { method: 'POST', body: '"text"' })
    expect(await thrown.json()).toEqual({ errorMessage: 'just text', errorType: 'Error' })
    await using silent = await serve('node', 'returns_nothing.synchronous')
    expect(await (await fetch(silent.url)).json()).toEqual({
      errorMessage:
        'Non-async entry point should provide a result. Return a value or use async function instead',
      errorType: 'Error',
    })
  })

  it('TV-16: in Node.js an async undefined is an empty body in raw mode, malformed in normal mode (M-9, K-1, F-31)', async () => {
    await using serving = await serve('node', 'returns_nothing.handler')
    const raw = await fetch(`${serving.url}/?integration=raw`, { method: 'POST' })
    expect([raw.status, await raw.text()]).toEqual([200, ''])
    expect(await (await fetch(serving.url)).json()).toEqual({
      errorMessage: malformed,
      errorType: 'ProxyIntegrationError',
      payload: '',
    })
  })

  it.each(bothLanguages)(
    'TV-28: of a %s result that JSON cannot hold is the language’s own, and the instance stays (F-7)',
    async (language) => {
      await using serving = await serve(language, 'unserialisable.handler')
      for (let time = 0; time < 2; time++) {
        const response = await fetch(serving.url)
        expect([response.status, response.headers.get('x-function-error')]).toEqual([502, 'true'])
        expect(await response.json()).toMatchObject({
          errorType: language === 'node' ? 'TypeError' : 'ValueError',
        })
      }
      expect(serving.pids).toHaveLength(1)
    },
  )
})
