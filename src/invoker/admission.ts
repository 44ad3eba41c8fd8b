// The way to an instance: first come first served, for callers bounded in number and in time (yandex.md S-2); jobs wait behind
// them. Owns the queues of the calls that wait, and which calls are inside.

import { Fault } from '../errors.ts'
import type { Call, CallHolder } from '../invocation.ts'
import { clientGone } from './callFrames.ts'
import type { Instance } from './instance.ts'
import type { Pool } from './pool.ts'

/** How many calls may wait, and for how long. */
export interface AdmissionLimits {
  readonly queue: number
  readonly queueTimeoutMs: number
}

/** Gives calls to the instances of a pool in order of arrival. */
export class Admission implements CallHolder {
  readonly #pool: Pool
  readonly #limits: AdmissionLimits
  readonly #onFailed: (call: Call, fault: Fault) => void
  // Both in order of arrival; a call that has lost its instance goes first.
  #callers = new Set<Call>()
  readonly #jobs = new Set<Call>()
  /** callers that wait or run, and jobs that run */
  readonly #inside = new Set<Call>()
  #closed = false
  #over = false

  /** @param onFailed told of a call that will not get an instance */
  constructor(pool: Pool, limits: AdmissionLimits, onFailed: (call: Call, fault: Fault) => void) {
    this.#pool = pool
    this.#limits = limits
    this.#onFailed = onFailed
    pool.onChange = () => this.#dispatch()
  }

  /** Callers that wait: those that were sent ahead and have not begun, too. */
  get depth(): number {
    let depth = 0
    for (const { state, job } of this.#inside) if (state === 'queued' && job === undefined) depth++
    return depth
  }

  get closed(): boolean {
    return this.#closed
  }

  /**
   * Starts a call, or lets it wait. It fails with queue_full, queue_timeout, draining or why the function cannot load.
   * @param again it was let in before and has lost its instance: it goes first, also while draining
   */
  enter(call: Call, again = false): void {
    const isJob = call.job !== undefined
    if (this.#over || (this.#closed && !again)) return this.#onFailed(call, draining())
    const instance = again || this.#isNext(isJob) ? this.#pool.findRoom() : undefined
    if (instance !== undefined) {
      this.#inside.add(call)
      return instance.start(call)
    }
    const { hopeless } = this.#pool
    if (hopeless !== undefined && call.job?.waitsForLoad !== true) return this.#onFailed(call, hopeless)
    if (this.#isFull && !again && !isJob)
      return this.#onFailed(call, new Fault('queue_full', `${noNode} Concurrent requests exceeded`))
    this.#wait(call, again)
    this.#dispatch()
  }

  /** Takes back calls that were sent ahead and have not begun, in their order. */
  takeBack(calls: readonly Call[]): void {
    for (const call of calls) call.holder = this
    this.#callers = new Set([...calls, ...this.#callers])
    if (this.#over) for (const call of calls) this.#fail(call, draining())
    else this.#dispatch()
  }

  /** A call is over. */
  leave(call: Call): void {
    this.#inside.delete(call)
  }

  /** Lets no call in any more; callers who wait already are served. */
  close(): void {
    this.#closed = true
    for (const each of this.#jobs) this.#fail(each, draining())
  }

  /** Refuses every call that waits, and each that comes from now on: also one that has lost an instance (see `enter`). */
  refuseAll(): void {
    this.#over = true
    for (const each of this.#callers) this.#fail(each, draining())
  }

  cancel(call: Call): void {
    this.#fail(call, clientGone.fault)
  }

  withdraw(call: Call): boolean {
    return this.#callers.delete(call) || this.#jobs.delete(call)
  }

  resume(): void {
    // what waits has no chunks
  }

  /** A call has waited for as long as it may; it may have been sent ahead meanwhile. */
  expire(call: Call): void {
    if (call.state === 'queued' && call.holder?.withdraw(call) === true)
      this.#fail(call, new Fault('queue_timeout', `${noNode} Queue wait time exceeded`))
  }

  #isNext(isJob: boolean): boolean {
    return this.#callers.size === 0 && (!isJob || this.#jobs.size === 0)
  }

  // Slots that exist but are not loaded yet count as free, so that a cold start takes the same calls as a warm one.
  get #isFull(): boolean {
    const { most, concurrency } = this.#pool.limits
    return this.#inside.size >= most * concurrency + this.#limits.queue
  }

  #wait(call: Call, first: boolean): void {
    call.holder = this
    call.state = 'queued'
    if (call.job !== undefined) {
      this.#jobs.add(call)
      return
    }
    this.#inside.add(call)
    call.timer = setTimeout(onQueueTimeout, this.#limits.queueTimeoutMs, this, call)
    if (first) this.#callers = new Set([call, ...this.#callers])
    else this.#callers.add(call)
  }

  #fail(call: Call, fault: Fault): void {
    this.withdraw(call)
    clearTimeout(call.timer)
    this.#onFailed(call, fault)
  }

  #dispatch(): void {
    if (this.#callers.size + this.#jobs.size === 0) return
    this.#startNext()
    this.#sendAhead()
    const { hopeless } = this.#pool
    if (hopeless !== undefined)
      for (const each of [...this.#callers, ...this.#jobs])
        if (each.job?.waitsForLoad !== true) this.#fail(each, hopeless)
    this.#want()
  }

  #startNext(): void {
    for (let call = this.#next(); call !== undefined; call = this.#next()) {
      const instance = this.#pool.findRoom()
      if (instance === undefined) return
      this.withdraw(call)
      this.#inside.add(call)
      instance.start(call)
    }
  }

  // A job that has waited for long gets the next free slot, so nothing is sent ahead of it.
  #sendAhead(): void {
    const shares = new Map<Instance, Call[]>()
    for (let call = this.#next(); call !== undefined && call.job === undefined; call = this.#next()) {
      const instance = this.#pool.findRoomAhead(shares)
      if (instance === undefined) break
      this.#callers.delete(call)
      const share = shares.get(instance)
      if (share === undefined) shares.set(instance, [call])
      else share.push(call)
    }
    for (const [instance, calls] of shares)
      if (!instance.sendAhead(calls)) this.#callers = new Set([...calls, ...this.#callers])
  }

  #next(): Call | undefined {
    const [caller] = this.#callers
    if (this.#jobs.size === 0) return caller
    const [job] = this.#jobs
    const waited = performance.now() - (job?.job?.waitingSince ?? Infinity)
    return waited >= longestBehindMs ? job : (caller ?? job)
  }

  // A job that may not grow still needs a first instance.
  #want(): void {
    if (this.#callers.size + this.#jobs.size === 0) return
    let growing = 0
    for (const { job } of this.#jobs) if (job?.mayGrow === true) growing++
    const first = this.#jobs.size > 0 && this.#pool.isEmpty ? 1 : 0
    this.#pool.want(Math.max(first, this.#callers.size + growing))
  }
}

function onQueueTimeout(admission: Admission, call: Call): void {
  admission.expire(call)
}

function draining(): Fault {
  return new Fault('draining', 'Service Unavailable')
}

// Callers go before a job that waits for less than this (jobs.md FN-4).
const longestBehindMs = 10_000

const noNode = 'No node can serve the request:'
