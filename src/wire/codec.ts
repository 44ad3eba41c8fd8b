// Frames to bytes and back (runtime/PROTOCOL.md, "Frames"). Owns the bytes of one frame that is still incomplete.

import { ProtocolError } from './frames.ts'

/** Longest frame, without its length field, in bytes. */
export const maxFrameLength = 64 * 1024 * 1024

/** One frame as it stands on the wire: a header text and an opaque body. */
export interface RawFrame {
  readonly header: string
  readonly body: Buffer
}

/**
 * Makes the bytes of a frame: `head`, then `rest`, which is the body itself and not a copy. A small body is in `head`.
 * @throws RangeError when the frame would be longer than `maxFrameLength`
 */
export function encode(
  header: object,
  body: Buffer = noBytes,
): { readonly head: Buffer; readonly rest: Buffer } {
  const text = JSON.stringify(header)
  const headerLength = Buffer.byteLength(text)
  const length = 4 + headerLength + body.length
  if (length > maxFrameLength)
    throw new RangeError(`a frame of ${length} bytes is longer than ${maxFrameLength}`)
  const isJoined = body.length <= mostJoined
  const head = Buffer.allocUnsafe(isJoined ? 4 + length : 8 + headerLength)
  head.writeUInt32BE(length, 0)
  head.writeUInt32BE(headerLength, 4)
  head.write(text, 8)
  if (!isJoined) return { head, rest: body }
  head.set(body, 8 + headerLength)
  return { head, rest: noBytes }
}

/** Puts frames together again, however the socket has split or joined them. */
export class Decoder {
  // The length field, then the frame itself, whichever is being filled.
  #part = Buffer.allocUnsafe(4)
  #filled = 0
  #inLength = true;

  /**
   * Takes the next bytes of the stream and yields each frame that they complete.
   * A frame that lies wholly in `bytes` is a view on them, not a copy.
   * @throws ProtocolError when the stream cannot be frames; the decoder is of no use afterwards
   */
  *push(bytes: Buffer): Generator<RawFrame> {
    let at = 0
    while (at < bytes.length) {
      const missing = this.#part.length - this.#filled
      if (!this.#inLength && this.#filled === 0 && bytes.length - at >= missing) {
        yield open(bytes.subarray(at, at + missing))
        at += missing
        this.#expectLength()
        continue
      }
      const taken = bytes.copy(this.#part, this.#filled, at, at + missing)
      at += taken
      this.#filled += taken
      if (this.#filled < this.#part.length) return
      if (this.#inLength) this.#expectFrame(this.#part.readUInt32BE(0))
      else {
        yield open(this.#part)
        this.#expectLength()
      }
    }
  }

  #expectLength(): void {
    this.#part = Buffer.allocUnsafe(4)
    this.#filled = 0
    this.#inLength = true
  }

  #expectFrame(length: number): void {
    if (length < 4 || length > maxFrameLength)
      throw new ProtocolError(`a frame of ${length} bytes is not allowed`)
    this.#part = Buffer.allocUnsafe(length)
    this.#filled = 0
    this.#inLength = false
  }
}

function open(frame: Buffer): RawFrame {
  const headerEnd = 4 + frame.readUInt32BE(0)
  if (headerEnd > frame.length) throw new ProtocolError('a header is longer than its frame')
  return { header: frame.toString('utf8', 4, headerEnd), body: frame.subarray(headerEnd) }
}

const noBytes = Buffer.alloc(0)

// Beyond so many bytes to copy them costs more than a second part of a write.
const mostJoined = 16 * 1024
