// Sends completion messages to receivers (jobs.md WH-2, WH-3). The messages are in the store. Owns the attempts in flight, when
// the next one is due, and outcomes that the store could not take yet.

import type { Events } from '../../events.ts'
import { isTerminal, type JobWithInput } from '../model/job.ts'
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

/** Delivers what the store says is due. */
export class Deliverer {
  readonly #store: DeliveryStore
  readonly #receiverOf: (job: JobWithInput) => Receiver | undefined
  readonly #events: Events
  readonly #clock: Clock
  readonly #inFlight = new Map<AbortController, Promise<void>>()
  /** when deliveries that have failed are due again, the earliest first */
  readonly #retryTimes: number[] = []
  /** outcomes by delivery; the store takes them before it is asked for more, so that nothing is sent twice */
  readonly #unsettled = new Map<string, DeliveryOutcome>()
  #state: 'new' | 'running' | 'stopped' = 'new'
  #asking: Promise<void> | undefined
  #askAgain = false
  #storeFails = false
  #cancelWake = (): void => {}

  /** @param receiverOf finds the receiver of a job's end; undefined: there is none any more */
  constructor(
    store: DeliveryStore,
    receiverOf: (job: JobWithInput) => Receiver | undefined,
    events: Events,
    clock: Clock = systemClock,
  ) {
    this.#store = store
    this.#receiverOf = receiverOf
    this.#events = events
    this.#clock = clock
  }

  /** Starts with what the store holds from before. The store must have been started. */
  start(): void {
    if (this.#state !== 'new') return
    this.#state = 'running'
    this.#store.onChange({
      changed: ({ notify, state }) => {
        if (notify && isTerminal(state)) this.#wake()
      },
      missed: () => {
        this.#wake()
        return []
      },
    })
    this.#wake()
  }

  /**
   * Breaks off what is in flight; the next deliverer of the store sends it again when its reservation has lapsed.
   * May be called twice, or before `start`.
   */
  async stop(): Promise<void> {
    this.#state = 'stopped'
    this.#cancelWake()
    for (const attempt of this.#inFlight.keys()) attempt.abort()
    await Promise.all([this.#asking, ...this.#inFlight.values()])
    await this.#settleRest().catch((cause: unknown) => this.#announceFailure(cause))
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
      this.#announceFailure(cause)
      this.#wakeIn(storePauseMs)
    } finally {
      this.#asking = undefined // at once: what wakes it from now on makes it ask anew
    }
  }

  // What wakes it while it asks makes it ask once more.
  #takeAsk(): boolean {
    const wanted = this.#askAgain && this.#state === 'running'
    this.#askAgain = false
    return wanted
  }

  async #settleRest(): Promise<void> {
    for (const [id, { retryMs: ms }] of this.#unsettled) {
      await this.#store.settleDelivery(id, ms)
      this.#unsettled.delete(id)
      if (ms !== undefined) this.#retryTimes.push(this.#clock.now() + ms)
    }
  }

  async #takeDue(): Promise<void> {
    const free = most - this.#inFlight.size
    if (free === 0) return // the end of a try wakes us
    const now = this.#clock.now()
    const due = await this.#store.dueDeliveries(free, leaseMs)
    if (this.#state !== 'running') return
    while ((this.#retryTimes[0] ?? Infinity) <= now) this.#retryTimes.shift()
    for (const delivery of due) this.#start(delivery)
  }

  #start(delivery: Delivery): void {
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
      if (this.#state === 'running')
        this.#unsettled.set(delivery.id, this.#toOutcome(delivery, receiver, cause))
    } finally {
      cancelLimit()
    }
  }

  #toOutcome({ job, attempts }: Delivery, receiver: Receiver | undefined, cause: unknown): DeliveryOutcome {
    const last = cause instanceof RefusedError || attempts + 1 >= mostAttempts
    if (!last) return { retryMs }
    this.#events.emit('delivery-failed', {
      jobId: job.id,
      receiver: receiver?.name ?? 'no receiver',
      attempts: attempts + 1,
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
  #announceFailure(cause: unknown): void {
    if (!this.#storeFails)
      this.#events.emit('failure', { what: 'the job store fails: deliveries wait', cause })
    this.#storeFails = true
  }

  #announceRecovery(): void {
    if (this.#storeFails)
      this.#events.emit('recovered', { what: 'the job store works again: deliveries go on' })
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
interface DeliveryOutcome {
  readonly retryMs?: number
}

// jobs.md WH-2, WH-3
const most = 16
const mostAttempts = 3
const tryMs = 10_000
const retryMs = 10_000

// Longer than an attempt.
const leaseMs = 30_000

// How often the store is asked without a known reason: what a dead process has left behind is due at times that it knew.
const pollMs = 10_000

const storePauseMs = 1000
