import { describe, expect, it } from 'vitest'
import { parseFrame, ProtocolError } from '../../src/wire/frames.ts'

const hello = { type: 'hello', version: 2, language: 'node', languageVersion: '24' }
const error = { errorMessage: 'm', errorType: 't' }

describe('a frame from an instance', () => {
  it.each([
    [hello],
    [{ type: 'loaded' }],
    [{ type: 'load-failed', error }],
    [{ type: 'slots', count: 3 }],
    [{ type: 'recalled' }],
    [{ type: 'cancelling', id: 'a' }],
    [{ type: 'progress', id: 'a' }],
    [{ type: 'returned', id: 'a', undefined: false }],
    [{ type: 'returned', id: 'a', undefined: true, text: 0, error: 'no', refresh: true }],
    [{ type: 'oversized', id: 'a', size: Number.MAX_SAFE_INTEGER }],
    [{ type: 'threw', id: 'a', error: { ...error, stackTrace: ['at'] } }],
    [{ type: 'chunk', id: 'a', kind: 'text' }],
    [{ type: 'chunk', id: 'a', kind: 'bytes' }],
    [{ type: 'chunk', id: 'a', kind: 'json' }],
    [{ type: 'ended', id: 'a', aggregate: false }],
    [{ type: 'ended', id: 'a', aggregate: true, error: '', refresh: true }],
  ])('is understood: %j', (header) => {
    expect(parseFrame(JSON.stringify(header))).toStrictEqual(header)
  })

  it.each([
    [{ type: 'loaded', more: 1 }, { type: 'loaded' }],
    [
      { type: 'returned', id: 'a', undefined: 1, refresh: 'true' },
      { type: 'returned', id: 'a', undefined: false },
    ],
    [
      { type: 'ended', id: 'a', aggregate: 1 },
      { type: 'ended', id: 'a', aggregate: false },
    ],
    [
      { type: 'threw', id: 'a', error: { ...error, stackTrace: 'at', more: 1 } },
      { type: 'threw', id: 'a', error },
    ],
  ])('loses members without a meaning: %j', (header, read) => {
    expect(parseFrame(JSON.stringify(header))).toStrictEqual(read)
  })

  it.each([
    ['{', 'a frame header is not JSON'],
    ['[]', 'a frame header is not an object'],
    ['null', 'a frame header is not an object'],
    ['{"type":"constructor"}', 'unknown frame type "constructor"'],
    ['{"type":"ended"}', 'id is not a string'],
    ['{"type":"progress","id":1}', 'id is not a string'],
    ['{"type":"ended","id":"a","error":{}}', 'error is not a string'],
    ['{"type":"threw","id":"a","error":"boom"}', 'error is not an object'],
    ['{"type":"threw","id":"a","error":{"errorType":"t"}}', 'errorMessage is not a string'],
    ['{"type":"load-failed","error":{"errorMessage":"m"}}', 'errorType is not a string'],
    ['{"type":"chunk","id":"a","kind":"xml"}', 'unknown chunk kind "xml"'],
    ['{"type":"hello","version":"1","languageVersion":"2"}', 'version is not an integer'],
    ['{"type":"hello","version":2.5,"languageVersion":"2"}', 'version is not an integer'],
    ['{"type":"hello","version":2,"languageVersion":"2"}', 'language is not a string'],
    ['{"type":"hello","version":2,"language":"x"}', 'languageVersion is not a string'],
    [`{"type":"oversized","id":"a","size":${2 ** 53}}`, 'size is not an integer'],
    [`{"type":"returned","id":"a","text":${-(2 ** 53)}}`, 'text is not an integer'],
    ['{"type":"slots"}', 'count is not an integer'],
  ])('breaks the protocol: %s', (text, message) => {
    expect(() => parseFrame(text)).toThrow(new ProtocolError(message))
  })

  it('that is not JSON keeps the cause', () => {
    expect(() => parseFrame('{')).toThrow(
      expect.objectContaining({ name: 'ProtocolError', cause: expect.any(SyntaxError) as unknown }),
    )
  })
})
