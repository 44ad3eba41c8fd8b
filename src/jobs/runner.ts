// Runs jobs: reserves the next ones in the store, has each invoked when there is an instance, and keeps what it holds from
// lapsing. Owns which jobs this process holds.

import { randomUUID } from 'node:crypto'
import type { Events } from '../events.ts'
import { Attempt, type AttemptTerms, type JobInvoker } from './attempt.ts'
import type { JobKind } from './kinds/kind.ts'
import { isTerminal, type Job, type JobOrigin, type Work } from './model/job.ts'
import type { JobStore } from './model/store.ts'

/** What the runner needs besides the store. */
export interface RunnerSettings extends AttemptTerms {
  /** how many jobs may be reserved before there is an instance for them */
  readonly ahead: number
  /** how many tasks may run, or be reserved, at a time (tasks.md L3) */
  readonly tasksAtOnce: number
  readonly kindOf: (origin: JobOrigin) => JobKind
}

/** What a runner holds is another's after this long without a sign of it, in milliseconds. Its own restart waits for that, too. */
export const leaseMs = 6000

/** Takes jobs from a store until it is stopped. Several runners may share a store. */
export class Runner {
  /** name of this runner in the store */
  readonly id = randomUUID()
  readonly #store: JobStore
  readonly #invoker: JobInvoker
  readonly #settings: RunnerSettings
  readonly #events: Events
  readonly #held = new Map<string, Attempt>()
  readonly #endings = new Map<string, Promise<void>>()
  readonly #kept = new Set<string>()
  #renewal: NodeJS.Timeout | undefined
  #again: NodeJS.Timeout | undefined
  #filling = false
  #filled: Promise<void> | undefined
  #wanted = false
  #stopped = true
  #troubled = false

  constructor(store: JobStore, invoker: JobInvoker, settings: RunnerSettings, events: Events) {
    this.#store = store
    this.#invoker = invoker
    this.#settings = settings
    this.#events = events
  }

  /** Begins to take jobs. */
  start(): void {
    this.#stopped = false
    this.#renewal = setInterval(() => void this.renew(), renewEveryMs)
    this.fill()
  }

  /** Takes no more jobs; those that run go on. */
  close(): void {
    this.#stopped = true
    clearTimeout(this.#again)
  }

  /** Settles when everything that it held has been written back. May be called twice, or before `start`. */
  async stop(): Promise<void> {
    this.close()
    await this.#filled // a job that was just reserved is given back
    while (this.#endings.size > 0) await Promise.all(this.#endings.values())
    clearInterval(this.#renewal)
  }

  /** There may be a job that nobody has taken. */
  fill(): void {
    this.#wanted = true
    if (!this.#filling) this.#filled = this.#fill()
  }

  /** Says that it still has what it holds. Never rejects. */
  async renew(): Promise<void> {
    try {
      const lost = await this.#store.renew(
        this.id,
        [...this.#endings.keys(), ...this.#kept],
        leaseMs,
        Date.now(),
      )
      for (const id of lost) this.#held.get(id)?.abandon()
    } catch (cause) {
      this.#note(cause)
    }
  }

  /** Keeps a job that was submitted as begun from lapsing, until it is let go of. */
  keep(id: string): void {
    this.#kept.add(id)
  }

  /** See `keep`; nothing happens to one that is not kept. */
  letGo(id: string): void {
    this.#kept.delete(id)
  }

  /** A job has changed, by our doing or somebody else's: when it is ours no more, its handler is stopped. */
  noteChange(id: string, job: Job | undefined): void {
    const held = this.#held.get(id)
    if (held !== undefined && (job === undefined || isTerminal(job.state))) held.abandon()
    if (job?.state === 'IN_QUEUE' && held === undefined) this.fill()
  }

  async #fill(): Promise<void> {
    this.#filling = true
    try {
      while (this.#wanted) {
        this.#wanted = false
        while (!this.#stopped && this.#waiting < this.#settings.ahead) {
          const withoutTasks = this.#tasks >= this.#settings.tasksAtOnce
          const job = await this.#store.claim(this.id, leaseMs, Date.now(), withoutTasks)
          if (job === undefined) break
          this.#take(job)
        }
      }
      this.#troubled = false
    } catch (cause) {
      this.#note(cause)
      this.#again = setTimeout(() => this.fill(), pauseMs)
    } finally {
      this.#filling = false
    }
  }

  get #waiting(): number {
    return [...this.#held.values()].filter((each) => !each.isSeated).length
  }

  get #tasks(): number {
    return [...this.#held.values()].filter((each) => each.origin === 'task').length
  }

  #take(job: Work): void {
    const ending = this.#run(job).finally(() => {
      if (this.#endings.get(job.id) === ending) this.#endings.delete(job.id)
      this.fill()
    })
    this.#endings.set(job.id, ending)
  }

  // A job may come again before its earlier attempt has let go of the instance: at most one runs at a time (jobs.md C-1).
  async #run(job: Work): Promise<void> {
    const earlier = this.#endings.get(job.id)
    if (earlier !== undefined) await earlier // else it is held at once: what is taken next depends on what is held
    const attempt = new Attempt(
      job,
      this.id,
      this.#store,
      this.#settings.kindOf(job.origin),
      this.#settings,
      () => this.fill(),
      (cause) => this.#pause(cause),
    )
    this.#held.set(job.id, attempt)
    try {
      await attempt.run(this.#invoker)
    } catch (cause) {
      this.#note(cause)
    } finally {
      this.#held.delete(job.id)
    }
  }

  // Once it takes nothing new it leaves to the next start what cannot be written.
  async #pause(cause: unknown): Promise<boolean> {
    this.#note(cause)
    if (!this.#stopped) await new Promise((settle) => setTimeout(settle, pauseMs))
    return !this.#stopped
  }

  #note(cause: unknown): void {
    if (!this.#troubled) this.#events.emit('failure', { what: 'the store of jobs does not work', cause })
    this.#troubled = true
  }
}

const renewEveryMs = leaseMs / 3

const pauseMs = 1000
