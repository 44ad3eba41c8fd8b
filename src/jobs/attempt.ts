// One attempt of a job, from its reservation to its end in the store. Owns the deadline of the attempt, and what it has not written yet.

import { randomUUID } from 'node:crypto'
import { Call, type Caller, type Outcome } from '../invocation.ts'
import type { Invoker } from '../invoker/invoker.ts'
import type { CancelReason, ChunkKind } from '../wire/frames.ts'
import type { JobKind, NextStep } from './kinds/kind.ts'
import type { Job, JobOrigin, JobWithInput } from './model/job.ts'
import { asChunkJson } from './model/jobJson.ts'
import type { AttemptEnd, AttemptKey, JobStore, RequeueTerms } from './model/store.ts'

/** What runs the jobs. */
export type JobInvoker = Pick<Invoker, 'start' | 'has'>

/** What all attempts of a runner work with. */
export interface AttemptParts {
  /** name of the runner in the store */
  readonly runner: string
  readonly store: JobStore
  /** most bytes of all chunks together */
  readonly streamLimit: number
  /** called when an attempt has an instance, so that another job may be reserved */
  readonly onStarted: () => void
  /** whether to write again what the store did not take; settles after a pause */
  readonly mayRetryWrite: (cause: unknown) => Promise<boolean>
}

/** An attempt. The first end that is decided counts. */
export class Attempt implements Caller {
  readonly #job: JobWithInput
  readonly #kind: JobKind
  readonly #parts: AttemptParts
  readonly #outcome = Promise.withResolvers<Outcome>()
  #call: Call | undefined
  #stopReason: CancelReason | undefined
  #hasInstance = false
  #started: { readonly key: AttemptKey; readonly instance: string; readonly at: number } | undefined
  #deadline: NodeJS.Timeout | undefined
  // Chunks are stored one group after another: those that come meanwhile are the next group.
  #unwritten: Buffer[] = []
  #writing: Promise<void> | undefined
  #nextIndex = 0
  // Of progress only the latest value counts: a flood of it does not fill the memory.
  #progress: Buffer | undefined
  #isWritingProgress = false
  #streamedBytes = 0
  #isTooLarge = false
  #hasEnded = false
  #end: Promise<unknown> | undefined
  #endedJob: Promise<Job | undefined> | undefined
  #failure: unknown

  constructor(job: JobWithInput, kind: JobKind, parts: AttemptParts) {
    this.#job = job
    this.#kind = kind
    this.#parts = parts
  }

  get origin(): JobOrigin {
    return this.#job.origin
  }

  /** Whether it waits for an instance. */
  get isWaiting(): boolean {
    return !this.#hasInstance
  }

  /** The job as this attempt ends it, when it is on stable storage; undefined while it has not ended, or must be looked up. */
  get endedJob(): Promise<Job | undefined> | undefined {
    return this.#endedJob
  }

  /** Stops the handler: the job has ended, or another runner has it. */
  abandon(): void {
    this.#hasEnded = true
    this.#stop('cancelled')
  }

