import { describe, expect, test } from 'vitest'
import type { Header } from '../../src/event/http.ts'
import { toChunkBytes, toEmptyStreamReply, toStreamHead } from '../../src/event/streamReply.ts'
import type { ChunkKind, CallerMode } from '../../src/wire/frames.ts'

const modes: CallerMode[] = ['http', 'raw']

function started(value: unknown, mode: CallerMode = 'http') {
  const { head, body } = toStreamHead('json', Buffer.from(JSON.stringify(value)), mode)
  return { status: head.status, headers: head.headers, body: body?.toString() }
}

test.each<[ChunkKind, string, string]>([
  ['text', 'a', 'a'],
  ['bytes', '\u0000\u0001', '\u0000\u0001'],
  ['json', '{"k":1}', '{"k":1}\n'],
])('K-10 · TV-42 · %s %j is sent as %j', (kind, data, bytes) => {
  expect(toChunkBytes(kind, Buffer.from(data)).toString()).toBe(bytes)
})

describe.each(modes)('mode %s', (mode) => {
  test.each<[ChunkKind, string, string, string]>([
    ['text', 'a', 'text/plain; charset=utf-8', 'a'],
    ['bytes', 'b', 'application/octet-stream', 'b'],
    ['json', '{"k":1}', 'application/x-ndjson', '{"k":1}\n'],
    ['json', '[{"statusCode":201}]', 'application/x-ndjson', '[{"statusCode":201}]\n'],
    ['json', 'null', 'application/x-ndjson', 'null\n'],
    ['text', '{"statusCode":201}', 'text/plain; charset=utf-8', '{"statusCode":201}'],
  ])('K-11 · a first value of kind %s, %s, sets the type %s', (kind, data, type, body) => {
    expect(toStreamHead(kind, Buffer.from(data), mode)).toEqual({
      head: { status: 200, headers: [['Content-Type', type]] },
      body: Buffer.from(body),
    })
  })
})

describe('a first object with statusCode', () => {
  const json: Header = ['Content-Type', 'application/json']

  test.each<[string, unknown, number, Header[], string | undefined]>([
    [
      'TV-43 · sets status and headers',
      { statusCode: 201, headers: { 'X-A': '1' } },
      201,
      [['X-A', '1'], json],
      undefined,
    ],
    ['its body is the first chunk', { statusCode: 200, body: 'first' }, 200, [json], 'first'],
    [
      'its body may be base64',
      { statusCode: 200, body: 'Zmlyc3Q=', isBase64Encoded: true },
      200,
      [json],
      'first',
    ],
    [
      'its type is kept',
      { statusCode: 200, headers: { 'Content-Type': 'text/event-stream' } },
      200,
      [['Content-Type', 'text/event-stream']],
      undefined,
    ],
    ['null stands for 200', { statusCode: null }, 200, [json], undefined],
    [
      'its Content-Length is ignored',
      { statusCode: 200, headers: { 'Content-Length': '5' } },
      200,
      [json],
      undefined,
    ],
    [
      'R-7, R-8 apply',
      { statusCode: 200, headers: { Host: 'h', Date: 'd' } },
      200,
      [['X-Yf-Remapped-Date', 'd'], json],
      undefined,
    ],
    ['R-11 applies', { statusCode: 204, body: 'x' }, 204, [], undefined],
  ])('K-11 · %s', (_, value, status, headers, body) => {
    expect(started(value)).toEqual({ status, headers, body })
  })

  test('K-11 · TV-43 · is data in raw mode', () => {
    expect(started({ statusCode: 201 }, 'raw')).toEqual({
      status: 200,
      headers: [['Content-Type', 'application/x-ndjson']],
      body: '{"statusCode":201}\n',
    })
  })

  test.each<[string, unknown, string]>([
    ['F-4', { statusCode: 'x' }, 'malformed_response'],
    ['F-5', { statusCode: 200, headers: { via: '1' } }, 'forbidden_header'],
  ])('K-11 · %s applies', (_, value, code) => {
    expect(() => started(value)).toThrow(
      expect.objectContaining({ code, body: { payload: JSON.stringify(value) } }),
    )
  })
})

test('K-12 · a generator without values is an empty 200', () => {
  expect(toEmptyStreamReply()).toEqual({
    status: 200,
    headers: [['Content-Type', 'application/json']],
    body: Buffer.alloc(0),
  })
})
