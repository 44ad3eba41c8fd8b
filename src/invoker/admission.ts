// The way to a lease: first come first served, bounded in number and in time (yandex.md S-2).
// Owns the queue of those who wait and the count of leases that are out.

import { Fault } from '../errors.ts'
import type { Lease } from './seats.ts'
import type { Pool } from './pool.ts'

/** How many may wait, and for how long. */
export interface AdmissionLimits {
  readonly queue: number
  readonly queueTimeoutMs: number
}

interface Waiter {
  readonly grant: (lease: Lease) => void
  readonly refuse: (fault: Fault) => void
}

/** Hands out the leases of a pool in order of arrival. */
export class Admission {
  readonly #pool: Pool
  readonly #limits: AdmissionLimits
  #waiting: Set<Waiter> = new Set()
  #leased = 0
  #closed = false

  constructor(pool: Pool, limits: AdmissionLimits) {
    this.#pool = pool
    this.#limits = limits
    pool.onChange = () => this.#dispatch()
  }

  /** Invocations that wait for a lease. */
  get depth(): number {
    return this.#waiting.size
  }

  get closed(): boolean {
    return this.#closed
  }

  /**
   * Waits for a lease; dispose of it when the invocation is over.
   * @param again for an invocation that was let in before and has lost its instance: it goes first, also while draining
   * @throws Fault queue_full, queue_timeout, draining, client_gone when `signal` aborts, or why the function cannot load
   */
  async enter(signal: AbortSignal, again = false): Promise<Lease> {
    if (this.#closed && !again) throw new Fault('draining', 'Service Unavailable')
    if (signal.aborted) throw clientGone()
    const lease = this.#waiting.size === 0 || again ? this.#pool.lease() : undefined
    if (lease !== undefined) return this.#count(lease)
    if (this.#pool.hopeless !== undefined) throw this.#pool.hopeless
    if (this.#full && !again) throw new Fault('queue_full', `${noNode} Concurrent requests exceeded`)
    const granted = this.#wait(signal, again)
    this.#pool.want(this.#waiting.size)
    return this.#count(await granted)
  }

  /** Lets nobody in any more; who waits already is served. */
  close(): void {
    this.#closed = true
  }

  /** Refuses everybody who waits. */
  refuseAll(): void {
    for (const each of this.#waiting) each.refuse(new Fault('draining', 'Service Unavailable'))
  }

  // Seats that exist but are not loaded yet count as free, so that a cold start takes the same calls as a warm one.
  get #full(): boolean {
    const { most, concurrency } = this.#pool.limits
    return this.#waiting.size + this.#leased >= most * concurrency + this.#limits.queue
  }

  #wait(signal: AbortSignal, first: boolean): Promise<Lease> {
    const { promise, resolve, reject } = Promise.withResolvers<Lease>()
    const leave = (): void => {
      this.#waiting.delete(waiter)
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
    }
    const onAbort = (): void => waiter.refuse(clientGone())
    const onTimeout = (): void =>
      waiter.refuse(new Fault('queue_timeout', `${noNode} Queue wait time exceeded`))
    const timer = setTimeout(onTimeout, this.#limits.queueTimeoutMs)
    signal.addEventListener('abort', onAbort)
    if (first) this.#waiting = new Set([waiter, ...this.#waiting])
    else this.#waiting.add(waiter)
    return promise
  }

  #count(lease: Lease): Lease {
    this.#leased++
    return {
      ...lease,
      [Symbol.dispose]: () => {
        lease[Symbol.dispose]()
        this.#leased--
      },
    }
  }

  #dispatch(): void {
    for (const waiter of this.#waiting) {
      const lease = this.#pool.lease()
      if (lease === undefined) break
      waiter.grant(lease)
    }
    const { hopeless } = this.#pool
    if (hopeless !== undefined) for (const each of this.#waiting) each.refuse(hopeless)
    this.#pool.want(this.#waiting.size)
  }
}

function clientGone(): Fault {
  return new Fault('client_gone', 'request cancelled')
}

const noNode = 'No node can serve the request:'
