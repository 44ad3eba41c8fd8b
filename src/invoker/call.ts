// One invocation on one instance: from its `invoke` frame to the frame that ends it. Owns its deadline and its stream.

import type { Fault } from '../errors.ts'
import {
  chunkOverhead,
  chunkWindow,
  ProtocolError,
  type CancelReason,
  type ContextToken,
  type FrameFromInstance,
  type FrameToInstance,
  type InvocationMode,
  type JobEnd,
  type UserError,
} from '../wire/frames.ts'
import type { Exit } from '../exit.ts'
import type { Chunk } from '../invocation.ts'
import { StopProcedure } from './stop.ts'

/** What an instance is asked to run. */
export interface CallRequest {
  readonly id: string
  readonly mode: InvocationMode
  readonly payload: Buffer
  /** a long `body` of the event, which in `payload` is empty */
  readonly text?: Buffer
  /** epoch milliseconds */
  readonly deadlineMs: number
  /** milliseconds from now to the deadline; undefined: who asks keeps it, by aborting `signal` with a CancelReason */
  readonly timeoutMs?: number
  readonly token?: ContextToken
  readonly responseLimit: number
  readonly signal: AbortSignal
  readonly onChunk: (chunk: Chunk) => Promise<void> | void
  /** for a job, which is stopped when `signal` aborts: called with each progress value */
  readonly onProgress?: (json: Buffer) => void
}

/** How a call ended. */
export type Ending =
  | ({ readonly type: 'returned'; readonly json: Buffer | undefined; readonly text?: Buffer } & JobEnd)
  | { readonly type: 'oversized'; readonly size: number }
  | { readonly type: 'threw'; readonly error: UserError }
  | ({ readonly type: 'streamed'; readonly aggregate: boolean } & JobEnd)
  | { readonly type: 'expired' }
  /** the instance had ended before it could take the call: nothing was run */
  | { readonly type: 'undelivered' }
  /** the instance ended first */
  | { readonly type: 'lost'; readonly fault: Fault; readonly exit: Exit }

/** What a call needs of its instance. */
export interface CallHost {
  send: (frame: FrameToInstance, body?: Buffer, onUndelivered?: () => void) => void
  /** the deadline has passed while the function was still running */
  onExpired: () => void
  /** the process cannot have taken the call */
  onUndelivered: () => void
  /** a stopped job was not heard, or still runs a good while after it was (jobs.md CTL-3, CTL-4) */
  onUnstoppable: (heard: boolean) => void
}

/** Frames that belong to one call. */
export type CallFrame = Extract<
  FrameFromInstance,
  { type: 'returned' | 'oversized' | 'threw' | 'chunk' | 'ended' | 'cancelling' | 'progress' }
>

/** A running invocation. The first ending counts, whatever comes later. */
export class Call {
  readonly ending: Promise<Ending>
  readonly #request: CallRequest
  readonly #host: CallHost
  readonly #settled = Promise.withResolvers<Ending>()
  // Chunks are handed over one after another; the ending waits behind the last of them.
  #delivered: Promise<void> | undefined
  #deadline: NodeJS.Timeout | undefined
  #outstanding = 0
  #functionEnded = false
  #stop: StopProcedure | undefined

  constructor(request: CallRequest, host: CallHost) {
    this.#request = request
    this.#host = host
    this.ending = this.#settled.promise
  }

  /** Sends the invocation; from here on the deadline counts. */
  start(): void {
    const { id, mode, payload, text, deadlineMs, timeoutMs, token, responseLimit, signal } = this.#request
    const frame = { type: 'invoke', id, mode, deadlineMs, responseLimit } as const
    if (timeoutMs !== undefined) this.#deadline = setTimeout(() => this.#expire(), timeoutMs)
    signal.addEventListener('abort', this.#onAbort)
    const header = {
      ...frame,
      ...(token === undefined ? {} : { token }),
      ...(text === undefined ? {} : { text: text.length }),
    }
    const body = text === undefined ? payload : Buffer.concat([payload, text])
    this.#host.send(header, body, () => this.#host.onUndelivered())
    if (signal.aborted) this.#onAbort()
  }

  /** Takes a frame that the instance sent for this call. */
  take(frame: CallFrame, body: Buffer): void {
    switch (frame.type) {
      case 'chunk':
        return this.#deliver({ kind: frame.kind, data: body })
      case 'progress':
        return this.#request.onProgress?.(body)
      case 'cancelling':
        return this.#stop?.heard()
      case 'returned':
        return this.#finish({ type: 'returned', ...toValue(frame, body), ...toJobEnd(frame) })
      case 'oversized':
        return this.#finish({ type: 'oversized', size: frame.size })
      case 'threw':
        return this.#finish({ type: 'threw', error: frame.error })
      case 'ended':
        return this.#finish({ type: 'streamed', aggregate: frame.aggregate, ...toJobEnd(frame) })
      default:
        frame satisfies never
    }
  }

  /** Ends the call from outside. */
  settle(ending: Ending): void {
    clearTimeout(this.#deadline)
    this.#stop?.over()
    this.#request.signal.removeEventListener('abort', this.#onAbort)
    this.#settled.resolve(ending)
  }

  #finish(ending: Ending): void {
    this.#functionEnded = true
    if (this.#delivered !== undefined) void this.#delivered.then(() => this.settle(ending))
    else this.settle(ending)
  }

  #deliver(chunk: Chunk): void {
    if (this.#outstanding >= chunkWindow) throw new ProtocolError('a chunk came beyond the window')
    this.#outstanding += costOf(chunk)
    this.#delivered = (this.#delivered ?? Promise.resolve()).then(() => this.#handOver(chunk))
  }

  async #handOver(chunk: Chunk): Promise<void> {
    const { id, onChunk } = this.#request
    const bytes = costOf(chunk)
    try {
      await onChunk(chunk)
      this.#outstanding -= bytes
      this.#host.send({ type: 'credit', id, bytes })
    } catch {
      this.#cancel('disconnected') // whoever should take the chunks cannot
    }
  }

  #expire(): void {
    this.settle({ type: 'expired' })
    if (this.#functionEnded) return // only its reader was slow; the instance is sound
    this.#cancel('deadline')
    this.#host.onExpired()
  }

  // A caller that has gone waits for nothing; whoever stops a job wants the instance back.
  readonly #onAbort = (): void => {
    const { signal, onProgress } = this.#request
    if (onProgress === undefined) return this.#cancel('disconnected')
    this.#stop = new StopProcedure((heard) => this.#host.onUnstoppable(heard))
    this.#cancel(signal.reason === 'deadline' ? 'deadline' : 'cancelled')
  }

  #cancel(reason: CancelReason): void {
    this.#host.send({ type: 'cancel', id: this.#request.id, reason })
  }
}

function costOf({ data }: Chunk): number {
  return data.length + chunkOverhead
}

function toValue(
  frame: Extract<FrameFromInstance, { type: 'returned' }>,
  body: Buffer,
): Pick<Extract<Ending, { type: 'returned' }>, 'json' | 'text'> {
  if (frame.undefined) return { json: undefined }
  if (frame.text === undefined) return { json: body }
  const end = body.length - frame.text
  if (frame.text < 0 || end < 0) throw new ProtocolError('a text is longer than its frame')
  return { json: body.subarray(0, end), text: body.subarray(end) }
}

function toJobEnd({ error, refresh }: JobEnd): JobEnd {
  return { ...(error === undefined ? {} : { error }), ...(refresh === undefined ? {} : { refresh }) }
}
