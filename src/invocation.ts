// The waist's two values: what goes into `invoker.invoke`, and what comes out.

import type { Fault } from './errors.ts'
import type { Exit } from './exit.ts'
import type { ChunkKind, InvocationMode, JobEnd, UserError } from './wire/frames.ts'

/** One call of the handler, whoever asks for it. */
export interface Invocation {
  /** UUID, unique among the invocations in flight */
  readonly requestId: string
  readonly mode: InvocationMode
  /** mode `http`: the event as JSON; mode `raw`: the body as it came; a function is asked when there is an instance */
  readonly payload: Buffer | (() => Buffer)
  /** a long `body` of the event, which in `payload` is empty (PROTOCOL.md, "Long texts") */
  readonly text?: Buffer
  /** aborted when nobody waits for the outcome any more */
  readonly signal: AbortSignal
  /** called for each value that a generator yields, in order; the generator waits until it settles */
  readonly onChunk: (chunk: Chunk) => Promise<void> | void
  /** set for a job: who asks keeps the clock and may take its time */
  readonly job?: JobTerms
}

/** How the invocation of a job differs from one that a caller waits for (jobs.md §5, §7, FN-4; tasks.md L3, L6). */
export interface JobTerms {
  /** of the job, for the log */
  readonly id: string
  /** milliseconds to the deadline that the handler is told */
  readonly timeoutMs: number
  /** whether the instance is ended at the deadline, as for a caller; otherwise the asker keeps it, by aborting `signal` */
  readonly endsAtDeadline: boolean
  /** most bytes of a result */
  readonly resultLimit: number
  /** `performance.now()` since when it waits; invocations of callers go first, for some time */
  readonly waitingSince: number
  /** whether an instance may be started for it (jobs.md C-3) */
  readonly mayGrow: boolean
  /** whether it goes on waiting while no instance can be loaded (jobs.md CTL-9) */
  readonly waitsForLoad: boolean
  /** called when it has an instance, before that is told; false: it is not wanted any more */
  readonly onStart: (instance: string) => Promise<boolean>
  /** called with each progress value, JSON text */
  readonly onProgress: (json: Buffer) => void
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
   * no value at all (Node.js `undefined`). `text`: a long `body` of the value in mode `http`, which in `json` is empty.
   */
  | ({ readonly type: 'returned'; readonly json: Buffer | undefined; readonly text?: Buffer } & JobEnd)
  /** `aggregate`: a job's output is the list of its chunks */
  | ({ readonly type: 'streamed'; readonly aggregate?: boolean } & JobEnd)
  | { readonly type: 'threw'; readonly error: UserError }
  /** `exit`: how the process ended that left it behind */
  | { readonly type: 'failed'; readonly fault: Fault; readonly exit?: Exit }

/** Where the time of an invocation went, in milliseconds. */
export interface Timing {
  readonly queuedMs: number
  readonly executedMs: number
  /** start and loading of the instance, when this was its first invocation (yandex.md G-5) */
  readonly initMs?: number
}
