// Frames to bytes and back (runtime/PROTOCOL.md, "Frames"). Owns the bytes of one frame that is still incomplete.

import { ProtocolError } from './frames.ts'

/** Longest frame, without its length field, in bytes. */
export const maxFrameLength = 64 * 1024 * 1024

/** A small body is copied behind its header: cheaper than a second buffer for the kernel. */
export const longestCopied = 16 * 1024

/**
 * Makes the bytes of a frame but for a body that is too long to be copied, which is to be sent behind them.
 * @param header its JSON text
 * @throws RangeError when the frame would be longer than `maxFrameLength`
 */
export function encode(header: string, body: Buffer | string = noBytes, text: Buffer = noBytes): Buffer {
  const headerLength = Buffer.byteLength(header)
  const bodyLength = Buffer.byteLength(body) + text.length
  const length = 4 + headerLength + bodyLength
  if (length > maxFrameLength)
    throw new RangeError(`a frame of ${length} bytes is longer than ${maxFrameLength}`)
  const copied = bodyLength <= longestCopied
  const bytes = Buffer.allocUnsafe(8 + headerLength + (copied ? bodyLength : 0))
  bytes.writeUInt32BE(length, 0)
  bytes.writeUInt32BE(headerLength, 4)
  if (copied && typeof body === 'string') bytes.write(header + body, 8)
  else bytes.write(header, 8)
  if (copied && typeof body !== 'string') bytes.set(body, 8 + headerLength)
  if (copied && text.length > 0) bytes.set(text, bytes.length - text.length)
  return bytes
}

/** Puts frames together again, however the socket has split or joined them. */
export class Decoder {
  readonly #onFrame: (header: string, body: Buffer) => void
  // What has come of a frame that is incomplete: its length field, then the frame itself.
  #part: Buffer = noBytes
  #filled = 0
  readonly #length = Buffer.allocUnsafe(4)
  #lengthFilled = 0

  constructor(onFrame: (header: string, body: Buffer) => void) {
    this.#onFrame = onFrame
  }

  /**
   * Takes the next bytes of the stream and hands over each frame that they complete.
   * A frame that lies wholly in `bytes` is a view on them, not a copy.
   * @throws ProtocolError when the stream cannot be frames; the decoder is of no use afterwards
   */
  push(bytes: Buffer): void {
    let at = this.#complete(bytes)
    while (bytes.length - at >= 4) {
      const end = at + 4 + checkedLength(bytes.readUInt32BE(at))
      if (end > bytes.length) break
      this.#open(bytes, at + 4, end)
      at = end
    }
    if (at < bytes.length) this.#keep(bytes, at)
  }

  // Fills what was begun; returns where the next frame begins.
  #complete(bytes: Buffer): number {
    let at = 0
    if (this.#lengthFilled > 0 && this.#lengthFilled < 4) {
      at = bytes.copy(this.#length, this.#lengthFilled)
      this.#lengthFilled += at
      if (this.#lengthFilled < 4) return at
      this.#part = Buffer.allocUnsafe(checkedLength(this.#length.readUInt32BE(0)))
      this.#filled = 0
    }
    if (this.#lengthFilled === 0) return at
    const copied = bytes.copy(this.#part, this.#filled, at)
    this.#filled += copied
    if (this.#filled < this.#part.length) return bytes.length
    const frame = this.#part
    this.#part = noBytes
    this.#lengthFilled = 0
    this.#open(frame, 0, frame.length)
    return at + copied
  }

  #keep(bytes: Buffer, from: number): void {
    this.#lengthFilled = bytes.copy(this.#length, 0, from)
    if (this.#lengthFilled < 4) return
    this.#part = Buffer.allocUnsafe(checkedLength(this.#length.readUInt32BE(0)))
    this.#filled = bytes.copy(this.#part, 0, from + 4)
  }

  #open(bytes: Buffer, from: number, to: number): void {
    const headerEnd = from + 4 + bytes.readUInt32BE(from)
    if (headerEnd > to) throw new ProtocolError('a header is longer than its frame')
    this.#onFrame(bytes.toString('utf8', from + 4, headerEnd), bytes.subarray(headerEnd, to))
  }
}

function checkedLength(length: number): number {
  if (length < 4 || length > maxFrameLength)
    throw new ProtocolError(`a frame of ${length} bytes is not allowed`)
  return length
}

const noBytes = Buffer.alloc(0)
