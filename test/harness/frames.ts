// Frames as a test sends and reads them, whole.

import { Decoder, encode, longestCopied } from '../../src/wire/codec.ts'

/** The bytes of a frame, its body included. */
export function frameOf(header: object, body: Buffer = Buffer.alloc(0)): Buffer {
  const bytes = encode(JSON.stringify(header), body)
  return body.length > longestCopied ? Buffer.concat([bytes, body]) : bytes
}

/** A frame as it was read; `body` is a copy. */
export interface ReadFrame {
  readonly header: string
  readonly body: Buffer
}

/** Reads frames as they come. */
export function frameReader(onFrame: (frame: ReadFrame) => void): (bytes: Buffer) => void {
  const decoder = new Decoder((header, body) => onFrame({ header, body: Buffer.from(body) }))
  return (bytes) => decoder.push(bytes)
}
