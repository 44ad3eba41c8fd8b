import { describe, expect, test } from 'vitest'
import { Fault } from '../../src/errors.ts'
import type { Header, HttpReply } from '../../src/event/http.ts'
import { toReply } from '../../src/event/reply.ts'

const jsonType: Header = ['Content-Type', 'application/json']

function replyTo(result: unknown): HttpReply {
  return toReply(result === undefined ? undefined : Buffer.from(JSON.stringify(result)), 'http')
}

function sent(result: unknown): [number, string] {
  const { status, body } = replyTo(result)
  return [status, body.toString()]
}

function faultOf(result: unknown): Fault {
  return caught(() => replyTo(result))
}

function caught(act: () => unknown): Fault {
  try {
    act()
  } catch (error) {
    if (error instanceof Fault) return error
    throw error
  }
  throw new Error('no fault was thrown')
}

/** Header lines without the Content-Type that every answer has. */
function linesOf(result: unknown): Header[] {
  return replyTo(result).headers.filter(([name]) => name !== 'Content-Type')
}

describe('defaults', () => {
  test.each<[string, unknown, number, string]>([
    ['R-1 · TV-19 · a body alone', { body: 'x' }, 200, 'x'],
    ['R-2 · TV-19 · unknown keys alone', { message: 'y' }, 200, ''],
    ['R-1 · TV-19 · nothing at all', {}, 200, ''],
    ['R-3 · TV-19 · null means absent', { body: 'x', headers: null, extra: 1 }, 200, 'x'],
    [
      'R-3 · null means absent for every key',
      { statusCode: null, headers: null, multiValueHeaders: null, body: null, isBase64Encoded: null },
      200,
      '',
    ],
    ['R-1 · a status alone', { statusCode: 404 }, 404, ''],
    ['R-3 · the smallest status', { statusCode: 200 }, 200, ''],
    ['R-3 · the largest status', { statusCode: 599 }, 599, ''],
    ['R-5 · the body is sent as UTF-8', { body: 'naïve ☃' }, 200, 'naïve ☃'],
  ])('%s', (_, result, status, body) => {
    expect(sent(result)).toEqual([status, body])
    expect(replyTo(result).headers).toEqual([jsonType])
  })

  test('R-3 · 200.0 is a whole number', () => {
    expect(toReply(Buffer.from('{"statusCode": 201.0}'), 'http').status).toBe(201)
  })
})

describe('malformed results', () => {
  test.each<[unknown, string]>([
    ['x', '"x"'],
    [1, '1'],
    [true, 'true'],
    [[], '[]'],
    [null, 'null'],
    [undefined, ''],
  ])('R-4 · TV-20 · %j', (result, payload) => {
    expect(faultOf(result)).toMatchObject({
      code: 'malformed_response',
      message: 'Malformed serverless function response: not a valid json',
      errorType: 'ProxyIntegrationError',
      body: { payload },
    })
  })

  test.each<[string, unknown]>([
    ['TV-21 · status as text', { statusCode: '200' }],
    ['TV-21 · status below 200', { statusCode: 99 }],
    ['status 199', { statusCode: 199 }],
    ['status 600', { statusCode: 600 }],
    ['a broken status', { statusCode: 200.5 }],
    ['a boolean status', { statusCode: true }],
    ['TV-21 · headers as array', { headers: [] }],
    ['headers as text', { headers: 'A: 1' }],
    ['TV-21 · a number as header', { headers: { A: 1 } }],
    ['null as header', { headers: { A: null } }],
    ['an array as header', { headers: { A: ['1'] } }],
    ['text in multiValueHeaders', { multiValueHeaders: { A: '1' } }],
    ['a number in multiValueHeaders', { multiValueHeaders: { A: ['1', 2] } }],
    ['multiValueHeaders as array', { multiValueHeaders: [] }],
    ['TV-21 · an object as body', { body: {} }],
    ['a number as body', { body: 0 }],
    ['a false body', { body: false }],
    ['a flag as text', { isBase64Encoded: 'false' }],
    ['a flag as number', { isBase64Encoded: 0 }],
    ['an empty header name', { headers: { '': '1' } }],
    ['a header name with a space', { headers: { 'A B': '1' } }],
    ['a header name with a colon', { multiValueHeaders: { 'A:': ['1'] } }],
    ['a header name beyond ASCII', { headers: { Ä: '1' } }],
    ['a header name with a line break', { headers: { 'A\n': '1' } }],
    ['a line break in a header', { headers: { A: '1\r\nB: 2' } }],
    ['a zero byte in a header', { multiValueHeaders: { A: ['\0'] } }],
    ['a control character in a header', { headers: { A: '\u007f' } }],
    [
      'an invalid header that would be ignored anyway',
      { headers: { A: '\n' }, multiValueHeaders: { A: ['1'] } },
    ],
    ['an invalid header that would be dropped anyway', { headers: { Host: '\n' } }],
  ])('R-3 · F-31 · %s', (_, result) => {
    expect(faultOf(result)).toMatchObject({
      code: 'malformed_response',
      body: { payload: JSON.stringify(result) },
    })
  })

  test('F-31 · a text that is not JSON is shown as it is', () => {
    expect(caught(() => toReply(Buffer.from('{oops'), 'http')).body).toEqual({ payload: '{oops' })
  })
})

