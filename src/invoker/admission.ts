// The way to a lease: first come first served, for callers bounded in number and in time (yandex.md S-2); jobs wait behind them.
// Owns the queues of those who wait and the count of leases that are out.

import { Fault } from '../errors.ts'
import type { Lease } from './slots.ts'
import type { Pool } from './pool.ts'

/** How many may wait, and for how long. */
export interface AdmissionLimits {
  readonly queue: number
  readonly queueTimeoutMs: number
}

/** How a job waits: behind callers, for some time, and for as long as it takes (jobs.md FN-4, CTL-9). */
export interface Patience {
  /** `performance.now()` since when it waits */
  readonly since: number
  /** whether an instance may be started for it */
  readonly mayGrow: boolean
  /** whether it goes on waiting while no instance can be loaded */
  readonly waitsForLoad: boolean
}

/** Who asks for a lease. */
export interface Entrant {
  readonly again?: boolean
  readonly patience?: Patience
}

interface Waiter {
  readonly grant: (lease: Lease) => void
  readonly refuse: (fault: Fault) => void
  readonly patience: Patience | undefined
}

/** Hands out the leases of a pool in order of arrival. */
export class Admission {
  readonly #pool: Pool
  readonly #limits: AdmissionLimits
  #waiting: Set<Waiter> = new Set()
  readonly #patient: Set<Waiter> = new Set()
  #leased = 0
  #closed = false
  #over = false

  constructor(pool: Pool, limits: AdmissionLimits) {
    this.#pool = pool
    this.#limits = limits
    pool.onChange = () => this.#dispatch()
  }

  /** Callers that wait for a lease. */
  get depth(): number {
    return this.#waiting.size
  }

  get closed(): boolean {
    return this.#closed
  }

  /**
   * Waits for a lease; dispose of it when the invocation is over.
   * @param entrant `again`: it was let in before and has lost its instance, so it goes first, also while draining; `patience`:
   * it is a job
   * @throws Fault queue_full, queue_timeout, draining, client_gone when `signal` aborts, or why the function cannot load
   */
  async enter(signal: AbortSignal, { again = false, patience }: Entrant = {}): Promise<Lease> {
    if (this.#over || (this.#closed && !again)) throw new Fault('draining', 'Service Unavailable')
    if (signal.aborted) throw clientGone()
    const lease = again || this.#isNext(patience) ? this.#pool.lease() : undefined
    if (lease !== undefined) return this.#count(lease)
    if (this.#pool.hopeless !== undefined && patience?.waitsForLoad !== true) throw this.#pool.hopeless
    if (this.#full && !again && patience === undefined)
      throw new Fault('queue_full', `${noNode} Concurrent requests exceeded`)
    const granted = this.#wait(signal, again, patience)
    this.#want()
    return this.#count(await granted)
  }

  /** Lets nobody in any more; callers who wait already are served. */
  close(): void {
    this.#closed = true
    for (const each of this.#patient) each.refuse(new Fault('draining', 'Service Unavailable'))
  }

  /** Refuses everybody who waits, and who comes from now on: also who has lost an instance (see `enter`). */
  refuseAll(): void {
    this.#over = true
    for (const each of this.#waiting) each.refuse(new Fault('draining', 'Service Unavailable'))
  }

  #isNext(patience: Patience | undefined): boolean {
    return this.#waiting.size === 0 && (patience === undefined || this.#patient.size === 0)
  }

  // A job that may not grow still needs a first instance.
  #want(): void {
    if (this.#waiting.size + this.#patient.size === 0) return
    const growing = [...this.#patient].filter(({ patience }) => patience?.mayGrow === true).length
    const first = this.#patient.size > 0 && this.#pool.isEmpty ? 1 : 0
    this.#pool.want(Math.max(first, this.#waiting.size + growing))
  }

  // Seats that exist but are not loaded yet count as free, so that a cold start takes the same calls as a warm one.
  get #full(): boolean {
    const { most, concurrency } = this.#pool.limits
    return this.#waiting.size + this.#leased >= most * concurrency + this.#limits.queue
  }

  #wait(signal: AbortSignal, first: boolean, patience: Patience | undefined): Promise<Lease> {
    const { promise, resolve, reject } = Promise.withResolvers<Lease>()
    const leave = (): void => {
      this.#waiting.delete(waiter)
      this.#patient.delete(waiter)
      clearTimeout(timer)
      signal.removeEventListener('abort', onAbort)
    }
    const waiter: Waiter = {
      grant: (lease) => {
        leave()
        resolve(lease)
      },
      refuse: (fault) => {
        leave()
        reject(fault)
      },
      patience,
    }
    const onAbort = (): void => waiter.refuse(clientGone())
    const onTimeout = (): void =>
      waiter.refuse(new Fault('queue_timeout', `${noNode} Queue wait time exceeded`))
    const timer = patience === undefined ? setTimeout(onTimeout, this.#limits.queueTimeoutMs) : undefined
    signal.addEventListener('abort', onAbort)
    if (first) this.#waiting = new Set([waiter, ...this.#waiting])
    else (patience === undefined ? this.#waiting : this.#patient).add(waiter)
    return promise
  }

  #count(lease: Lease): Lease {
    this.#leased++
    lease.onDisposed = this.#onDisposed
    return lease
  }

  readonly #onDisposed = (): void => void this.#leased--

  #dispatch(): void {
    for (let waiter = this.#next(); waiter !== undefined; waiter = this.#next()) {
      const lease = this.#pool.lease()
      if (lease === undefined) break
      waiter.grant(lease)
    }
    const { hopeless } = this.#pool
    if (hopeless !== undefined)
      for (const each of [...this.#waiting, ...this.#patient])
        if (each.patience?.waitsForLoad !== true) each.refuse(hopeless)
    this.#want()
  }

  #next(): Waiter | undefined {
    const [caller] = this.#waiting
    const [job] = this.#patient
    const waited = performance.now() - (job?.patience?.since ?? Infinity)
    return waited >= longestPatienceMs ? job : (caller ?? job)
  }
}

function clientGone(): Fault {
  return new Fault('client_gone', 'request cancelled')
}

// Callers go before a job that waits for less than this (jobs.md FN-4).
const longestPatienceMs = 10_000

const noNode = 'No node can serve the request:'
