// One end of the wire: frames over the socket to an instance. Owns the decoder of that socket.

import type { Duplex } from 'node:stream'
import { Decoder, encode } from './codec.ts'
import { parseFrame, type FrameFromInstance, type FrameToInstance } from './frames.ts'

/** Who is told what comes over a channel. */
export interface ChannelListener {
  onFrame: (frame: FrameFromInstance, body: Buffer) => void
  /** the other side has closed, or did not keep to the protocol (then with the reason); comes once */
  onEnd: (reason: Error | undefined) => void
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
    socket.on('error', () => this.#end(undefined)) // a process that dies resets its socket
    socket.on('close', () => this.#end(undefined))
    socket.on('end', () => this.#end(undefined))
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
    } catch (error) {
      this.#end(error instanceof Error ? error : new Error(String(error)))
    }
  }

  #end(reason: Error | undefined): void {
    if (this.#ended) return
    this.close()
    this.#listener.onEnd(reason)
  }
}

function ignore(): void {}
