// One try of a job, from its reservation to its end in the store. Owns the clock of the attempt.

import { asChunkJson, toDocument } from './document.ts'
import type { Chunk, Outcome } from '../invoker/invocation.ts'
import type { Invoker } from '../invoker/invoker.ts'
import type { Job, Work } from './job.ts'
import { toEnd, type ResultTerms } from './result.ts'
import type { AttemptEnd, JobStore } from './store.ts'

/** What holds for every attempt. */
export interface AttemptTerms extends ResultTerms {
  /** most bytes of all chunks together */
  readonly streamLimit: number
  /** most bytes of a result or a chunk */
  readonly resultLimit: (job: Job) => number
  /** automatic re-queues after a process that ended by itself (jobs.md DUR-5) */
  readonly reschedule: number
  /** re-queues of asynchronous invocations after any failure (jobs.md FN-6) */
  readonly asyncRetries: number
}

/** Whether it makes sense to write again what the store did not take just now; waits before it says so. */
export type Patience = (cause: unknown) => Promise<boolean>

/** A try of a job. The first end that is decided counts. */
export class Attempt {
  readonly #job: Work
  readonly #runner: string
  readonly #store: JobStore
  readonly #terms: AttemptTerms
  readonly #onSeated: () => void
  readonly #patience: Patience
  readonly #stop = new AbortController()
  #begun: { readonly number: number; readonly instance: string; readonly at: number } | undefined
  #seated = false
  #deadline: NodeJS.Timeout | undefined
  #streamed = 0
  #ended = false
  #stored: Promise<unknown> | undefined
  #failure: unknown

  /** @param onSeated it has an instance, so somebody else may be reserved */
  constructor(
    job: Work,
    runner: string,
    store: JobStore,
    terms: AttemptTerms,
    onSeated: () => void,
    patience: Patience,
  ) {
    this.#job = job
    this.#runner = runner
    this.#store = store
    this.#terms = terms
    this.#onSeated = onSeated
    this.#patience = patience
  }

  /** Whether an instance has it. */
  get isSeated(): boolean {
    return this.#seated
  }

  /** The job has ended or is somebody else's: its handler is stopped. */
  abandon(): void {
    this.#ended = true
    this.#stop.abort('cancelled')
  }

