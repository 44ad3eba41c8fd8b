// The channel to the supervisor: frames over descriptor 3 (../PROTOCOL.md). Owns the socket and the bytes of an incomplete frame.

import { Socket } from 'node:net'
import { report } from './log.mjs'

// Version of ../PROTOCOL.md.
const protocolVersion = 2

// Longest frame, without its length field, in bytes.
const maxFrameLength = 64 * 1024 * 1024

/** @typedef {import('../../src/wire/frames.ts').FrameToInstance} FrameToInstance */

/**
 * @typedef {object} ChannelListener
 * @property {(frame: FrameToInstance, body: Buffer) => void} onFrame `body` is to be read or copied at once
 * @property {() => void} onEnd the supervisor is gone
 */

/** The supervisor does not keep to the protocol. */
export class ProtocolError extends Error {}

/**
 * Opens the channel and greets the supervisor. Ends the process when there is no channel.
 * @param {string} language
 * @param {string} languageVersion
 * @param {ChannelListener} listener
 */
export function openChannel(language, languageVersion, listener) {
  try {
    const channel = new Channel(listener)
    channel.send({ type: 'hello', version: protocolVersion, language, languageVersion })
    return channel
  } catch {
    return endWith('descriptor 3 is not a channel; fnbox starts this program itself')
  }
}

/** Sends and receives frames. Never stops reading, so that `cancel` and `credit` always arrive. */
export class Channel {
  /** @readonly */ #socket
  /** @readonly */ #listener
  #ended = false
  // The length field, then the frame itself, whichever is being filled.
  #part = Buffer.allocUnsafe(4)
  #filled = 0
  #inLength = true

  /** @param {ChannelListener} listener */
  constructor(listener) {
    this.#listener = listener
    // One buffer for all that is read: frames are handed over while it is theirs.
    const buffer = Buffer.allocUnsafeSlow(readBytes)
    const onread = {
      buffer,
      /** @param {number} length */
      callback: (length) => {
        this.#receive(buffer, length)
        return true
      },
    }
    this.#socket = new Socket({ fd: 3, readable: true, writable: true, onread })
    this.#socket.resume()
    this.#socket.on('error', () => {}) // 'close' follows
    this.#socket.on('close', () => this.#end())
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
      this.#write(head)
      return
    }
    this.#socket.cork()
    this.#socket.write(head)
    this.#socket.write(body)
    if (rest.length > 0) this.#socket.write(rest)
    this.#socket.uncork()
  }

  // Straight to the kernel while it takes everything, which is less work than a stream.
  /** @param {Buffer} bytes */
  #write(bytes) {
    if (this.#socket.writableLength > 0) return void this.#socket.write(bytes)
    let written = 0
    try {
      written = writeNow(3, bytes)
    } catch (error) {
      const { code } = /** @type {NodeJS.ErrnoException} */ (error)
      if (code !== 'EAGAIN') return this.#end() // at once: no other call may start when the end of one was not sent
    }
    if (written < bytes.length) this.#socket.write(written === 0 ? bytes : bytes.subarray(written))
  }

  /** From now on nothing but the function's own work keeps the process alive. */
  unref() {
    this.#socket.unref()
  }

  /** Keeps the process alive again. */
  ref() {
    this.#socket.ref()
  }

  #end() {
    if (this.#ended) return
    this.#ended = true
    this.#listener.onEnd()
  }

  /** @param {Buffer} bytes @param {number} length how many of them were read */
  #receive(bytes, length) {
    try {
      this.#decode(bytes, length)
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error
      endWith(error.message)
    }
  }

  // A frame that is whole lies in the buffer of the socket, else in one of its own.
  /** @param {Buffer} bytes @param {number} length */
  #decode(bytes, length) {
    let at = 0
    while (at < length) {
      if (this.#inLength && this.#filled === 0 && length - at >= 4) {
        const end = at + 4 + checkedLength(bytes, at)
        if (end <= length) {
          this.#deliver(bytes, at + 4, end)
          at = end
          continue
        }
      }
      const taken = bytes.copy(this.#part, this.#filled, at, length)
      at += taken
      this.#filled += taken
      if (this.#filled < this.#part.length) return
      const part = this.#part
      this.#expect(this.#inLength ? checkedLength(part, 0) : 4, !this.#inLength)
      if (this.#inLength) this.#deliver(part, 0, part.length)
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

  /** @param {Buffer} bytes with a frame @param {number} start @param {number} end */
  #deliver(bytes, start, end) {
    const headerEnd = start + 4 + bytes.readUInt32BE(start)
    if (headerEnd > end) throw new ProtocolError('a header is longer than its frame')
    const header = parseHeader(bytes.toString('utf8', start + 4, headerEnd))
    this.#listener.onFrame(header, bytes.subarray(headerEnd, end))
  }
}

/**
 * @param {Buffer} bytes
 * @param {number} at
 */
function checkedLength(bytes, at) {
  const length = bytes.readUInt32BE(at)
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
  for (const [name, type] of wanted)
    if (!isOf(type, header[name])) throw new ProtocolError(`${name} of ${header.type} is not of type ${type}`)
  if (header.type === 'load' && header.version !== protocolVersion)
    throw new ProtocolError(
      `version ${header.version} is not ${protocolVersion}, the one that is spoken here`,
    )
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

/** @type {readonly (readonly [name: string, type: string])[]} */
const invoke = [
  ['id', 'string'],
  ['mode', 'string'],
  ['responseLimit', 'integer'],
]

/** What a header must have, by its type. @type {Readonly<Record<string, readonly (readonly [name: string, type: string])[]>>} */
const members = Object.assign(Object.create(null), {
  load: [
    ['version', 'integer'],
    ['root', 'string'],
    ['module', 'string'],
    ['name', 'string'],
    ['function', 'object'],
    ['concurrency', 'integer'],
  ],
  invoke: [...invoke, ['deadlineMs', 'integer']],
  cancel: [
    ['id', 'string'],
    ['reason', 'string'],
  ],
  credit: [
    ['id', 'string'],
    ['bytes', 'integer'],
  ],
  recall: [],
})
/** @type {readonly (readonly [name: string, type: string])[]} */
const membersOfAhead = [...invoke, ['timeoutMs', 'integer']]

/** @param {string} reason @returns {never} */
function endWith(reason) {
  report(`fnbox: ${reason}`)
  return exit(70)
}

// The function may replace these later.
const exit = process.exit.bind(process)
const { parse, stringify } = JSON
const { isSafeInteger } = Number
const { writeSync: writeNow } = process.getBuiltinModule('node:fs') // an import would load all streams of files

// Up to here it is cheaper to copy the body than to hand two buffers to the kernel.
const copiedBody = 16 * 1024

const noBytes = Buffer.alloc(0)

const readBytes = 64 * 1024
