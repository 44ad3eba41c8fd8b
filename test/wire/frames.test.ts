import { describe, expect, it } from 'vitest'
import { parseFrame, ProtocolError } from '../../src/wire/frames.ts'

const hello = { type: 'hello', language: 'node', languageVersion: '24' }

describe('a number of a frame', () => {
  it.each([
    [{ ...hello, version: 2 }],
    [{ type: 'oversized', id: 'a', size: Number.MAX_SAFE_INTEGER }],
    [{ type: 'returned', id: 'a', undefined: false, text: 0 }],
    [{ type: 'slots', count: 3 }],
  ])('is as it came: %j', (header) => {
    expect(parseFrame(JSON.stringify(header))).toEqual(header)
  })

  it.each([
    [{ ...hello, version: 2.5 }],
    [{ type: 'oversized', id: 'a', size: 2 ** 53 }],
    [{ type: 'oversized', id: 'a', size: '1' }],
    [{ type: 'returned', id: 'a', text: -(2 ** 53) }],
    [{ type: 'slots' }],
  ])('that is not a safe integer breaks the protocol: %j', (header) => {
    expect(() => parseFrame(JSON.stringify(header))).toThrow(ProtocolError)
  })
})
