// Tells receivers that jobs have ended (jobs.md WH-2, WH-3). What is to be told is in the store; this owns the tries in flight, when
// the next one is due, and verdicts that the store could not take yet.

import type { Events } from '../../events.ts'
import { isTerminal, type Work } from '../model/job.ts'
import { RefusedError, type Receiver } from './receiver.ts'
import type { Delivery, JobStore } from '../model/store.ts'

/** Tells the time, and calls when some of it has passed. */
export interface Clock {
  /** epoch milliseconds */
  readonly now: () => number
  /** Calls once, after so many milliseconds. @returns takes it back; may be called at any time */
  readonly after: (ms: number, callback: () => void) => () => void
}

/** What a deliverer needs of the store. */
export type DeliveryStore = Pick<JobStore, 'onChange' | 'dueDeliveries' | 'settleDelivery'>

/** Delivers what the store says is due, beside everything else: nobody waits for it. */
export class Deliverer {
  readonly #store: DeliveryStore
  readonly #runner: string
  readonly #receiverOf: (job: Work) => Receiver | undefined
  readonly #events: Events
  readonly #clock: Clock
  readonly #inFlight = new Map<AbortController, Promise<void>>()
  /** when deliveries that have failed are due again, the earliest first */
  readonly #retryTimes: number[] = []
  /** verdicts by delivery; nothing is asked for before the store has taken them, so nothing is sent twice */
  readonly #unsettled = new Map<string, Verdict>()
  #state: 'new' | 'running' | 'stopped' = 'new'
  #asking: Promise<void> | undefined
  #askAgain = false
  #storeFails = false
  #cancelWake = (): void => {}

  /**
   * @param runner who reserves deliveries
   * @param receiverOf whom to tell of a job's end; undefined: nobody any more
   */
  constructor(
    store: DeliveryStore,
    runner: string,
    receiverOf: (job: Work) => Receiver | undefined,
    events: Events,
    clock: Clock = systemClock,
  ) {
    this.#store = store
    this.#runner = runner
    this.#receiverOf = receiverOf
    this.#events = events
    this.#clock = clock
  }

  /** Begins with what the store holds from before. The store must have been started. */
  start(): void {
    if (this.#state !== 'new') return
    this.#state = 'running'
    this.#store.onChange((_id, job) => {
      if (job?.notify === true && isTerminal(job.state)) this.#wake()
    })
    this.#wake()
  }

  /**
   * Breaks off what is in flight; it is tried again when its reservation has lapsed, by whoever serves the store then.
   * May be called twice, or before `start`.
   */
  async stop(): Promise<void> {
    this.#state = 'stopped'
    this.#cancelWake()
    for (const attempt of this.#inFlight.keys()) attempt.abort()
    await Promise.all([this.#asking, ...this.#inFlight.values()])
    await this.#settleRest().catch((cause: unknown) => this.#announceTrouble(cause))
  }

  #wake(): void {
    if (this.#state !== 'running') return
    this.#cancelWake()
    this.#askAgain = true
    this.#asking ??= this.#ask()
  }

  async #ask(): Promise<void> {
    try {
      while (this.#takeAsk()) {
        await this.#settleRest()
        await this.#takeDue()
      }
      this.#announceRecovery()
      this.#wakeIn(this.#untilNextDue())
    } catch (cause) {
      this.#announceTrouble(cause)
      this.#wakeIn(storePauseMs)
    } finally {
      this.#asking = undefined // at once: whoever wakes us from now on has us ask anew
    }
  }

  // Whoever wakes us while we ask has us ask once more.
  #takeAsk(): boolean {
    const wanted = this.#askAgain && this.#state === 'running'
    this.#askAgain = false
    return wanted
  }

  async #settleRest(): Promise<void> {
    for (const [id, { retryAt }] of this.#unsettled) {
      await this.#store.settleDelivery(id, retryAt)
      this.#unsettled.delete(id)
      if (retryAt !== undefined) this.#retryTimes.push(retryAt)
    }
  }

  async #takeDue(): Promise<void> {
    const free = most - this.#inFlight.size
    if (free === 0) return // the end of a try wakes us
    const now = this.#clock.now()
    const due = await this.#store.dueDeliveries(this.#runner, free, leaseMs, now)
    if (this.#state !== 'running') return
    while ((this.#retryTimes[0] ?? Infinity) <= now) this.#retryTimes.shift()
    for (const delivery of due) this.#begin(delivery)
  }

  #begin(delivery: Delivery): void {
    const attempt = new AbortController()
    const done = this.#deliver(delivery, attempt).finally(() => {
      this.#inFlight.delete(attempt)
      this.#wake()
    })
    this.#inFlight.set(attempt, done)
  }

  async #deliver(delivery: Delivery, attempt: AbortController): Promise<void> {
    let receiver: Receiver | undefined
    const cancelLimit = this.#clock.after(tryMs, () => attempt.abort())
    try {
      receiver = this.#receiverOf(delivery.job)
      await receiver?.send(delivery.job, attempt.signal)
      this.#unsettled.set(delivery.id, {})
    } catch (error) {
      const cause = attempt.signal.aborted ? new Error(`it took longer than ${tryMs} ms`) : error
      // Broken off by a stop, it has not failed.
      if (this.#state === 'running') this.#unsettled.set(delivery.id, this.#judge(delivery, receiver, cause))
    } finally {
      cancelLimit()
    }
  }

  #judge({ job, tries }: Delivery, receiver: Receiver | undefined, cause: unknown): Verdict {
    const last = cause instanceof RefusedError || tries + 1 >= mostTries
    if (!last) return { retryAt: this.#clock.now() + retryMs }
    this.#events.emit('delivery-given-up', {
      jobId: job.id,
      receiver: receiver?.name ?? 'nobody',
      tries: tries + 1,
      reason: cause instanceof Error ? cause.message : 'it failed',
    })
    return {}
  }

  // With every place taken, the end of a try wakes us.
  #untilNextDue(): number {
    const next = this.#inFlight.size < most ? this.#retryTimes[0] : undefined
    return Math.min(pollMs, Math.max(0, (next ?? Infinity) - this.#clock.now()))
  }

  #wakeIn(ms: number): void {
    if (this.#state === 'running') this.#cancelWake = this.#clock.after(ms, () => this.#wake())
  }

  // Once for each outage.
  #announceTrouble(cause: unknown): void {
    if (!this.#storeFails)
      this.#events.emit('trouble', { what: 'the job store fails: deliveries wait', cause })
    this.#storeFails = true
  }

  #announceRecovery(): void {
    if (this.#storeFails)
      this.#events.emit('trouble-over', { what: 'the job store works again: deliveries go on' })
    this.#storeFails = false
  }
}

/** The machine's clock. Its timers do not keep the program running. */
const systemClock: Clock = {
  now: () => Date.now(),
  after: (ms, callback) => {
    const timer = setTimeout(callback, ms).unref()
    return () => clearTimeout(timer)
  },
}

/** How a delivery has ended, or when it is to be tried again. */
interface Verdict {
  readonly retryAt?: number
}

// jobs.md WH-2, WH-3
const most = 16
const mostTries = 3
const tryMs = 10_000
const retryMs = 10_000

// Longer than a try: who holds a delivery for so long has died.
const leaseMs = 30_000

// How often the store is asked without a reason that we know of: what others have left behind is due at times that they knew.
const pollMs = 10_000

const storePauseMs = 1000