  /**
   * Invokes the handler, and settles when the instance is free again and the end is stored.
   * @throws StoreError; the lease of the job lapses then
   */
  async run(invoker: Pick<Invoker, 'invoke'>): Promise<void> {
    const { id, executionTimeoutMs, lowPriority, since } = this.#job
    const { isScript } = this.#terms
    const outcome = await invoker.invoke({
      requestId: id.slice(-uuidLength),
      mode: isScript ? 'job' : 'raw',
      payload: isScript ? toDocument(this.#job) : this.#job.input,
      signal: this.#stop.signal,
      onChunk: (chunk) => this.#append(chunk),
      job: {
        id,
        timeoutMs: executionTimeoutMs,
        resultLimit: this.#terms.resultLimit(this.#job),
        waitingSince: performance.now() - Math.max(0, Date.now() - since),
        mayGrow: !lowPriority,
        waitsForLoad: isScript,
        onStart: (instance) =>
          this.#begin(instance).catch((cause: unknown) => {
            this.#failure = cause
            this.#seated = false
            return false
          }),
        onProgress: (json) => this.#progress(json),
      },
    })
    clearTimeout(this.#deadline)
    const isTroubled = this.#failure !== undefined
    if (isTroubled && (this.#begun !== undefined || !(await this.#patience(this.#failure))))
      throw this.#failure
    await this.#conclude(outcome)
  }

  async #begin(instance: string): Promise<boolean> {
    const now = Date.now()
    const delayMs = this.#job.delayMs + Math.max(0, now - this.#job.since)
    const begun = this.#store.begin(this.#job.id, this.#runner, { instance, delayMs }, now)
    this.#seated = true
    this.#onSeated() // the store is asked for both at once
    const job = await begun
    if (job === undefined) return false
    this.#begun = { number: job.attempt, instance, at: performance.now() }
    this.#deadline = setTimeout(() => void this.#expire(), this.#job.executionTimeoutMs)
    return true
  }

  async #append(chunk: Chunk): Promise<void> {
    if (this.#begun === undefined || this.#ended) return
    const json = asChunkJson(chunk)
    const limit = this.#terms.resultLimit(this.#job)
    this.#streamed += json.length
    if (json.length > limit) return this.#refuse(`a chunk of ${json.length} bytes`, limit)
    if (this.#streamed > this.#terms.streamLimit)
      return this.#refuse(`a stream of ${this.#streamed} bytes`, this.#terms.streamLimit)
    const { number } = this.#begun
    try {
      if (!(await this.#insist(() => this.#store.append(this.#job.id, number, [json])))) this.abandon()
    } catch (cause) {
      this.#failure = cause // a job that lacks a chunk must not end as if it had it
      throw cause
    }
  }

  async #refuse(what: string, limit: number): Promise<void> {
    await this.#end({ state: 'FAILED', error: `${what} is larger than the limit of ${limit} bytes` })
    this.#stop.abort('cancelled')
  }

  #progress(json: Buffer): void {
    if (this.#begun === undefined || this.#ended) return
    if (json.length > this.#terms.resultLimit(this.#job)) return
    void this.#store.progress(this.#job.id, this.#begun.number, json).catch(() => {}) // the next write tells
  }

  // The handler is stopped also when that cannot be stored.
  async #expire(): Promise<void> {
    const error = `executionTimeout of ${this.#job.executionTimeoutMs} ms exceeded`
    const retried = this.#retryAfterFailure()
    const stored = retried ?? this.#end({ state: 'TIMED_OUT', error })
    this.#stop.abort('deadline')
    await stored.catch(() => {}) // `run` throws it
  }

  async #conclude(outcome: Outcome): Promise<void> {
    if (this.#ended) return void (await this.#stored)
    if (this.#begun === undefined) return this.#giveUp(outcome)
    if (isCutOff(outcome)) return this.#requeue({ isRetry: false })
    if (isLost(outcome) && this.#job.retries < this.#terms.reschedule) return this.#requeue({ isRetry: true })
    const end = toEnd(outcome, this.#terms, this.#begun.instance)
    if (end.state !== 'COMPLETED') {
      const retried = this.#retryAfterFailure()
      if (retried !== undefined) return retried
    }
    await this.#end(end)
  }

  // It never had an instance: the function cannot be loaded, or the server stops.
  async #giveUp(outcome: Outcome): Promise<void> {
    const { id } = this.#job
    const isHopeless = outcome.type === 'failed' && outcome.fault.code.startsWith('load_')
    if (!isHopeless || !(await this.#begin('')))
      return this.#insist(() => this.#store.release([id], this.#runner))
    clearTimeout(this.#deadline)
    await this.#end(toEnd(outcome, this.#terms, ''))
  }

  #retryAfterFailure(): Promise<void> | undefined {
    const { origin, retries } = this.#job
    if (origin !== 'async' || retries >= this.#terms.asyncRetries) return undefined
    return this.#requeue({ isRetry: true, notBefore: Date.now() + asyncIntervalMs })
  }

  #requeue(terms: { isRetry: boolean; notBefore?: number }): Promise<void> {
    return this.#settle(() => this.#store.requeue(this.#job.id, this.#number, terms, Date.now()))
  }

  #end(end: Omit<AttemptEnd, 'executionMs'>): Promise<void> {
    const executionMs = Math.round(performance.now() - (this.#begun?.at ?? performance.now()))
    return this.#settle(() =>
      this.#store.finish(this.#job.id, this.#number, { ...end, executionMs }, Date.now()),
    )
  }

  async #settle(write: () => Promise<unknown>): Promise<void> {
    if (this.#ended) return
    this.#ended = true
    this.#stored = this.#insist(write)
    await this.#stored
  }

  // A disk that is full may have room again: what a handler has done is not thrown away.
  async #insist<Value>(write: () => Promise<Value>): Promise<Value> {
    for (;;) {
      try {
        return await write()
      } catch (cause) {
        if (!(await this.#patience(cause))) throw cause
      }
    }
  }

  get #number(): number {
    return this.#begun?.number ?? 0
  }
}

function isCutOff(outcome: Outcome): boolean {
  return outcome.type === 'failed' && outcome.fault.code === 'draining'
}

function isLost(outcome: Outcome): boolean {
  return outcome.type === 'failed' && outcome.exit !== undefined
}

const uuidLength = 36

// yandex.md M-12
const asyncIntervalMs = 10_000
