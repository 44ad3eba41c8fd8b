// Runs jobs: reserves them in the store, has each invoked when there is an instance, and renews its reservations. Owns the attempts
// of this process.

import { randomUUID } from 'node:crypto'
import type { Events } from '../events.ts'
import { Attempt, type AttemptParts, type JobInvoker } from './attempt.ts'
import type { JobKind } from './kinds/kind.ts'
import {
  isTerminal,
  type Job,
  type JobOrigin,
  type NewJob,
  type TaskTerms,
  type JobWithInput,
} from './model/job.ts'
import type { Change, JobStore, Submitted, SubmitTerms } from './model/store.ts'
import { newRow, toJobWithInput } from './store/rows.ts'

/** What the operator has decided about running jobs. */
export interface RunnerSettings extends Pick<AttemptParts, 'streamLimit'> {
  /** how many jobs may be reserved before there is an instance for them */
  readonly ahead: number
  /** how many tasks may run, or be reserved, at a time (tasks.md L3) */
  readonly tasksAtOnce: number
  readonly kindOf: (origin: JobOrigin) => JobKind
}

/** Milliseconds after which the jobs of a runner that gives no sign are taken over. Its own restart waits for that, too. */
export const leaseMs = 6000

/** Takes jobs from a store until it is stopped. Several runners may share a store. */
export class Runner {
  /** name of this runner in the store */
  readonly id = randomUUID()
  readonly #store: JobStore
  readonly #invoker: JobInvoker
  readonly #settings: RunnerSettings
  readonly #events: Events
  readonly #parts: AttemptParts
  readonly #attempts = new Map<string, Attempt>()
  readonly #running = new Map<string, Promise<void>>()
  /** jobs that were submitted as begun, whose lease is renewed until they are forgotten */
  readonly #begun = new Set<string>()
  #renewal: NodeJS.Timeout | undefined
  #pause: NodeJS.Timeout | undefined
  #filling: Promise<void> | undefined
  #isWanted = false
  #stopped = true
  #hasFailed = false

