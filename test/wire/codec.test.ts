import { describe, expect, it } from 'vitest'
import { Decoder, encode, longestCopied, maxFrameLength } from '../../src/wire/codec.ts'
import { ProtocolError } from '../../src/wire/frames.ts'
import { frameOf, frameReader } from '../harness/frames.ts'

const header = { type: 'returned', id: 'ünïcode' }

function decode(
  bytes: Buffer,
  pieceLength: number,
  parse: (text: string) => unknown = JSON.parse,
): { header: unknown; body: Buffer }[] {
  const frames: { header: unknown; body: Buffer }[] = []
  const read = frameReader((frame) => frames.push({ header: parse(frame.header), body: frame.body }))
  for (let at = 0; at < bytes.length; at += pieceLength) read(bytes.subarray(at, at + pieceLength))
  return frames
}

function bytesOf(body?: Buffer): Buffer {
  return frameOf(header, body)
}

// Without the body when that is too long to be copied.
function lengthOf(body: Buffer | string, text?: Buffer): number {
  return encode('{}', body, text).length
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
    ['longer than the limit', lengthField(maxFrameLength + 1), 'a frame of 67108865 bytes is not allowed'],
    ['without room for the length of its header', lengthField(3), 'a frame of 3 bytes is not allowed'],
    ['shorter than its header', Buffer.from([0, 0, 0, 4, 0, 0, 0, 1]), 'a header is longer than its frame'],
  ])('refuses a frame that is %s, however it is split', (_, bytes, message) => {
    for (const split of [8, 4, 3]) {
      const read = frameReader(() => {})
      const receive = (): void => [bytes.subarray(0, split), bytes.subarray(split)].forEach(read)
      expect(receive).toThrow(new ProtocolError(message))
    }
  })

  it('takes a frame of the longest length, and one without header or body', () => {
    const decoder = new Decoder(() => {})
    decoder.push(lengthField(maxFrameLength))
    expect(decode(Buffer.from([0, 0, 0, 4, 0, 0, 0, 0]), 8, (text) => text)).toEqual([
      { header: '', body: Buffer.alloc(0) },
    ])
  })

  it('hands over a view on what it was given when a frame lies in it as a whole', () => {
    const bytes = Buffer.concat([frameOf(header, Buffer.from('body')), frameOf(header, Buffer.from('next'))])
    const bodies: Buffer[] = []
    new Decoder((_header, body) => bodies.push(body)).push(bytes)
    expect(bodies.map((each) => each.buffer === bytes.buffer)).toEqual([true, true])
  })

  it('copies a body behind its header up to 16 KiB', () => {
    const most = Buffer.alloc(longestCopied, 'x')
    expect([most, most.toString()].map((body) => lengthOf(body))).toEqual([10 + 16_384, 10 + 16_384])
    expect([lengthOf(most, Buffer.from('y')), lengthOf(Buffer.alloc(longestCopied + 1))]).toEqual([10, 10])
    expect(encode('{"ü":1}', 'bödy', Buffer.from('text')).toString('utf8', 8)).toBe('{"ü":1}bödytext')
    expect(encode('{"ü":1}', Buffer.from('bödy'), Buffer.from('text')).toString('utf8', 8)).toBe(
      '{"ü":1}bödytext',
    )
  })

  it('encodes a frame up to the limit, its header and text included', () => {
    const body = Buffer.alloc(maxFrameLength - 4 - 2 - 1)
    expect(encode('{}', body, Buffer.alloc(1)).readUInt32BE(0)).toBe(maxFrameLength)
    expect(() => encode('{}', body, Buffer.alloc(2))).toThrow(
      new RangeError('a frame of 67108865 bytes is longer than 67108864'),
    )
  })
})
