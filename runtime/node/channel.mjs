// The channel to the supervisor: frames over descriptor 3 (../PROTOCOL.md). Owns the socket and the bytes of a frame
// that is still incomplete.

import { Socket } from 'node:net'

/** Version of ../PROTOCOL.md that this bootstrap speaks. */
export const protocolVersion = 2

/** Longest frame, without its length field, in bytes. */
export const maxFrameLength = 64 * 1024 * 1024

/** @typedef {import('../../src/wire/frames.ts').FrameToInstance} FrameToInstance */

/**
 * @typedef {object} ChannelListener
 * @property {(frame: FrameToInstance, body: Buffer) => void} onFrame
 * @property {() => void} onEnd the supervisor is gone
 * @property {(reason: string) => void} onProtocolError nothing can be read any more
 */

/** A peer that does not keep to the protocol. */
export class ProtocolError extends Error {}

/** Sends and receives frames. Never stops reading, so that `cancel` and `credit` always arrive. */
export class Channel {
  /** @readonly */ #socket
  /** @readonly */ #listener
  // The length field, then the frame itself, whichever is being filled.
  #part = Buffer.allocUnsafe(4)
  #filled = 0
  #inLength = true

  /** @param {ChannelListener} listener */
  constructor(listener) {
    this.#listener = listener
    this.#socket = new Socket({ fd: 3, readable: true, writable: true })
    this.#socket.on('data', (bytes) => this.#receive(bytes))
    this.#socket.on('error', () => {}) // 'close' follows
    this.#socket.on('close', () => listener.onEnd())
  }

  /**
   * Sends a frame with one system call.
   * @param {object} header
   * @param {Buffer} [body]
   * @param {Buffer} [rest] what follows it in the body of the frame
   * @throws {RangeError} when the frame is longer than the protocol allows
   */
  send(header, body = noBytes, rest = noBytes) {
    const text = stringify(header)
    const headerLength = Buffer.byteLength(text)
    const bodyLength = body.length + rest.length
    const length = 4 + headerLength + bodyLength
    if (length > maxFrameLength) throw new RangeError(`${length} bytes are more than a frame can hold`)
    const copied = bodyLength <= copiedBody
    const head = Buffer.allocUnsafe(8 + headerLength + (copied ? bodyLength : 0))
    head.writeUInt32BE(length, 0)
    head.writeUInt32BE(headerLength, 4)
    head.write(text, 8)
    if (copied) {
      body.copy(head, 8 + headerLength)
      rest.copy(head, 8 + headerLength + body.length)
      this.#socket.write(head)
      return
    }
    this.#socket.cork()
    this.#socket.write(head)
    this.#socket.write(body)
    if (rest.length > 0) this.#socket.write(rest)
    this.#socket.uncork()
  }

  /** From now on nothing but the function's own work keeps the process alive. */
  unref() {
    this.#socket.unref()
  }

  /** Keeps the process alive again. */
  ref() {
    this.#socket.ref()
  }

  /** @param {Buffer} bytes */
  #receive(bytes) {
    try {
      this.#decode(bytes)
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error
      this.#listener.onProtocolError(error.message)
    }
  }

  // Each byte is copied at most once, however the socket has split the frames.
  /** @param {Buffer} bytes */
  #decode(bytes) {
    let at = 0
    while (at < bytes.length) {
      const taken = bytes.copy(this.#part, this.#filled, at)
      at += taken
      this.#filled += taken
      if (this.#filled < this.#part.length) return
      const part = this.#part
      this.#expect(this.#inLength ? checkedLength(part) : 4, !this.#inLength)
      if (this.#inLength) this.#deliver(part)
    }
  }

  /**
   * @param {number} bytes
   * @param {boolean} inLength
   */
  #expect(bytes, inLength) {
    this.#part = Buffer.allocUnsafe(bytes)
    this.#filled = 0
    this.#inLength = inLength
  }

  /** @param {Buffer} frame */
  #deliver(frame) {
    const headerEnd = 4 + frame.readUInt32BE(0)
    if (headerEnd > frame.length) throw new ProtocolError('a header is longer than its frame')
    this.#listener.onFrame(parseHeader(frame.toString('utf8', 4, headerEnd)), frame.subarray(headerEnd))
  }
}

/** @param {Buffer} part */
function checkedLength(part) {
  const length = part.readUInt32BE(0)
  if (length < 4 || length > maxFrameLength)
    throw new ProtocolError(`a frame of ${length} bytes is not allowed`)
  return length
}

/**
 * @param {string} text
 * @returns {FrameToInstance}
 */
function parseHeader(text) {
  const header = parsed(text)
  const wanted = typeof header === 'object' && header !== null ? membersOf(header) : undefined
  if (wanted === undefined) throw new ProtocolError('a header is not one of the protocol')
  const wrong = Object.entries(wanted).find(([name, type]) => !isOf(type, header[name]))
  if (wrong !== undefined) throw new ProtocolError(`${wrong[0]} of ${header.type} is not of type ${wrong[1]}`)
  return header
}

/** @param {any} header */
function membersOf(header) {
  return header.type === 'invoke' && header.ahead === true ? membersOfAhead : members[header.type]
}

/**
 * @param {string} type
 * @param {unknown} value
 */
function isOf(type, value) {
  return type === 'integer' ? isSafeInteger(value) : typeof value === type
}

/** @param {string} text */
function parsed(text) {
  try {
    return parse(text)
  } catch {
    throw new ProtocolError('a header is not JSON')
  }
}

const invoke = { id: 'string', mode: 'string', responseLimit: 'integer' }

/** What a header must have, by its type. @type {Readonly<Record<string, Readonly<Record<string, string>>>>} */
const members = Object.assign(Object.create(null), {
  load: {
    version: 'integer',
    root: 'string',
    module: 'string',
    name: 'string',
    function: 'object',
    concurrency: 'integer',
  },
  invoke: { ...invoke, deadlineMs: 'integer' },
  cancel: { id: 'string', reason: 'string' },
  credit: { id: 'string', bytes: 'integer' },
  recall: {},
})
const membersOfAhead = { ...invoke, timeoutMs: 'integer' }

// The function may replace these later.
const { parse, stringify } = JSON
const { isSafeInteger } = Number

// Up to here it is cheaper to copy the body than to hand two buffers to the kernel.
const copiedBody = 16 * 1024

const noBytes = Buffer.alloc(0)