  /**
   * Invokes the handler, and settles when the instance is free again and the end is stored.
   * @throws StoreError; the lease of the job lapses then
   */
  async run(invoker: JobInvoker): Promise<void> {
    this.#call = this.#toCall(invoker)
    if (this.#stopReason !== undefined) this.#call.cancel(this.#stopReason)
    invoker.start(this.#call)
    const outcome = await this.#outcome.promise
    if (this.#writing !== undefined) await this.#writing
    clearTimeout(this.#deadline)
    if (this.#failure !== undefined) await this.#checkFailure()
    if (this.#hasEnded) await this.#end
    else if (this.#started === undefined) await this.#endUnstarted(outcome)
    else if (isCutOff(outcome)) await this.#requeue({ isRetry: false })
    else await this.#take(this.#kind.afterOutcome(outcome, this.#job, this.#started.instance))
  }

  /** Writes the start of the attempt, before the handler starts. */
  async onStart(call: Call, instance: string): Promise<boolean> {
    try {
      if (!(await this.#start(instance))) return false
      const deadline = Date.now() + this.#job.executionTimeoutMs
      call.payload = this.#kind.toPayload(this.#job, this.#key.attempt, deadline)
      return true
    } catch (cause) {
      this.#failure = cause
      this.#hasInstance = false
      return false
    }
  }

  onChunk(call: Call, kind: ChunkKind, data: Buffer): boolean {
    if (this.#started === undefined || this.#hasEnded || this.#isTooLarge) return true
    const json = asChunkJson(kind, data)
    const limit = this.#kind.resultLimit(this.#job)
    this.#streamedBytes += json.length
    if (json.length > limit) void this.#failTooLarge(`a chunk of ${json.length} bytes`, limit)
    else if (this.#streamedBytes > this.#parts.streamLimit)
      void this.#failTooLarge(`a stream of ${this.#streamedBytes} bytes`, this.#parts.streamLimit)
    else {
      this.#unwritten.push(json)
      this.#writing ??= this.#writeChunks(call)
    }
    return false
  }

  onProgress(_call: Call, json: Buffer): void {
    if (this.#started === undefined || this.#hasEnded) return
    if (json.length > this.#kind.resultLimit(this.#job)) return
    this.#progress = json
    if (!this.#isWritingProgress) void this.#writeProgress()
  }

  onOutcome(_call: Call, outcome: Outcome): void {
    this.#outcome.resolve(outcome)
  }

  #toCall(invoker: JobInvoker): Call {
    const { id, executionTimeoutMs, lowPriority, since, task } = this.#job
    const { mode, resultLimit, waitsForLoad, afterTimeout } = this.#kind
    const waitedMs = Math.max(0, this.#parts.store.now() - Math.max(since, task?.dueAt ?? since))
    const requestId = id.slice(-uuidLength)
    const job = {
      id,
      timeoutMs: executionTimeoutMs,
      endsAtDeadline: afterTimeout === undefined,
      resultLimit: resultLimit(this.#job),
      waitingSince: performance.now() - waitedMs,
      mayGrow: !lowPriority,
      waitsForLoad,
    }
    // A function names its tasks, perhaps by the id of the call that dispatches them; a caller may have taken the id of a job
    // (jobs.md FN-1).
    const callId = this.origin === 'task' || invoker.has(requestId) ? randomUUID() : requestId
    return new Call({ id: callId, mode, payload: Buffer.alloc(0), job }, this)
  }

  async #start(instance: string): Promise<boolean> {
    const { runner, store, onStarted } = this.#parts
    const { id, executionTimeoutMs } = this.#job
    const begun = store.begin(id, runner, instance)
    this.#hasInstance = true
    onStarted() // the store is asked for both at once
    const record = await begun
    if (record === undefined) return false
    this.#started = { key: { id, runner, attempt: record.attempt }, instance, at: performance.now() }
    this.#nextIndex = record.nextIndex
    const { afterTimeout } = this.#kind
    if (afterTimeout !== undefined)
      this.#deadline = setTimeout(() => void this.#expire(afterTimeout(this.#job)), executionTimeoutMs)
    return true
  }

  async #writeChunks(call: Call): Promise<void> {
    try {
      while (this.#unwritten.length > 0 && !this.#hasEnded) {
        const chunks = this.#unwritten
        this.#unwritten = []
        const isRunning = await this.#retryWrite(() => this.#store.append(this.#key, this.#nextIndex, chunks))
        this.#nextIndex += chunks.length
        if (!isRunning) this.abandon()
      }
      call.resume()
    } catch (cause) {
      this.#failure = cause // a job that lacks a chunk must not end as if it had it
      call.cancel()
    } finally {
      this.#writing = undefined
    }
  }

  async #writeProgress(): Promise<void> {
    this.#isWritingProgress = true
    while (this.#progress !== undefined && !this.#hasEnded) {
      const json = this.#progress
      this.#progress = undefined
      await this.#store.progress(this.#key, json).catch(() => {}) // the next write reports it
    }
    this.#isWritingProgress = false
  }

  // After the chunks before it.
  async #failTooLarge(what: string, limit: number): Promise<void> {
    this.#isTooLarge = true
    await this.#writing
    const error = `${what} is larger than the limit of ${limit} bytes`
    await this.#finish({ state: 'FAILED', error }).catch(() => {}) // `run` throws it
    this.#stop('cancelled')
  }

  // The handler is stopped also when that cannot be stored.
  async #expire(step: NextStep): Promise<void> {
    const stored = this.#take(step)
    this.#stop('deadline')
    await stored.catch(() => {}) // `run` throws it
  }

  #stop(reason: CancelReason): void {
    this.#stopReason ??= reason
    this.#call?.cancel(reason)
  }

  // A start that could not be written has done nothing yet: the job is released after a pause.
  async #checkFailure(): Promise<void> {
    const canRelease = this.#started === undefined && (await this.#parts.mayRetryWrite(this.#failure))
    if (!canRelease) throw this.#failure
  }

  // The function cannot be loaded, the server stops, or another runner has the job.
  async #endUnstarted(outcome: Outcome): Promise<void> {
    const cannotLoad = outcome.type === 'failed' && outcome.fault.code.startsWith('load_')
    if (!cannotLoad || !(await this.#start(''))) {
      await this.#retryWrite(() => this.#store.release([this.#job.id], this.#parts.runner))
      return
    }
    clearTimeout(this.#deadline)
    await this.#take(this.#kind.afterOutcome(outcome, this.#job, ''))
  }

  #take(step: NextStep): Promise<void> {
    return step.type === 'ends' ? this.#finish(step.end) : this.#requeue(step.terms)
  }

  #requeue(terms: RequeueTerms): Promise<void> {
    return this.#writeEnd(() => this.#store.requeue(this.#key, terms))
  }

  #finish(end: Omit<AttemptEnd, 'executionMs'>): Promise<void> {
    const executionMs = Math.round(performance.now() - (this.#started?.at ?? performance.now()))
    const { output } = end
    return this.#writeEnd(() => {
      const finished = this.#store.finish(this.#key, { ...end, executionMs })
      if (output !== 'chunks' && this.origin !== 'task')
        this.#endedJob = finished.then(
          (job) => job && { ...job, ...(output === undefined ? {} : { output }) },
          () => undefined, // it is looked up
        )
      return finished
    })
  }

  async #writeEnd(write: () => Promise<unknown>): Promise<void> {
    if (this.#hasEnded) return
    this.#hasEnded = true
    this.#end = this.#retryWrite(write)
    await this.#end
  }

  // A disk that is full may have room again: a result is not thrown away.
  async #retryWrite<Value>(write: () => Promise<Value>): Promise<Value> {
    for (;;) {
      try {
        return await write()
      } catch (cause) {
        if (!(await this.#parts.mayRetryWrite(cause))) throw cause
      }
    }
  }

  get #store(): JobStore {
    return this.#parts.store
  }

  get #key(): AttemptKey {
    if (this.#started === undefined) throw new Error(`job ${this.#job.id} has not started`)
    return this.#started.key
  }
}

function isCutOff(outcome: Outcome): boolean {
  return outcome.type === 'failed' && outcome.fault.code === 'draining'
}

const uuidLength = 36
