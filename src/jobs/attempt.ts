// One try of a job, from its reservation to its end in the store. Owns the clock of the attempt.

import { randomUUID } from 'node:crypto'
import type { JobKind, Sequel } from './kinds/kind.ts'
import { asChunkJson } from './model/jobJson.ts'
import { Call, type Caller, type Outcome } from '../invocation.ts'
import type { Invoker } from '../invoker/invoker.ts'
import type { CancelReason, ChunkKind } from '../wire/frames.ts'
import type { JobOrigin, Work } from './model/job.ts'
import type { AttemptEnd, JobStore, RequeueTerms } from './model/store.ts'

/** What holds for every attempt. */
export interface AttemptTerms {
  /** most bytes of all chunks together */
  readonly streamLimit: number
}

/** What runs the jobs. */
export type JobInvoker = Pick<Invoker, 'start' | 'has'>

/** Whether to write again what the store did not take just now; waits before it says so. */
export type MayTryAgain = (cause: unknown) => Promise<boolean>

/** A try of a job. The first end that is decided counts. */
export class Attempt implements Caller {
  readonly #job: Work
  readonly #runner: string
  readonly #store: JobStore
  readonly #kind: JobKind
  readonly #terms: AttemptTerms
  readonly #onSeated: () => void
  readonly #mayTryAgain: MayTryAgain
  readonly #outcome = Promise.withResolvers<Outcome>()
  #call: Call | undefined
  #stopReason: CancelReason | undefined
  // Chunks are stored one group after another: those that come meanwhile are the next one.
  #unwritten: Buffer[] = []
  #written: Promise<void> | undefined
  readonly #progressed = new Latest((json: Buffer) => this.#writeProgress(json))
  #begun: { readonly number: number; readonly instance: string; readonly at: number } | undefined
  #seated = false
  #deadline: NodeJS.Timeout | undefined
  #streamed = 0
  #ended = false
  #isRefused = false
  #stored: Promise<unknown> | undefined
  #failure: unknown

  /** @param onSeated it has an instance, so somebody else may be reserved */
  constructor(
    job: Work,
    runner: string,
    store: JobStore,
    kind: JobKind,
    terms: AttemptTerms,
    onSeated: () => void,
    mayTryAgain: MayTryAgain,
  ) {
    this.#job = job
    this.#runner = runner
    this.#store = store
    this.#kind = kind
    this.#terms = terms
    this.#onSeated = onSeated
    this.#mayTryAgain = mayTryAgain
  }

  /** Whether an instance has it. */
  get isSeated(): boolean {
    return this.#seated
  }

  get origin(): JobOrigin {
    return this.#job.origin
  }

  /** The job has ended or is somebody else's: its handler is stopped. */
  abandon(): void {
    this.#ended = true
    this.#stop('cancelled')
  }

