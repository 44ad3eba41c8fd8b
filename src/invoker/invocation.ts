// The waist's two values: what goes into `invoker.invoke`, and what comes out.

import type { Fault } from '../errors.ts'
import type { ChunkKind, InvocationMode, UserError } from '../wire/frames.ts'

/** One call of the handler, whoever asks for it. */
export interface Invocation {
  /** UUID, unique among the invocations in flight */
  readonly requestId: string
  readonly mode: InvocationMode
  /** mode `http`: the event as JSON; mode `raw`: the body as it came */
  readonly payload: Buffer
  /** aborted when nobody waits for the outcome any more */
  readonly signal: AbortSignal
  /** called for each value that a generator yields, in order; the generator waits until it settles */
  readonly onChunk: (chunk: Chunk) => Promise<void> | void
}

/** One value that a generator yielded. */
export interface Chunk {
  readonly kind: ChunkKind
  readonly data: Buffer
}

/** How an invocation ended. After chunks, `threw` and `failed` mean that the stream broke off. */
export type Outcome =
  /**
   * The value as JSON text, or what a Bash function has printed, which may be anything; undefined when the handler gave
   * no value at all (Node.js `undefined`).
   */
  | { readonly type: 'returned'; readonly json: Buffer | undefined }
  | { readonly type: 'streamed' }
  | { readonly type: 'threw'; readonly error: UserError }
  | { readonly type: 'failed'; readonly fault: Fault }

/** Where the time of an invocation went, in milliseconds. */
export interface Timing {
  readonly queuedMs: number
  readonly executedMs: number
}
