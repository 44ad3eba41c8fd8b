// One end of the wire: frames over the socket to an instance. Owns the decoder of that socket.

import type { Duplex } from 'node:stream'
import { Decoder, encode } from './codec.ts'
import { parseFrame, type FrameFromInstance, type FrameToInstance } from './frames.ts'

/** How a channel ended. */
export type ChannelEnd =
  | { readonly type: 'closed' }
  /** the other side has gone without reading all that was sent: the last frame has not reached it as a whole */
  | { readonly type: 'unread' }
  /** what came was not the protocol */
  | { readonly type: 'broken'; readonly reason: unknown }

/** Who is told what comes over a channel. */
export interface ChannelListener {
  onFrame: (frame: FrameFromInstance, body: Buffer) => void
  /** nothing will come any more; comes once */
  onEnd: (end: ChannelEnd) => void
}

/** Sends and receives frames (runtime/PROTOCOL.md). Never stops reading, so that control frames always arrive. */
export class Channel {
  readonly #socket: Duplex
  readonly #decoder = new Decoder()
  readonly #listener: ChannelListener
  #ended = false

  constructor(socket: Duplex, listener: ChannelListener) {
    this.#socket = socket
    this.#listener = listener
    socket.on('data', (bytes: Buffer) => this.#receive(bytes))
    // The kernel resets a local socket that is closed with bytes unread, as those of a killed process are.
    socket.on('error', ({ code }: NodeJS.ErrnoException) =>
      this.#end({ type: code === 'ECONNRESET' ? 'unread' : 'closed' }),
    )
    socket.on('close', () => this.#end({ type: 'closed' }))
    socket.on('end', () => this.#end({ type: 'closed' }))
  }

  /**
   * Sends a frame.
   * @param onUndelivered called when the other side cannot have taken the whole frame, since it has closed before
   * @throws RangeError when the frame is longer than the protocol allows
   */
  send(frame: FrameToInstance, body?: Buffer, onUndelivered: () => void = ignore): void {
    const { head, rest } = encode(frame, body)
    if (this.#ended) return onUndelivered()
    const onWritten = (error?: Error | null): void => {
      if (error) onUndelivered()
    }
    if (rest.length === 0) return void this.#socket.write(head, onWritten)
    // One system call for both.
    this.#socket.cork()
    this.#socket.write(head)
    this.#socket.write(rest, onWritten)
    this.#socket.uncork()
  }

  /** Closes this end. May be called twice. */
  close(): void {
    this.#ended = true
    this.#socket.destroy()
  }

  #receive(bytes: Buffer): void {
    if (this.#ended) return
    try {
      for (const { header, body } of this.#decoder.push(bytes))
        this.#listener.onFrame(parseFrame(header), body)
    } catch (reason) {
      this.#end({ type: 'broken', reason })
    }
  }

  #end(end: ChannelEnd): void {
    if (this.#ended) return
    this.#ended = true
    this.#listener.onEnd(end) // who breaks the protocol is killed before it can see that the channel is closed
    this.close()
  }
}

function ignore(): void {}