describe('base64 bodies', () => {
  test.each<[string, string, number[]]>([
    ['R-5 · bytes', '+//+AQ==', [251, 255, 254, 1]],
    ['R-3 · line breaks are ignored', 'AQ\r\nID\n', [1, 2, 3]],
    ['R-3 · one padding character', 'AQI=', [1, 2]],
    ['R-3 · the empty text', '', []],
  ])('%s', (_, body, bytes) => {
    expect([...replyTo({ body, isBase64Encoded: true }).body]).toEqual(bytes)
  })

  test.each(['AQI', 'AQ=', 'A===', '====', 'AQ==AQ==', '-__-', 'A Q==', 'AQI\t=', '!', '=', 'ÀAAA'])(
    'R-3 · TV-21 · %j is malformed',
    (body) => {
      expect(faultOf({ body, isBase64Encoded: true }).code).toBe('malformed_response')
    },
  )

  test('R-3 · what looks like base64 is text without the flag', () => {
    expect(sent({ body: 'AQI=' })).toEqual([200, 'AQI='])
  })

  test('TV-24 · an image', () => {
    const png = Buffer.from([137, 80, 78, 71])
    const reply = replyTo({
      body: png.toString('base64'),
      isBase64Encoded: true,
      headers: { 'Content-Type': 'image/png' },
    })
    expect(reply).toEqual({ status: 200, headers: [['Content-Type', 'image/png']], body: png })
  })
})

