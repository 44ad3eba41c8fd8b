// One end of the wire: frames over the socket to an instance. Owns the decoder of that socket, and the frames that are
// collected while others are read.

import type { Duplex } from 'node:stream'
import { Decoder, encode, longestCopied } from './codec.ts'
import { parseFrame, type FrameFromInstance, type FrameToInstance } from './frames.ts'

/** How a channel ended. */
export type ChannelEnd =
  | { readonly type: 'closed' }
  /** the other side has gone without reading all that was sent: the last frame has not reached it as a whole */
  | { readonly type: 'unread' }
  /** what came was not the protocol */
  | { readonly type: 'broken'; readonly reason: unknown }

/** Receives the frames and the end of a channel. */
export interface ChannelListener {
  onFrame: (frame: FrameFromInstance, body: Buffer) => void
  /** nothing will come any more; comes once */
  onEnd: (end: ChannelEnd) => void
}

/** Sends and receives frames (runtime/PROTOCOL.md). Never stops reading, so that control frames always arrive. */
export class Channel {
  readonly #socket: Duplex
  readonly #listener: ChannelListener
  readonly #decoder = new Decoder((header, body) => {
    if (!this.#ended) this.#listener.onFrame(parseFrame(header), body)
  })
  #ended = false
  #lastSent: FrameToInstance | undefined
  // What is sent in answer to frames that came together leaves together: one system call, and one wake-up.
  #collecting = false
  #collected: Buffer[] = []
  #chunk: Buffer = Buffer.alloc(0)

  constructor(socket: Duplex, listener: ChannelListener) {
    this.#socket = socket
    this.#listener = listener
    socket.on('data', (bytes: Buffer) => this.#receive(bytes))
    // The kernel resets a local socket that is closed with bytes unread, as those of a killed process are.
    socket.on('error', ({ code }: NodeJS.ErrnoException) =>
      this.#end({ type: code === 'ECONNRESET' || code === 'EPIPE' ? 'unread' : 'closed' }),
    )
    socket.on('close', () => this.#end({ type: 'closed' }))
    socket.on('end', () => this.#end({ type: 'closed' }))
  }

  /**
   * Sends a frame.
   * @param text what follows `body` in the frame
   * @returns false: the channel has ended, and the frame goes nowhere
   * @throws RangeError when the frame is longer than the protocol allows
   */
  send(frame: FrameToInstance, body: Buffer | string = '', text?: Buffer): boolean {
    if (this.#ended) return false
    const bytes = encode(JSON.stringify(frame), body, text)
    this.#lastSent = frame
    const bodyLength = Buffer.byteLength(body) + (text?.length ?? 0)
    if (bodyLength > longestCopied) this.#sendLong(bytes, body, text)
    else if (this.#collecting) this.#collected.push(bytes)
    else this.#socket.write(bytes)
    return true
  }

  /** Sends what `action` sends with one system call. */
  together(action: () => void): void {
    if (this.#collecting) return action()
    this.#collecting = true
    try {
      action()
    } finally {
      this.#collecting = false
      this.#flush()
    }
  }

  /** The last frame that was sent: the one that has not arrived when the channel ends `unread`. */
  get lastSent(): FrameToInstance | undefined {
    return this.#lastSent
  }

  /** Whether nothing can be sent any more. */
  get ended(): boolean {
    return this.#ended
  }

  /** Closes this end. May be called twice. */
  close(): void {
    this.#ended = true
    this.#socket.destroy()
  }

  // One system call for all parts.
  #sendLong(head: Buffer, body: Buffer | string, text: Buffer | undefined): void {
    this.#flush()
    this.#socket.cork()
    this.#socket.write(head)
    if (body.length > 0) this.#socket.write(body)
    if (text !== undefined && text.length > 0) this.#socket.write(text)
    this.#socket.uncork()
  }

  #receive(bytes: Buffer): void {
    if (this.#ended) return
    this.#chunk = bytes
    this.together(this.#decode)
  }

  readonly #decode = (): void => {
    try {
      this.#decoder.push(this.#chunk)
    } catch (reason) {
      this.#end({ type: 'broken', reason })
    }
  }

  #flush(): void {
    const frames = this.#collected
    if (frames.length === 0) return
    this.#collected = []
    if (this.#ended) return
    this.#socket.write(frames.length === 1 ? frames[0] : Buffer.concat(frames))
  }

  #end(end: ChannelEnd): void {
    if (this.#ended) return
    this.#ended = true
    this.#listener.onEnd(end) // who breaks the protocol is killed before it can see that the channel is closed
    this.close()
  }
}
