import * as fc from 'fast-check'
import request from 'supertest'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { bothLanguages, serve, type Serving } from '../harness/serving.ts'
import { converse, readAnswer, sendAll } from '../harness/sockets.ts'

// Runs of each property; a failure prints its seed and the smallest example. FNBOX_FUZZ_RUNS asks for more.
const numRuns = Number(process.env['FNBOX_FUZZ_RUNS'] ?? 120)

const bytes = fc.uint8Array({ maxLength: 64 }).map((each) => Buffer.from(each).toString('latin1'))
// oxlint-disable-next-line no-control-regex
const sendable = bytes.map((each) => each.replaceAll(/[\0-\x08\x0a-\x1f\x7f]/g, '')) // a header can hold it
const target = fc.oneof(
  bytes,
  fc.webPath(),
  fc.webQueryParameters(),
  fc.string({ unit: 'binary', maxLength: 32 }).map(toUrl),
)
const method = fc.oneof(fc.constantFrom('GET', 'HEAD', 'POST', 'PUT', 'OPTIONS', 'TRACE'), bytes)
const headerName = fc.constantFrom(
  'X-A',
  'content-type',
  'Expect',
  'Upgrade',
  'X-Request-Id',
  'Cookie',
  '__proto__',
  'Host',
)
const headers = fc.array(fc.tuple(headerName, fc.oneof(sendable, bytes)), { maxLength: 4 })

// What a handler may say instead of what it should.
const member = fc.oneof(fc.jsonValue(), fc.string(), fc.integer(), fc.boolean(), fc.constant(null))
const headerMap = fc.oneof(
  member,
  fc.dictionary(
    fc.oneof(fc.string(), headerName, fc.constantFrom('Via', 'Transfer-Encoding')),
    fc.oneof(fc.string(), sendable, member),
  ),
  fc.dictionary(headerName, fc.array(fc.oneof(fc.string(), member), { maxLength: 3 })),
)
const almostResponse = fc.record(
  {
    statusCode: fc.oneof(fc.integer({ min: 90, max: 610 }), member),
    headers: headerMap,
    multiValueHeaders: headerMap,
    body: fc.oneof(fc.base64String(), member),
    isBase64Encoded: fc.oneof(fc.boolean(), member),
  },
  { requiredKeys: [] },
)

// Nothing at all, or an answer that is not our own 500.
const sound = /^$|^HTTP\/1\.1 (?!500)[1-5]\d\d /

describe.each(bothLanguages)('whatever is sent to a %s function', (language) => {
  let serving: Serving
  beforeAll(async () => {
    serving = await serve(language, 'answers.handler', { 'function-id': 'me' })
  })
  afterAll(() => serving[Symbol.asyncDispose]())

  it('as bytes of a request is answered or cut off, and is no fault of ours', async () => {
    await fc.assert(
      fc.asyncProperty(method, target, headers, bytes, async (verb, where, lines, body) => {
        const head = lines.map(([name, value]) => `${name}: ${value}\r\n`).join('')
        const text = await converse(
          serving,
          Buffer.from(
            `${verb} /${where} HTTP/1.1\r\nHost: h\r\nContent-Length: ${body.length}\r\nConnection: close\r\n${head}\r\n${body}`,
            'latin1',
          ),
        )
        expect(text).toMatch(sound)
      }),
      { numRuns },
    )
  })

  it('as bytes that are no request at all is answered or cut off', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(bytes, { maxLength: 4 }), async (parts) => {
        const text = await sendAll(serving, ...parts.map((each) => Buffer.from(each, 'latin1')), '\r\n\r\n')
        expect(text).toMatch(sound)
      }),
      { numRuns },
    )
  })

  it('as query, header and body of a well-formed request is run', async () => {
    await fc.assert(
      fc.asyncProperty(bytes, sendable, fc.jsonValue(), async (query, value, result) => {
        const response = await fetch(`${serving.url}/?integration=raw`, {
          method: 'POST',
          body: JSON.stringify({ body: JSON.stringify(result) }),
          headers: { 'X-A': value.trim() },
        })
        expect([response.status, await response.json()]).toEqual([200, JSON.parse(JSON.stringify(result))])
        const other = await fetch(`${serving.url}/?a=${encodeURIComponent(query)}`, {
          method: 'POST',
          body: '{}',
          headers: { 'Content-Type': 'application/json' },
        })
        expect(other.status).toBe(200)
      }),
      { numRuns },
    )
  })

  it('comes back as an answer or as a fault of the function, whatever the function returns', async () => {
    await fc.assert(
      fc.asyncProperty(fc.oneof(fc.jsonValue(), almostResponse), async (result) => {
        const body = JSON.stringify(result)
        const text = await converse(
          serving,
          `POST / HTTP/1.1\r\nHost: h\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
        )
        const answer = readAnswer(text)
        const fault = new Map(answer.headers).get('X-Fnbox-Fault')
        if (fault === undefined)
          expect(answer.status).toBe((result as { statusCode?: number } | null)?.statusCode ?? 200) // an object, since it was taken
        else expect(['malformed_response', 'forbidden_header']).toContain(fault)
      }),
      { numRuns },
    )
  })

  it('has harmed neither the server nor the instance', async () => {
    expect((await request(serving.url).get('/_/healthz')).status).toBe(200)
    expect(serving.pids).toHaveLength(1)
    expect(serving.app.invoker.inFlight).toBe(0)
  })
})

// What a browser makes of it; lone surrogates it cannot send.
function toUrl(text: string): string {
  return encodeURI(text.toWellFormed())
}