describe('headers of the function', () => {
  test.each<[string, unknown, Header[]]>([
    [
      'R-10 · pass with their spelling',
      { headers: { 'x-a': '1', ETag: '"2"' } },
      [
        ['x-a', '1'],
        ['ETag', '"2"'],
      ],
    ],
    [
      'R-6 · TV-22 · multiValueHeaders wins, without regard to case',
      { headers: { 'x-a': '1' }, multiValueHeaders: { 'X-A': ['2', '3'] } },
      [
        ['X-A', '2'],
        ['X-A', '3'],
      ],
    ],
    [
      'R-6 · multiValueHeaders wins with an empty list too',
      { headers: { 'x-a': '1' }, multiValueHeaders: { 'X-A': [] } },
      [],
    ],
    [
      'R-6 · of two spellings in headers the last counts',
      { headers: { 'x-a': '1', 'X-A': '2' } },
      [['X-A', '2']],
    ],
    [
      'R-6 · of two spellings in multiValueHeaders the last counts',
      { multiValueHeaders: { 'X-A': ['1', '2'], 'x-a': ['3'] } },
      [['x-a', '3']],
    ],
    [
      'R-10 · TV-22 · two cookies are two lines',
      { multiValueHeaders: { 'Set-Cookie': ['a=1', 'b=2'] } },
      [
        ['Set-Cookie', 'a=1'],
        ['Set-Cookie', 'b=2'],
      ],
    ],
    ['R-3 · tabs and characters beyond Latin-1 are fine', { headers: { A: 'a\tb ☃' } }, [['A', 'a\tb ☃']]],
    [
      'R-10 · names of built-in properties are names',
      { headers: { constructor: '1' } },
      [['constructor', '1']],
    ],
    ['R-10 · Content-Length is ignored', { headers: { 'Content-Length': '999' }, body: 'x' }, []],
    [
      'R-12 · a valid Content-Length of an empty body is kept for HEAD',
      { headers: { 'content-length': '999' } },
      [['Content-Length', '999']],
    ],
    ['R-12 · an invalid one is not', { headers: { 'Content-Length': '-1' } }, []],
    ['R-12 · one beyond exact numbers is not', { headers: { 'Content-Length': '9'.repeat(16) } }, []],
  ])('%s', (_, result, lines) => {
    expect(linesOf(result)).toEqual(lines)
  })

  test('R-10 · __proto__ is a header like any other', () => {
    expect(toReply(Buffer.from('{"headers":{"__proto__":"1"}}'), 'http').headers).toEqual([
      ['__proto__', '1'],
      jsonType,
    ])
  })

  test.each(['Content-Md5', 'Date', 'Server', 'Www-Authenticate'])(
    'R-8 · TV-23 · %s is renamed, in any case',
    (name) => {
      for (const spelling of [name, name.toLowerCase(), name.toUpperCase()])
        expect(linesOf({ multiValueHeaders: { [spelling]: ['1', '2'] } })).toEqual([
          [`X-Yf-Remapped-${name}`, '1'],
          [`X-Yf-Remapped-${name}`, '2'],
        ])
    },
  )

  test.each([
    'Host',
    'Authorization',
    'User-Agent',
    'Connection',
    'Max-Forwards',
    'Cookie',
    'X-Request-Id',
    'X-Function-Id',
    'X-Function-Version-Id',
    'X-Content-Type-Options',
  ])('R-7 · TV-23 · %s is dropped, in any case', (name) => {
    for (const spelling of [name, name.toLowerCase(), name.toUpperCase()])
      expect(linesOf({ headers: { [spelling]: '1' } })).toEqual([])
  })

  test.each(['Proxy-Authenticate', 'Transfer-Encoding', 'Via'])(
    'R-9 · F-5 · TV-23 · %s fails, in any case',
    (name) => {
      for (const spelling of [name, name.toLowerCase(), name.toUpperCase()]) {
        const result = { headers: { [spelling]: '1' } }
        expect(faultOf(result)).toMatchObject({
          code: 'forbidden_header',
          message: `Malformed serverless function response: header ${name} is not allowed`,
          errorType: 'ProxyIntegrationError',
          body: { payload: JSON.stringify(result) },
        })
      }
    },
  )
})

describe('Content-Type', () => {
  test.each<[string, unknown, Header[]]>([
    [
      "the function's own, in any spelling",
      { headers: { 'content-type': 'text/html' } },
      [['content-type', 'text/html']],
    ],
    ['none in an empty list: the default', { multiValueHeaders: { 'Content-Type': [] } }, [jsonType]],
    ['status 204 has none', { statusCode: 204 }, []],
    [
      'status 304 has none, only the other headers',
      { statusCode: 304, headers: { 'Content-Type': 'text/html', 'Content-Length': '3', ETag: '1' } },
      [['ETag', '1']],
    ],
  ])('R-11 · %s', (_, result, headers) => {
    expect(replyTo(result).headers).toEqual(headers)
  })

  test.each([204, 304])('R-11 · status %i has no body', (statusCode) => {
    expect(sent({ statusCode, body: 'x' })).toEqual([statusCode, ''])
  })
})

describe('raw mode', () => {
  test.each([
    ['M-9 · TV-16 · a string keeps its quotes', '"x"'],
    ['M-9 · TV-16 · null', 'null'],
    ['M-3 · TV-16 · an object with statusCode is a value', '{"statusCode":404}'],
    ['M-4 · the text is not touched', ' [1,  2]'],
  ])('%s', (_, json) => {
    expect(toReply(Buffer.from(json), 'raw')).toEqual({
      status: 200,
      headers: [jsonType],
      body: Buffer.from(json),
    })
  })

  test('M-9 · TV-16 · undefined is an empty body', () => {
    expect(toReply(undefined, 'raw')).toEqual({ status: 200, headers: [jsonType], body: Buffer.alloc(0) })
  })
})
