// One call of the handler and how it ends: the two values that pass the waist. HTTP, a job, a task or the command line
// makes a `Call` and gives it to the invoker; below it nothing knows who called.

import type { Fault } from './errors.ts'
import type { Exit } from './exit.ts'
import type { CancelReason, ChunkKind, InvocationMode, JobEnd, UserError } from './wire/frames.ts'

/** Receives the chunks and the outcome of a call. */
export interface Caller {
  /**
   * Takes a value that a generator yielded, in order.
   * @returns false: cannot take more now; calls `call.resume()` when it can
   */
  onChunk: (call: Call, kind: ChunkKind, data: Buffer) => boolean
  /** Takes the outcome: once, and as the last thing. */
  onOutcome: (call: Call, outcome: Outcome) => void
  /**
   * Asked when a job's call has an instance, before the handler starts and before the start is announced. Never rejects.
   * @returns false: the call is not wanted any more
   */
  onStart?: (call: Call, instance: string) => Promise<boolean>
  /** Takes a progress value of a job, JSON text. */
  onProgress?: (call: Call, json: Buffer) => void
}

/** What a call is made from. */
export interface CallTerms {
  /** UUID, unique among the calls in flight in any case of its letters */
  readonly id: string
  readonly mode: InvocationMode
  /** mode `http`: the event as JSON; mode `raw`: the body as it came; of a job it may be set in `onStart` */
  readonly payload: Buffer | string
  /** a long `body` of the event, which in `payload` is empty (PROTOCOL.md, "Long texts") */
  readonly text?: Buffer | undefined
  readonly job?: JobTerms | undefined
}

/** How a job's call differs from one that a caller waits for (jobs.md §5, §7, FN-4; tasks.md L3, L6). */
export interface JobTerms {
  /** of the job, for the log */
  readonly id: string
  /** milliseconds to the deadline that the handler is told */
  readonly timeoutMs: number
  /** whether the instance is ended at the deadline, as for other callers; otherwise the caller cancels the call itself */
  readonly endsAtDeadline: boolean
  /** most bytes of a result */
  readonly resultLimit: number
  /** `performance.now()` since when it waits; other callers go first, for some time */
  readonly waitingSince: number
  /** whether an instance may be started for it (jobs.md C-3) */
  readonly mayGrow: boolean
  /** whether it goes on waiting while no instance can be loaded (jobs.md CTL-9) */
  readonly waitsForLoad: boolean
}

/** How a call ended. After chunks, `threw` and `failed` mean that the stream broke off. */
export type Outcome =
  /**
   * The value as JSON text, or what a Bash function has printed, which may be anything; undefined when the handler gave
   * no value at all (Node.js `undefined`). `text`: a long `body` of the value in mode `http`, which in `json` is empty.
   */
  | ({
      readonly type: 'returned'
      readonly json: Buffer | undefined
      readonly text?: Buffer | undefined
    } & JobEnd)
  /** `aggregate`: a job's output is the list of its chunks */
  | ({ readonly type: 'streamed'; readonly aggregate?: boolean } & JobEnd)
  | { readonly type: 'threw'; readonly error: UserError }
  /** `exit`: how the process ended that left it behind */
  | { readonly type: 'failed'; readonly fault: Fault; readonly exit?: Exit }

/** `queued`: waits for an instance, or was sent ahead to one and has not begun. `over`: it has its outcome. */
export type CallState = 'queued' | 'running' | 'over'

/** The queue or the instance that holds a call. */
export interface CallHolder {
  cancel: (call: Call, reason: CancelReason) => void
  resume: (call: Call) => void
  /** Takes back a call that has not started. @returns whether it will never start here */
  withdraw: (call: Call) => boolean
}

/** What the log and the metrics are told of the instance that ran a call. */
export interface CallHost {
  readonly id: string
  /** peak memory of the instance so far, in bytes, when it can be known; reads it from the system */
  readonly peakMemory: () => number | undefined
}

/** Where the time of a call went, in milliseconds. */
export interface Timing {
  readonly queuedMs: number
  readonly executedMs: number
  /** start and loading of the instance, when this was its first call (yandex.md G-5) */
  readonly initMs?: number
}

/** One call of the handler, from its start at the invoker to its outcome. */
export class Call {
  readonly id: string
  readonly mode: InvocationMode
  readonly job: JobTerms | undefined
  readonly caller: Caller
  payload: Buffer | string
  text: Buffer | undefined
  state: CallState = 'queued'
  /** the only timer of a call: of the queue, then of the deadline, or of the grace period of a stopped job */
  timer: NodeJS.Timeout | undefined
  holder: CallHolder | undefined
  /** whether its caller has gone or has stopped it */
  cancelled = false
  /** whether its caller has seen a part of the answer: then it is not run again */
  streamed = false
  /** bytes for which chunks count that its caller has not taken yet (PROTOCOL.md, promise 4) */
  uncredited = 0
  /** its outcome, while the caller has still to take chunks */
  pending: Outcome | undefined
  /** its outcome, when it is over */
  outcome: Outcome | undefined
  /** how often it was run again after its instance died */
  reruns = 0
  /** instances in a row that had ended before they got it */
  undelivered = 0
  /** `performance.now()` of its arrival, of its first start, and of its outcome */
  arrivedAt = 0
  startedAt: number | undefined
  endedAt = 0
  /** the latest instance that has started it */
  host: CallHost | undefined
  /** whether everything that the function wrote for it at this instance has been announced */
  quiet = true
  /** time that this instance took to start and load, in milliseconds, when this is its first call */
  initMs: number | undefined

  constructor({ id, mode, payload, text, job }: CallTerms, caller: Caller) {
    this.id = id
    this.mode = mode
    this.payload = payload
    this.text = text
    this.job = job
    this.caller = caller
  }

  /** Tells that its caller has gone, or stops a job. Nothing happens when it is over. */
  cancel(reason: CancelReason = 'disconnected'): void {
    if (this.state === 'over' || this.cancelled) return
    this.cancelled = true
    this.holder?.cancel(this, reason)
  }

  /** Tells that the caller can take chunks again. */
  resume(): void {
    if (this.state === 'running') this.holder?.resume(this)
  }

  /** Where its time went. */
  get timing(): Timing {
    const start = this.startedAt ?? this.endedAt
    const timing = { queuedMs: start - this.arrivedAt, executedMs: this.endedAt - start }
    return this.initMs === undefined ? timing : { ...timing, initMs: this.initMs }
  }
}

/** A caller that gives a promise, for those who only want the outcome. */
export class Awaited implements Caller {
  readonly outcome: Promise<Outcome>
  readonly #settle: (outcome: Outcome) => void
  readonly #onChunk: (kind: ChunkKind, data: Buffer) => Promise<void> | void
  #taking = 0

  /** @param onChunk takes each yielded value; the generator waits until it settles */
  constructor(onChunk: (kind: ChunkKind, data: Buffer) => Promise<void> | void = () => {}) {
    const { promise, resolve } = Promise.withResolvers<Outcome>()
    this.outcome = promise
    this.#settle = resolve
    this.#onChunk = onChunk
  }

  onChunk(call: Call, kind: ChunkKind, data: Buffer): boolean {
    const taken = this.#onChunk(kind, data)
    if (taken === undefined) return true
    this.#taking++
    void taken.then(
      () => --this.#taking === 0 && call.resume(),
      () => call.cancel(),
    )
    return false
  }

  onOutcome(_call: Call, outcome: Outcome): void {
    this.#settle(outcome)
  }
}