  /**
   * Invokes the handler, and settles when the instance is free again and the end is stored.
   * @throws StoreError; the lease of the job lapses then
   */
  async run(invoker: JobInvoker): Promise<void> {
    const { id, executionTimeoutMs, lowPriority, since, task } = this.#job
    const { mode, resultLimit, waitsForLoad, followExpiry } = this.#kind
    const due = Math.max(since, task?.dueAt ?? since)
    const requestId = id.slice(-uuidLength)
    const call = new Call(
      {
        // A task is named by the function, which may well take the id of the call that dispatches it; that of a job may have been
        // taken by a caller (jobs.md FN-1).
        id: this.origin === 'task' || invoker.has(requestId) ? randomUUID() : requestId,
        mode,
        payload: nothing,
        job: {
          id,
          timeoutMs: executionTimeoutMs,
          endsAtDeadline: followExpiry === undefined,
          resultLimit: resultLimit(this.#job),
          waitingSince: performance.now() - Math.max(0, Date.now() - due),
          mayGrow: !lowPriority,
          waitsForLoad,
        },
      },
      this,
    )
    this.#call = call
    if (this.#stopReason !== undefined) call.cancel(this.#stopReason)
    invoker.start(call)
    const outcome = await this.#outcome.promise
    await this.#written
    clearTimeout(this.#deadline)
    const isTroubled = this.#failure !== undefined
    if (isTroubled && (this.#begun !== undefined || !(await this.#mayTryAgain(this.#failure))))
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
    const { followExpiry } = this.#kind
    if (followExpiry !== undefined)
      this.#deadline = setTimeout(() => void this.#expire(followExpiry), this.#job.executionTimeoutMs)
    return true
  }

  onChunk(call: Call, kind: ChunkKind, data: Buffer): boolean {
    if (this.#begun === undefined || this.#ended || this.#isRefused) return true
    const json = asChunkJson(kind, data)
    const limit = this.#kind.resultLimit(this.#job)
    this.#streamed += json.length
    if (json.length > limit) void this.#refuse(`a chunk of ${json.length} bytes`, limit)
    else if (this.#streamed > this.#terms.streamLimit)
      void this.#refuse(`a stream of ${this.#streamed} bytes`, this.#terms.streamLimit)
    else {
      this.#unwritten.push(json)
      this.#written ??= this.#writeChunks(call, this.#begun.number)
    }
    return false
  }

  onOutcome(_call: Call, outcome: Outcome): void {
    this.#outcome.resolve(outcome)
  }

  async onStart(call: Call, instance: string): Promise<boolean> {
    try {
      const isWanted = await this.#begin(instance)
      if (isWanted)
        call.payload = this.#kind.toPayload(
          this.#job,
          this.#number,
          Date.now() + this.#job.executionTimeoutMs,
        )
      return isWanted
    } catch (cause) {
      this.#failure = cause
      this.#seated = false
      return false
    }
  }

  async #writeChunks(call: Call, number: number): Promise<void> {
    try {
      while (this.#unwritten.length > 0 && !this.#ended) {
        const chunks = this.#unwritten
        this.#unwritten = []
        if (!(await this.#insist(() => this.#store.append(this.#job.id, number, chunks)))) this.abandon()
      }
      call.resume()
    } catch (cause) {
      this.#failure = cause // a job that lacks a chunk must not end as if it had it
      call.cancel()
    } finally {
      this.#written = undefined
    }
  }

  // Behind the chunks before it.
  async #refuse(what: string, limit: number): Promise<void> {
    this.#isRefused = true
    await this.#written
    const error = `${what} is larger than the limit of ${limit} bytes`
    await this.#end({ state: 'FAILED', error }).catch(() => {}) // `run` throws it
    this.#stop('cancelled')
  }

  #stop(reason: CancelReason): void {
    this.#stopReason ??= reason
    this.#call?.cancel(reason)
  }

  onProgress(_call: Call, json: Buffer): void {
    if (this.#begun === undefined || this.#ended) return
    if (json.length > this.#kind.resultLimit(this.#job)) return
    this.#progressed.offer(json)
  }

  async #writeProgress(json: Buffer): Promise<void> {
    if (!this.#ended) await this.#store.progress(this.#job.id, this.#number, json).catch(() => {}) // the next write tells
  }

  // The handler is stopped also when that cannot be stored.
  async #expire(followExpiry: NonNullable<JobKind['followExpiry']>): Promise<void> {
    const stored = this.#follow(followExpiry(this.#job))
    this.#stop('deadline')
    await stored.catch(() => {}) // `run` throws it
  }

  async #conclude(outcome: Outcome): Promise<void> {
    if (this.#ended) return void (await this.#stored)
    if (this.#begun === undefined) return this.#giveUp(outcome)
    if (isCutOff(outcome)) return this.#requeue({ isRetry: false })
    await this.#follow(this.#kind.follow(outcome, this.#job, this.#begun.instance))
  }

  // It never had an instance: the function cannot be loaded, or the server stops.
  async #giveUp(outcome: Outcome): Promise<void> {
    const { id } = this.#job
    const isHopeless = outcome.type === 'failed' && outcome.fault.code.startsWith('load_')
    if (!isHopeless || !(await this.#begin('')))
      return this.#insist(() => this.#store.release([id], this.#runner))
    clearTimeout(this.#deadline)
    await this.#follow(this.#kind.follow(outcome, this.#job, ''))
  }

  #follow(sequel: Sequel): Promise<void> {
    return sequel.type === 'ends' ? this.#end(sequel.end) : this.#requeue(sequel.terms)
  }

  #requeue(terms: RequeueTerms): Promise<void> {
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
        if (!(await this.#mayTryAgain(cause))) throw cause
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

/** One is written at a time; what comes meanwhile takes the place of what waits, so that no flood of them fills the memory. */
export class Latest<Value> {
  readonly #write: (value: Value) => Promise<unknown>
  #waiting: { readonly value: Value } | undefined
  #isWriting = false

  /** @param write must not reject */
  constructor(write: (value: Value) => Promise<unknown>) {
    this.#write = write
  }

  /** This value is to be written, unless another one comes before its turn. */
  offer(value: Value): void {
    this.#waiting = { value }
    if (!this.#isWriting) void this.#writeAll()
  }

  async #writeAll(): Promise<void> {
    this.#isWriting = true
    for (let next = this.#take(); next !== undefined; next = this.#take()) await this.#write(next.value)
    this.#isWriting = false
  }

  #take(): { readonly value: Value } | undefined {
    const taken = this.#waiting
    this.#waiting = undefined
    return taken
  }
}

const uuidLength = 36
const nothing = Buffer.alloc(0)
