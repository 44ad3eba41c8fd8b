// The waist: every call comes in through `start` and ends with an outcome for its caller.
// Owns the calls in flight.

import { Fault } from '../errors.ts'
import type { Events } from '../events.ts'
import type { Exit } from '../exit.ts'
import type { Call, CallHost, Outcome } from '../invocation.ts'
import { Admission, type AdmissionLimits } from './admission.ts'
import type { Pool, PoolStatus } from './pool.ts'
import { clientGone } from './callFrames.ts'
import type { CallListener } from './instanceSpec.ts'
import type { TokenSource, TokenStatus } from './token/source.ts'

/** What holds for every call. */
export interface InvokerLimits extends AdmissionLimits {
  /** re-runs of a call whose instance died (yandex.md F-11) */
  readonly reschedule: number
}

/** What readiness says (interface.md §4). */
export type InvokerStatus = Omit<PoolStatus, 'status'> & {
  readonly status: PoolStatus['status'] | 'draining'
  /** absent without a source of tokens */
  readonly token?: TokenStatus
}

/** Runs calls. */
export class Invoker implements CallListener {
  readonly #pool: Pool
  readonly #admission: Admission
  readonly #tokens: TokenSource | undefined
  readonly #limits: InvokerLimits
  readonly #events: Events
  readonly #calls = new Map<string, Call>()
  readonly #whenIdle: (() => void)[] = []
  #unannounced = 0

  constructor(pool: Pool, limits: InvokerLimits, tokens: TokenSource | undefined, events: Events) {
    this.#pool = pool
    this.#limits = limits
    this.#tokens = tokens
    this.#events = events
    this.#admission = new Admission(pool, limits, (call, fault) =>
      this.onOutcome(call, { type: 'failed', fault }),
    )
    pool.calls = this
  }

  /** Runs a call; its caller is always told an outcome. Never throws. */
  start(call: Call): void {
    const key = call.id.toLowerCase()
    if (this.#calls.has(key)) return this.#refuseDuplicate(call)
    this.#calls.set(key, call)
    this.#unannounced++
    call.arrivedAt = performance.now()
    this.#events.emit('invocation-arrived', { requestId: call.id })
    if (!call.cancelled) this.#admission.enter(call)
    else this.onOutcome(call, clientGone)
  }

  /** Whether a call with this id is in flight, in any case of its letters. */
  has(id: string): boolean {
    return this.#calls.has(id.toLowerCase())
  }

  /** How many calls wait or run. */
  get inFlight(): number {
    return this.#calls.size
  }

  /** Settles when no call is in flight and the end of each was announced. */
  async idle(): Promise<void> {
    if (this.#unannounced > 0) await new Promise<void>((settle) => this.#whenIdle.push(settle))
  }

  /** Callers that wait for an instance. */
  get waiting(): number {
    return this.#admission.depth
  }

  /** Whether no call is let in any more. */
  get isDraining(): boolean {
    return this.#admission.closed
  }

  get status(): InvokerStatus {
    return {
      ...this.#pool.status,
      ...(this.isDraining ? { status: 'draining' } : {}),
      ...(this.#tokens === undefined ? {} : { token: this.#tokens.status }),
    }
  }

  /** Lets no call in any more; callers who wait already are served. */
  close(): void {
    this.#admission.close()
  }

  /** Refuses every call that waits. */
  refuseAll(): void {
    this.#admission.refuseAll()
  }

  // --- what instances tell of calls

  onStarted(call: Call, { id }: CallHost): void {
    this.#events.emit('invocation-started', { requestId: call.id, jobId: call.job?.id, instance: id })
  }

  onOutcome(call: Call, outcome: Outcome): void {
    if (call.state === 'over') return
    call.state = 'over'
    call.endedAt = performance.now()
    clearTimeout(call.timer)
    this.#calls.delete(call.id.toLowerCase())
    this.#admission.leave(call)
    call.outcome = outcome
    if (call.quiet) this.#announce(call)
    const hasRun =
      call.host !== undefined && (outcome.type !== 'failed' || healthyFaults.has(outcome.fault.code))
    if (hasRun) this.#pool.noteSuccess()
    call.caller.onOutcome(call, outcome)
  }

  // A call that was run again elsewhere is announced there; one that waits for that, when it is over.
  onQuiet(call: Call, host: CallHost): void {
    if (call.host !== host) return
    call.quiet = true
    if (call.state === 'over') this.#announce(call)
  }

  // An instance may have ended unnoticed before it got the call: then another one takes it.
  onUndelivered(call: Call): void {
    if (call.cancelled) return this.onOutcome(call, clientGone)
    if (++call.undelivered < mostUndelivered) return this.#admission.enter(call, true)
    const message = 'Function process exited without answering: it ends before it is called'
    this.onOutcome(call, { type: 'failed', fault: new Fault('process_exit', message) })
  }

  // A run that has sent chunks is not repeated, since its caller has seen them; a job is queued again by its store.
  onLost(call: Call, fault: Fault, exit: Exit): void {
    const { reschedule } = this.#limits
    const diedAlone = fault.code === 'process_exit' || fault.code === 'out_of_memory'
    if (!diedAlone || call.streamed || call.job !== undefined || reschedule === 0)
      return this.onOutcome(call, { type: 'failed', fault, exit })
    call.undelivered = 0
    if (++call.reruns <= reschedule) return this.#admission.enter(call, true)
    const message = 'No node can serve the request: Too many reschedules'
    this.onOutcome(call, { type: 'failed', fault: new Fault('too_many_reschedules', message) })
  }

  onReturned(calls: readonly Call[]): void {
    this.#admission.takeBack(calls)
  }

  #refuseDuplicate(call: Call): void {
    const fault = new Fault('duplicate_request_id', `Duplicate RequestID: ${call.id}`)
    call.state = 'over'
    this.#events.emit('request-refused', { requestId: call.id, fault })
    call.caller.onOutcome(call, { type: 'failed', fault })
  }

  // After the last line that the function has written.
  #announce(call: Call): void {
    const { id, job, host, outcome, timing } = call
    if (outcome === undefined) return
    this.#events.emit('invocation-ended', {
      requestId: id,
      jobId: job?.id,
      instance: host?.id,
      outcome,
      timing,
      peakMemory: host?.peakMemory,
    })
    if (--this.#unannounced === 0) for (const settle of this.#whenIdle.splice(0)) settle()
  }
}

// Faults of a function that has run: so it can be started again.
const healthyFaults: ReadonlySet<string> = new Set(['client_gone', 'response_too_large'])

// Instances in a row that may turn out to have ended before a call reached them.
const mostUndelivered = 5
