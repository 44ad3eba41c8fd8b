// The engine of jobs: a store, its runner and deliverer, and sweeps of what has expired. Owns the watchers of jobs.

import { Fault } from '../errors.ts'
import type { Events } from '../events.ts'
import type { InstanceState } from '../invoker/instanceState.ts'
import type { JobInvoker } from './attempt.ts'
import { Deliverer } from './delivery/deliverer.ts'
import type { Job, JobRecord, NewJob, JobWithInput } from './model/job.ts'
import type { Receiver } from './delivery/receiver.ts'
import { leaseMs, Runner, type RunnerSettings } from './runner.ts'
import type { Health, JobService } from './service.ts'
import {
  StoreError,
  type AttemptEnd,
  type Change,
  type ChunkPage,
  type JobStore,
  type Retried,
  type Submitted,
  type SubmitTerms,
} from './model/store.ts'

/** What the operator has decided about jobs. */
export interface EngineSettings extends RunnerSettings {
  /** most jobs that may wait */
  readonly queueLimit: number
  /** attempts in all of a job whose container died (jobs.md DUR-4) */
  readonly attempts: number
  /** how many tasks that have ended are kept (tasks.md K1) */
  readonly tasksKept: number
}

/** How the instances are, for `/health`. */
export interface InstanceReport {
  readonly countByState: Readonly<Record<InstanceState, number>>
  /** why none can be loaded */
  readonly failure: string | undefined
}

/** Other parts that the engine asks. */
export interface EngineParts {
  readonly instances: () => InstanceReport
  /** takes the message about a job's end; undefined: there is none */
  readonly receiverOf: (job: JobWithInput) => Receiver | undefined
}

/** Runs jobs, and answers requests for them. */
export class JobEngine implements JobService {
  readonly #store: JobStore
  readonly #settings: EngineSettings
  readonly #events: Events
  readonly #instances: () => InstanceReport
  readonly #runner: Runner
  readonly #deliverer: Deliverer
  readonly #watchers = new Map<string, Set<(change: Change) => void>>()
  readonly #draining = new AbortController()
  #sweepAt = Infinity
  #sweeper: NodeJS.Timeout | undefined
  #started: Promise<void> | undefined
  #isOpen = false
  #isWanted = false
  #stopped = false
  #sweepFails = false

  constructor(
    store: JobStore,
    invoker: JobInvoker,
    settings: EngineSettings,
    parts: EngineParts,
    events: Events,
  ) {
    this.#store = store
    this.#settings = settings
    this.#instances = parts.instances
    this.#events = events
    this.#runner = new Runner(store, invoker, settings, events)
    this.#deliverer = new Deliverer(store, parts.receiverOf, events)
    store.onChange({ changed: (change) => this.#noteChange(change), missed: () => this.#catchUp() })
  }

  /**
   * Opens the store, and goes on with the jobs in it; so does the first request for a job. May be called twice.
   * @throws Fault store_unavailable; it may be called again
   */
  start(): Promise<void> {
    this.#isWanted = true
    this.#started ??= this.#start().catch((error: unknown) => {
      this.#started = undefined
      throw error
    })
    return this.#started
  }

  async #start(): Promise<void> {
    await withFaults(this.#store.start())
    this.#isOpen = true
    if (this.#stopped) return
    this.#runner.start()
    this.#deliverer.start()
    this.#sweepSoon(0)
  }

  /** Takes nothing new, and answers requests that wait. */
  drain(): void {
    this.#draining.abort()
    this.#runner.close()
  }

  /** Writes back what was cut off, and closes the store. The invoker runs nothing any more. May be called twice, or before `start`. */
  async stop(): Promise<void> {
    this.drain()
    this.#stopped = true
    clearTimeout(this.#sweeper)
    await this.#runner.stop()
    await this.#deliverer.stop()
    await this.#store.stop()
  }

  get draining(): AbortSignal {
    return this.#draining.signal
  }

  submit(job: NewJob, idempotency?: SubmitTerms['idempotency']): Promise<Submitted> {
    const { queueLimit } = this.#settings
    return this.accept(job, { queueLimit, ...(idempotency === undefined ? {} : { idempotency }) })
  }

  async find(id: string): Promise<Job | undefined> {
    const job = await this.findAny(id)
    return job?.origin === 'task' ? undefined : job
  }

  async findRemoved(id: string): Promise<Job | undefined> {
    const job = await this.#ask((store) => store.findRemoved(id))
    return job?.origin === 'task' ? undefined : job
  }

  cancel(id: string): Promise<JobRecord | undefined> {
    return this.#ask((store) => store.cancel(id))
  }

  async retry(id: string): Promise<Retried> {
    this.#refuseWhileDraining()
    return this.#ask((store) => store.retry(id, { queueLimit: this.#settings.queueLimit }))
  }

  purge(): Promise<number> {
    return this.#ask((store) => store.purge())
  }

  async keepFor(id: string, ms: number): Promise<Job | undefined> {
    const job = await this.#ask((store) => store.keepFor(id, ms))
    return job && this.find(id)
  }

  chunks(id: string, from: number, maxBytes: number): Promise<ChunkPage> {
    return this.#ask((store) => store.chunks(id, from, maxBytes))
  }

  undelivered(id: string, maxBytes: number): Promise<ChunkPage> {
    return this.#ask((store) => store.undelivered(id, maxBytes))
  }

  markDelivered(id: string, indexes: readonly number[]): Promise<void> {
    return this.#ask((store) => store.markDelivered(id, indexes))
  }

  async health(): Promise<Health> {
    const { countByState, failure } = this.#instances()
    return {
      jobs: await this.#ask((store) => store.count()),
      instances: {
        idle: countByState.idle,
        running: countByState.busy + countByState.retiring,
        initializing: countByState.loading,
        unhealthy: failure === undefined ? 0 : 1,
      },
      ...(failure === undefined ? {} : { lastError: failure }),
    }
  }

  /** Stores a job of any kind. @throws Fault draining, store_unavailable */
  async accept(job: NewJob, terms: SubmitTerms): Promise<Submitted> {
    this.#refuseWhileDraining()
    return this.#ask((store) => {
      const reserve = terms.begun === undefined ? this.#runner.reserve(job, terms.task) : {}
      const submitting = store.submit(job, { ...terms, ...reserve })
      if (reserve.reserve === undefined)
        this.#runner.fill() // it may be claimed while the disk is waited for
      else void this.#runner.runReserved(job, terms.task, submitting)
      return submitting
    })
  }