  constructor(store: JobStore, invoker: JobInvoker, settings: RunnerSettings, events: Events) {
    this.#store = store
    this.#invoker = invoker
    this.#settings = settings
    this.#events = events
    this.#parts = {
      runner: this.id,
      store,
      streamLimit: settings.streamLimit,
      onStarted: () => this.#fill(),
      mayRetryWrite: (cause) => this.#mayRetryWrite(cause),
    }
  }

  start(): void {
    this.#stopped = false
    this.#renewal = setInterval(() => void this.renew(), leaseMs / 3)
    this.fill()
  }

  /** Takes no more jobs; those that run go on. */
  close(): void {
    this.#stopped = true
    clearTimeout(this.#pause)
  }

  /** Settles when everything that it held has been written back. May be called twice, or before `start`. */
  async stop(): Promise<void> {
    this.close()
    await this.#filling // a job that was just reserved is released
    while (this.#running.size > 0) await Promise.all(this.#running.values())
    clearInterval(this.#renewal)
  }

  /** Looks for jobs in the queue: there may be one. */
  fill(): void {
    this.#isWanted = true
    this.#fill()
  }

  /** Terms that reserve a job for this runner as it is submitted; none when another one goes first. */
  reserve(job: NewJob, task: TaskTerms | undefined): Pick<SubmitTerms, 'reserve'> {
    const isFull = job.origin === 'task' && this.#tasks >= this.#settings.tasksAtOnce
    const mayRun =
      !this.#stopped && this.#filling === undefined && !this.#isWanted && this.#room > 0 && !isFull
    return mayRun && (task?.delayMs ?? 0) === 0 ? { reserve: { runner: this.id, leaseMs } } : {}
  }

  /** Runs a job that is being submitted so: it starts if it is reserved. */
  async runReserved(job: NewJob, task: TaskTerms | undefined, submitting: Promise<Submitted>): Promise<void> {
    this.#take(toJobWithInput(newRow(job, task, 0, this.#store.now()), job))
    const submitted = await submitting.catch(() => undefined)
    if (submitted?.type === 'accepted' && submitted.reserved === true) return
    this.#attempts.get(job.id)?.abandon()
    this.fill()
  }

  /** Renews the leases of what it holds. Never rejects. */
  async renew(): Promise<void> {
    try {
      const ids = [...this.#running.keys(), ...this.#begun]
      for (const id of await this.#store.renew(this.id, ids, leaseMs)) this.#attempts.get(id)?.abandon()
    } catch (cause) {
      this.#noteFailure(cause)
    }
  }

  /** Renews the lease of a job that was submitted as begun, until it is forgotten. */
  keepBegun(id: string): void {
    this.#begun.add(id)
  }

  forgetBegun(id: string): void {
    this.#begun.delete(id)
  }

  /** Ids of the jobs that it holds. */
  get held(): Iterable<string> {
    return this.#running.keys()
  }

  /** The job as an attempt of this process ends it; see Attempt. */
  endedJob(id: string): Promise<Job | undefined> | undefined {
    return this.#attempts.get(id)?.endedJob
  }

  /** Handles a change: stops the handler of an ended job; looks for work when a job is queued. */
  noteChange({ id, state, removed }: Change): void {
    const attempt = this.#attempts.get(id)
    if (removed || isTerminal(state)) attempt?.abandon()
    else if (state === 'IN_QUEUE' && attempt?.isWaiting !== true) this.fill()
  }

  #fill(): void {
    if (this.#isWanted && !this.#stopped && this.#room > 0) this.#filling ??= this.#claim()
  }

  async #claim(): Promise<void> {
    try {
      while (this.#isWanted && !this.#stopped && this.#room > 0) {
        this.#isWanted = false
        const limit = this.#room
        const tasks = Math.max(0, this.#settings.tasksAtOnce - this.#tasks)
        const jobs = await this.#store.claim(this.id, { leaseMs, limit, tasks })
        for (const each of jobs) this.#take(each)
        this.#isWanted ||= jobs.length === limit
      }
      this.#hasFailed = false
    } catch (cause) {
      this.#noteFailure(cause)
      this.#pause = setTimeout(() => this.fill(), pauseMs)
    } finally {
      this.#filling = undefined
    }
  }

  /** how many more may be reserved */
  get #room(): number {
    let waiting = 0
    for (const each of this.#attempts.values()) if (each.isWaiting) waiting++
    return this.#settings.ahead - waiting
  }

  get #tasks(): number {
    let tasks = 0
    for (const { origin } of this.#attempts.values()) if (origin === 'task') tasks++
    return tasks
  }

  #take(job: JobWithInput): void {
    const running = this.#run(job).finally(() => {
      if (this.#running.get(job.id) === running) this.#running.delete(job.id)
      this.#fill()
    })
    this.#running.set(job.id, running)
  }

  // A job may come again before its earlier attempt has released the instance: at most one runs at a time (jobs.md C-1).
  async #run(job: JobWithInput): Promise<void> {
    const earlier = this.#running.get(job.id)
    if (earlier !== undefined) await earlier // else it is held at once: how many are claimed depends on what is held
    const attempt = new Attempt(job, this.#settings.kindOf(job.origin), this.#parts)
    this.#attempts.set(job.id, attempt)
    try {
      await attempt.run(this.#invoker)
    } catch (cause) {
      this.#noteFailure(cause)
    } finally {
      this.#attempts.delete(job.id)
      // It may be in the queue again; or a task could not be claimed beside it.
      if (attempt.isWaiting || attempt.origin === 'task') this.#isWanted = true
    }
  }

  // Once it takes nothing new, it leaves what cannot be written to the next start.
  async #mayRetryWrite(cause: unknown): Promise<boolean> {
    this.#noteFailure(cause)
    if (!this.#stopped) await new Promise((settle) => setTimeout(settle, pauseMs))
    return !this.#stopped
  }

  // Once for each outage.
  #noteFailure(cause: unknown): void {
    if (!this.#hasFailed) this.#events.emit('failure', { what: 'the store of jobs does not work', cause })
    this.#hasFailed = true
  }
}

const pauseMs = 1000
