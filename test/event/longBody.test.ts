import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { HttpRequest } from '../../src/event/http.ts'
import { toEventParts } from '../../src/event/httpEvent.ts'
import { Fault } from '../../src/errors.ts'
import { toReply } from '../../src/event/reply.ts'
import { fromParts, toParts } from '../../runtime/node/longBody.mjs'
import { toPlainEvent } from './plainEvent.ts'

const ids = { requestId: 'the request', traceId: 'the trace' }
const filler = 'x'.repeat(16 * 1024)

function request(body: Buffer, type: string): HttpRequest {
  return {
    method: 'POST',
    path: '/',
    query: 'body=&body',
    headers: [['Content-Type', type]],
    body,
    peer: { address: '127.0.0.1', port: 2816 },
    receivedAt: 0,
  }
}

/** What the instance reads, and what it would if the event came whole. */
function bothEvents(body: Buffer, type: string): [unknown, unknown] {
  const asked = request(body, type)
  const { json, text } = toEventParts(asked, ids)
  const frame = Buffer.concat([Buffer.from(json), text ?? Buffer.alloc(0)])
  return [fromParts(frame, text?.length), JSON.parse(JSON.stringify(toPlainEvent(asked, ids)))]
}

/** What a function that returns the value answers, in parts and whole: a reply or a fault. */
function bothReplies(value: unknown): [unknown, unknown] {
  const { json, text } = toParts(value)
  const whole = Buffer.from(JSON.stringify(value))
  return [settled(() => toReply(json, 'http', text)), settled(() => toReply(whole, 'http'))]
}

function settled(act: () => unknown): unknown {
  try {
    return act()
  } catch (error) {
    if (error instanceof Fault) return [error.code, error.message, error.body]
    throw error
  }
}

const anyBytes = fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes))
const anyText = fc.string({ unit: 'binary', maxLength: 300 })
const withSurrogates = fc
  .array(fc.integer({ min: 0, max: 0xffff }), { maxLength: 100 })
  .map((units) => String.fromCharCode(...units))

describe('an event in parts', () => {
  test.each(['application/json', 'text/plain'])('is the same as whole, whatever a body of %s is', (type) => {
    const bytes = fc.oneof(
      anyBytes,
      anyText.map((text) => Buffer.from(text)),
    )
    fc.assert(
      fc.property(bytes, bytes, fc.boolean(), (before, after, long) => {
        const [parts, whole] = bothEvents(
          Buffer.concat([before, Buffer.from(long ? filler : ''), after]),
          type,
        )
        expect(parts).toEqual(whole)
      }),
    )
  })

  test.each(['application/json', 'text/plain'])('of %s has the size of the whole (L-1)', (type) => {
    fc.assert(
      fc.property(anyBytes, fc.integer({ min: 0, max: 3 }), (bytes, offset) => {
        const body = Buffer.concat([Buffer.alloc(offset), Buffer.from(filler), bytes]).subarray(offset)
        const asked = request(body, type)
        expect(toEventParts(asked, ids).size).toBe(
          Buffer.byteLength(JSON.stringify(toPlainEvent(asked, ids))),
        )
      }),
    )
  })

  test.each([0, 1])(
    'counts the escapes at both ends of a text that starts at byte %i of a buffer (L-1)',
    (offset) => {
      for (const text of [`"${filler}`, `${filler}"`, `\n"${filler}x\\`, `\u0001${filler}\u001f`]) {
        const body = Buffer.from('x'.repeat(offset) + text).subarray(offset)
        const asked = request(body, 'application/json')
        expect(toEventParts(asked, ids).size).toBe(
          Buffer.byteLength(JSON.stringify(toPlainEvent(asked, ids))),
        )
      }
    },
  )

  test('comes apart from 16 KiB on, and its members keep their order', () => {
    expect(toEventParts(request(Buffer.from(filler.slice(1)), 'application/json'), ids).text).toBeUndefined()
    expect(toEventParts(request(Buffer.from(filler), 'application/json'), ids).text?.length).toBe(16 * 1024)
    const [parts, whole] = bothEvents(Buffer.from(filler), 'application/json')
    expect(JSON.stringify(parts)).toBe(JSON.stringify(whole))
  })
})

describe('a value in parts', () => {
  const headers = fc.dictionary(fc.constantFrom('A', 'Content-Type', 'Via', '__proto__', 'body'), anyText)
  const member = fc.oneof(fc.jsonValue(), fc.constant(''), withSurrogates)
  const value = fc.record(
    {
      statusCode: fc.constantFrom(200, 204, 404, 42, null),
      headers,
      body: fc
        .tuple(fc.oneof(anyText, withSurrogates), fc.constantFrom('', filler))
        .map((all) => all.join('')),
      isBase64Encoded: fc.constantFrom(false, true, null, 'no'),
      'x"body': member,
      nested: fc.record({ body: member }),
    },
    { requiredKeys: ['body'] },
  )

  test('is answered as the whole one, and fails as that does (F-4, F-5, F-31)', () => {
    fc.assert(
      fc.property(value, (each) => {
        const [parts, whole] = bothReplies(each)
        expect(parts).toEqual(whole)
      }),
      { numRuns: 500 },
    )
  })

  test('has the size of the whole one', () => {
    fc.assert(
      fc.property(value, (each) => {
        expect(toParts(each).size).toBe(Buffer.byteLength(JSON.stringify(each)))
      }),
    )
  })

  test('may hold base64', () => {
    const body = Buffer.from(filler).toString('base64')
    const [parts, whole] = bothReplies({ body, isBase64Encoded: true })
    expect(parts).toEqual(whole)
    expect(toParts({ body, isBase64Encoded: true }).text).toEqual(Buffer.from(body))
  })

  test.each<[string, object]>([
    ['a list', Object.assign([1], { body: filler })],
    ['an object that writes itself', { body: filler, toJSON: () => ({ body: 'own' }) }],
    [
      'a member that is computed',
      {
        get body() {
          return filler
        },
      },
    ],
    ['a member that is not shown', Object.defineProperty({}, 'body', { value: filler, enumerable: false })],
    [
      'a class',
      Object.assign(
        new (class Reply {
          readonly own = 1
        })(),
        { body: filler },
      ),
    ],
    ['a boxed text', Object.assign(Object('boxed'), { body: filler })],
    ['a proxy', new Proxy({ body: filler }, { get: () => 'other' })],
    ['a lone surrogate', { body: `${filler}\ud800` }],
    ['two places that look alike', { body: filler, nested: { body: '' } }],
  ])('is sent whole: %s', (_, each) => {
    const { json, text } = toParts(each)
    expect([json.toString(), text]).toEqual([JSON.stringify(each), undefined])
  })

  test('throws what the whole one throws', () => {
    const circular: Record<string, unknown> = { body: filler }
    circular['itself'] = { circular }
    expect(() => toParts(circular)).toThrow(/starting at object with constructor 'Object'/)
    expect(() => toParts({ body: filler, big: 1n })).toThrow('Do not know how to serialize a BigInt')
  })
})
