// What an instance is told of a call, and what its last frame means.

import { describe, expect, it, vi } from 'vitest'
import type { Fault } from '../../src/errors.ts'
import { Awaited, Call, type JobTerms } from '../../src/invocation.ts'
import { toInvoke, toInvokeAhead, toOutcome, type LastFrame } from '../../src/invoker/callFrames.ts'
import { ProtocolError } from '../../src/wire/frames.ts'

const token = { access_token: 't', expires_in: 1, token_type: 'Bearer' }
const limits = { timeoutMs: 100, responseLimit: 10, tokens: { current: () => token } }
const job: JobTerms = {
  id: 'job',
  timeoutMs: 500,
  endsAtDeadline: true,
  resultLimit: 50,
  waitingSince: 0,
  mayGrow: true,
  waitsForLoad: true,
}

function newCall(terms: { job?: JobTerms; text?: Buffer } = {}): Call {
  return new Call({ id: 'a', mode: 'raw', payload: '', ...terms }, new Awaited())
}

describe('the frame of a call', () => {
  it.each([
    [newCall(), 1100, 10, undefined],
    [newCall({ job }), 1500, 50, undefined],
    [newCall({ text: Buffer.from('four') }), 1100, 10, 4],
  ])('has the limits of the function, or of the job', (call, deadlineMs, responseLimit, text) => {
    vi.spyOn(Date, 'now').mockReturnValueOnce(1000)
    expect(toInvoke(call, limits)).toEqual({
      type: 'invoke',
      id: 'a',
      mode: 'raw',
      deadlineMs,
      responseLimit,
      token,
      text,
    })
  })

  it('that is sent ahead has a timeout in place of a deadline', () => {
    const frame = { type: 'invoke', id: 'a', mode: 'raw', ahead: true, timeoutMs: 100, responseLimit: 10 }
    expect(toInvokeAhead(newCall(), limits)).toEqual({ ...frame, token })
    const call = newCall({ text: Buffer.from('four') })
    expect(toInvokeAhead(call, { ...limits, tokens: undefined })).toEqual({ ...frame, text: 4 })
  })
})

describe('the outcome of a call', () => {
  const returned = { type: 'returned', id: 'a', undefined: false } as const
  const body = Buffer.from('"v"text')
  const json = Buffer.from('"v"')
  const text = Buffer.from('text')

  it.each<[LastFrame, object]>([
    [returned, { type: 'returned', json: body }],
    [
      { ...returned, undefined: true },
      { type: 'returned', json: undefined },
    ],
    [
      { ...returned, text: 4 },
      { type: 'returned', json, text },
    ],
    [
      { ...returned, text: 7 },
      { type: 'returned', json: Buffer.alloc(0), text: body },
    ],
    [
      { ...returned, text: 0 },
      { type: 'returned', json: body, text: Buffer.alloc(0) },
    ],
    [
      { ...returned, undefined: true, text: 4 },
      { type: 'returned', json: undefined },
    ],
    [
      { ...returned, error: 'no' },
      { type: 'returned', json: body, error: 'no' },
    ],
    [
      { ...returned, refresh: true },
      { type: 'returned', json: body, refresh: true },
    ],
    [
      { type: 'ended', id: 'a', aggregate: true },
      { type: 'streamed', aggregate: true },
    ],
    [
      { type: 'ended', id: 'a', aggregate: false, error: 'no', refresh: true },
      { type: 'streamed', aggregate: false, error: 'no', refresh: true },
    ],
    [
      { type: 'threw', id: 'a', error: { errorMessage: 'm', errorType: 't' } },
      { type: 'threw', error: { errorMessage: 'm', errorType: 't' } },
    ],
  ])('is told by its last frame: %j', (frame, outcome) => {
    expect(toOutcome(frame, body, newCall(), 10)).toStrictEqual(outcome)
  })

  it.each([-1, 8])('is refused when its text is of %d bytes in a frame of 7', (length) => {
    expect(() => toOutcome({ ...returned, text: length }, body, newCall(), 10)).toThrow(
      new ProtocolError('a text is longer than its frame'),
    )
  })

  it.each([
    [newCall(), 'response entity is larger than limits (10)'],
    [newCall({ job }), 'a result of 60 bytes is larger than the limit of 50 bytes'],
  ])('names the limit that its value has passed', (call, message) => {
    const outcome = toOutcome({ type: 'oversized', id: 'a', size: 60 }, body, call, 10)
    const fault = expect.objectContaining<Partial<Fault>>({ code: 'response_too_large', message }) as unknown
    expect(outcome).toEqual({ type: 'failed', fault })
  })
})
