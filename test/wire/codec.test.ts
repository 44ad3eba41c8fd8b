import { describe, expect, it } from 'vitest'
import { Decoder, encode, maxFrameLength } from '../../src/wire/codec.ts'
import { parseFrame, ProtocolError } from '../../src/wire/frames.ts'

const header = { type: 'returned', id: 'ünïcode' }

function decode(bytes: Buffer, pieceLength: number): { header: unknown; body: Buffer }[] {
  const decoder = new Decoder()
  const frames: { header: unknown; body: Buffer }[] = []
  for (let at = 0; at < bytes.length; at += pieceLength) {
    for (const frame of decoder.push(bytes.subarray(at, at + pieceLength))) {
      frames.push({ header: JSON.parse(frame.header), body: Buffer.from(frame.body) })
    }
  }
  return frames
}

function bytesOf(body?: Buffer): Buffer {
  const { head, rest } = encode(header, body)
  return Buffer.concat([head, rest])
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
    const decoder = new Decoder()
    const frames = decoder.push(Buffer.concat([bytesOf(), lengthField(maxFrameLength + 1)]))
    expect(frames.next().value).toMatchObject({ header: JSON.stringify(header) })
    expect(() => frames.next()).toThrow(ProtocolError)
  })

  it.each([
    ['is longer than the limit', lengthField(maxFrameLength + 1)],
    ['has no room for the length of its header', lengthField(3)],
    ['has a header that is longer than itself', Buffer.from([0, 0, 0, 4, 0, 0, 0, 1])],
  ])('refuses a frame that %s', (_, bytes) => {
    expect(() => [...new Decoder().push(bytes)]).toThrow(ProtocolError)
  })

  it('refuses to encode a frame beyond the limit', () => {
    expect(() => encode(header, Buffer.alloc(maxFrameLength))).toThrow(RangeError)
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