  /** A job of any kind. Calls that are no jobs are looked up, too: that does not open the store. @throws Fault store_unavailable */
  async findAny(id: string): Promise<Job | undefined> {
    if (!this.#isWanted) return undefined
    const ended = await this.#runner.endedJob(id)
    return ended ?? this.#ask((store) => store.find(id))
  }

  /** Keeps the progress of an attempt. @returns false when it is not the running one. @throws Fault store_unavailable */
  progress(id: string, attempt: number, json: Buffer): Promise<boolean> {
    return this.#ask((store) => store.progress({ id, runner: this.#runner.id, attempt }, json))
  }

  /** Stores a job that runs already, on an instance; it does not lapse until `finish`. @throws Fault draining, store_unavailable */
  async acceptBegun(job: NewJob, terms: SubmitTerms, instance: string): Promise<Submitted> {
    const begun = { runner: this.#runner.id, instance, leaseMs }
    const submitted = await this.accept(job, { ...terms, begun })
    if (submitted.type === 'accepted') this.#runner.keepBegun(job.id)
    return submitted
  }

  /** Ends such a job. @throws Fault store_unavailable */
  async finish(id: string, end: AttemptEnd): Promise<void> {
    await this.#ask((store) => store.finish({ id, runner: this.#runner.id, attempt: 1 }, end))
    this.#runner.forgetBegun(id)
  }

  watch(id: string, listener: (change: Change) => void): () => void {
    const watchers = this.#watchers.get(id) ?? new Set()
    this.#watchers.set(id, watchers.add(listener))
    return () => {
      watchers.delete(listener)
      if (watchers.size === 0) this.#watchers.delete(id)
    }
  }

  #noteChange(change: Change): void {
    this.#runner.noteChange(change)
    for (const each of this.#watchers.get(change.id) ?? []) each(change)
    this.#sweepSoon(Math.max(leastPauseMs, change.dueAt - this.#store.now()))
  }

  // Changes were missed: there may be jobs in the queue, and leases have not been renewed.
  #catchUp(): Iterable<string> {
    this.#sweepSoon(0)
    return [...this.#watchers.keys(), ...this.#runner.held]
  }

  #sweepSoon(ms: number): void {
    const at = performance.now() + ms
    if (this.#stopped || at >= this.#sweepAt) return
    this.#sweepAt = at
    clearTimeout(this.#sweeper)
    this.#sweeper = setTimeout(() => void this.#sweep(), Math.min(ms, longestPauseMs))
  }

  async #sweep(): Promise<void> {
    this.#sweepAt = Infinity
    try {
      const { attempts, tasksKept } = this.#settings
      void this.#runner.renew() // a machine that slept, or a clock that was set, has let leases lapse while jobs go on
      const next = await this.#store.sweep({ attempts, tasksKept })
      if (next !== undefined) this.#sweepSoon(Math.max(leastPauseMs, next - this.#store.now()))
      this.#sweepFails = false
      this.#runner.fill()
    } catch (cause) {
      if (!this.#sweepFails)
        this.#events.emit('failure', {
          what: 'what has expired in the store of jobs cannot be removed',
          cause,
        })
      this.#sweepFails = true
      this.#sweepSoon(failurePauseMs)
    }
  }

  async #ask<Value>(question: (store: JobStore) => Promise<Value>): Promise<Value> {
    if (!this.#isOpen) await this.start()
    return withFaults(question(this.#store))
  }

  #refuseWhileDraining(): void {
    if (this.#draining.signal.aborted) throw new Fault('draining', 'Service Unavailable')
  }
}

async function withFaults<Value>(answer: Promise<Value>): Promise<Value> {
  try {
    return await answer
  } catch (cause) {
    if (!(cause instanceof StoreError)) throw cause
    const message = `the store of jobs does not work: ${cause.message}`
    throw new Fault('store_unavailable', message, { cause })
  }
}

const leastPauseMs = 100
const longestPauseMs = 60_000

// A lease that has lapsed meanwhile waits for the sweep.
const failurePauseMs = 2000
