import { describe, expect, it } from 'vitest'
import { encode, maxFrameLength } from '../../src/wire/codec.ts'
import { parseFrame, ProtocolError } from '../../src/wire/frames.ts'
import { frameOf, frameReader } from '../harness/frames.ts'

const header = { type: 'returned', id: 'ünïcode' }

function decode(bytes: Buffer, pieceLength: number): { header: unknown; body: Buffer }[] {
  const frames: { header: unknown; body: Buffer }[] = []
  const read = frameReader((frame) => frames.push({ header: JSON.parse(frame.header), body: frame.body }))
  for (let at = 0; at < bytes.length; at += pieceLength) read(bytes.subarray(at, at + pieceLength))
  return frames
}

function bytesOf(body?: Buffer): Buffer {
  return frameOf(header, body)
}

function lengthField(length: number): Buffer {
  const bytes = Buffer.alloc(8)
  bytes.writeUInt32BE(length, 0)
  return bytes
}

describe('the codec', () => {
  it('gives back what was encoded, at every split point', () => {
    const bytes = Buffer.concat([bytesOf(Buffer.from('body')), bytesOf(), bytesOf(Buffer.from([0, 255]))])
    const bodies = [Buffer.from('body'), Buffer.alloc(0), Buffer.from([0, 255])]
    for (let piece = 1; piece <= bytes.length; piece++) {
      expect(decode(bytes, piece)).toEqual(bodies.map((body) => ({ header, body })))
    }
  })

  it('takes 3.5 MB in one-byte chunks', () => {
    const body = Buffer.alloc(3_670_016, 'abcdefg')
    const [frame] = decode(bytesOf(body), 1)
    expect(frame?.body.equals(body)).toBe(true)
  })

  it('yields the frames that came before a broken one', () => {
    const frames: unknown[] = []
    const read = frameReader((frame) => frames.push(frame.header))
    expect(() => read(Buffer.concat([bytesOf(), lengthField(maxFrameLength + 1)]))).toThrow(ProtocolError)
    expect(frames).toEqual([JSON.stringify(header)])
  })

  it.each([
    ['is longer than the limit', lengthField(maxFrameLength + 1)],
    ['has no room for the length of its header', lengthField(3)],
    ['has a header that is longer than itself', Buffer.from([0, 0, 0, 4, 0, 0, 0, 1])],
  ])('refuses a frame that %s', (_, bytes) => {
    expect(() => frameReader(() => {})(bytes)).toThrow(ProtocolError)
  })

  it('refuses to encode a frame beyond the limit', () => {
    expect(() => encode('{}', Buffer.alloc(maxFrameLength))).toThrow(RangeError)
  })
})

describe('a frame from an instance', () => {
  it.each([
    ['{"type":"hello","version":1,"language":"x","languageVersion":"2"}'],
    ['{"type":"threw","id":"1","error":{"errorMessage":"m","errorType":"t","stackTrace":[]}}'],
    ['{"type":"chunk","id":"1","kind":"json"}'],
  ])('is understood: %s', (text) => {
    expect(parseFrame(text)).toEqual(JSON.parse(text))
  })

  it.each([
    ['not JSON', '{'],
    ['not an object', '[]'],
    ['of no known type', '{"type":"constructor"}'],
    ['without its id', '{"type":"ended"}'],
    [
      'with a version that is no number',
      '{"type":"hello","version":"1","language":"x","languageVersion":"2"}',
    ],
    ['with an error that is no error', '{"type":"threw","id":"1","error":"boom"}'],
    ['with an unknown kind of chunk', '{"type":"chunk","id":"1","kind":"xml"}'],
  ])('is refused when it is %s', (_, text) => {
    expect(() => parseFrame(text)).toThrow(ProtocolError)
  })
})
