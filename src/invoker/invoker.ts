// The waist: every invocation, whoever asks for it, goes through `invoke` and ends as an Outcome.
// Owns the ids of the invocations in flight.

import { asFault, Fault } from '../errors.ts'
import type { Events } from '../events.ts'
import type { Admission } from './admission.ts'
import type { Ending } from './call.ts'
import type { Lease } from './slots.ts'
import type { Invocation, Outcome } from '../invocation.ts'
import type { Pool, PoolStatus } from './pool.ts'
import type { TokenSource, TokenStatus } from './token/source.ts'

/** What holds for every invocation. */
export interface InvokerLimits {
  readonly timeoutMs: number
  /** most bytes of a result's JSON text */
  readonly responseLimit: number
  /** re-runs of an invocation whose instance died (yandex.md F-11) */
  readonly reschedule: number
}

/** What readiness says (interface.md §4). */
export type InvokerStatus = Omit<PoolStatus, 'status'> & {
  readonly status: PoolStatus['status'] | 'draining'
  /** absent without a source of tokens */
  readonly token?: TokenStatus
}

/** Runs invocations. */
export class Invoker {
  readonly #pool: Pool
  readonly #admission: Admission
  readonly #tokens: TokenSource | undefined
  readonly #limits: InvokerLimits
  readonly #events: Events
  readonly #inFlight = new Set<string>()
  readonly #whenIdle: (() => void)[] = []
  #unannounced = 0

  constructor(
    pool: Pool,
    admission: Admission,
    tokens: TokenSource | undefined,
    limits: InvokerLimits,
    events: Events,
  ) {
    this.#pool = pool
    this.#admission = admission
    this.#tokens = tokens
    this.#limits = limits
    this.#events = events
  }

  /** Runs one invocation. Never rejects: what goes wrong is an outcome. */
  async invoke(invocation: Invocation): Promise<Outcome> {
    const { requestId } = invocation
    const key = requestId.toLowerCase()
    if (this.#inFlight.has(key)) {
      const fault = new Fault('duplicate_request_id', `Duplicate RequestID: ${requestId}`)
      this.#events.emit('request-refused', { requestId, fault })
      return { type: 'failed', fault }
    }
    this.#inFlight.add(key)
    this.#unannounced++
    const about = invocation.job === undefined ? { requestId } : { requestId, jobId: invocation.job.id }
    const record: InvocationRecord = { about, arrived: performance.now(), streamed: false }
    const attempts = this.#attempts(invocation, record)
    this.#events.emit('invocation-arrived', { requestId })
    const outcome = await attempts.catch(failedBy)
    this.#inFlight.delete(key)
    this.#announce(record, outcome)
    return outcome
  }

  /** Ids of the invocations in flight. */
  get requestIds(): readonly string[] {
    return [...this.#inFlight]
  }

  /** Settles when no invocation is in flight and the end of each was announced. */
  async idle(): Promise<void> {
    if (this.#unannounced > 0) await new Promise<void>((settle) => this.#whenIdle.push(settle))
  }

  /** Invocations that wait for an instance. */
  get waiting(): number {
    return this.#admission.depth
  }

  /** Whether nothing new is let in. */
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

  // A run that has sent chunks is not repeated: its caller has seen them.
  async #attempts(invocation: Invocation, record: InvocationRecord): Promise<Outcome> {
    const reschedule = invocation.job === undefined ? this.#limits.reschedule : 0 // a job is queued again by its store
    for (let attempt = 0; ; attempt++) {
      const outcome = await this.#attempt(invocation, record, attempt > 0)
      if (!diedAlone(outcome) || record.streamed || reschedule === 0) return outcome
      if (attempt === reschedule) return failedBy(tooManyReschedules())
    }
  }

  // An instance may have ended unnoticed before it got the call: then another one takes it.
  async #attempt(invocation: Invocation, record: InvocationRecord, again: boolean): Promise<Outcome> {
    for (let instances = 0; instances < mostUndelivered; instances++) {
      const { signal, job } = invocation
      using lease = await this.#admission.enter(signal, {
        again: again || instances > 0,
        ...(job === undefined ? {} : { patience: { since: job.waitingSince, ...job } }),
      })
      if (record.started === undefined && job !== undefined && !(await job.onStart(lease.instance)))
        throw new Fault('client_gone', 'the job is not wanted any more')
      this.#noteStart(record, lease)
      const ending = await this.#run(invocation, lease, record)
      if (ending.type !== 'undelivered') return this.#toOutcome(ending, invocation)
    }
    throw new Fault('process_exit', 'Function process exited without answering: it ends before it is called')
  }

  // A run that is repeated, or given to another instance, does not start again.
  #noteStart(record: InvocationRecord, lease: Lease): void {
    const { about, started } = record
    record.lease = lease
    if (started !== undefined) return
    record.started = performance.now()
    this.#events.emit('invocation-started', { ...about, instance: lease.instance })
  }

  // Deadline and token are stamped here, when the lease is there: time in the queue does not count (yandex.md C-7).
  #run(invocation: Invocation, lease: Lease, record: InvocationRecord): Promise<Ending> {
    const { requestId, mode, payload, text, signal, onChunk, job } = invocation
    const { timeoutMs, responseLimit } = this.#limits
    const token = this.#tokens?.current()
    const ownTimeoutMs = job?.timeoutMs ?? timeoutMs
    return lease.run({
      id: requestId,
      mode,
      payload: typeof payload === 'function' ? payload() : payload,
      ...(text === undefined ? {} : { text }),
      ...(job === undefined ? {} : { onProgress: job.onProgress }),
      ...(job === undefined || job.endsAtDeadline ? { timeoutMs: ownTimeoutMs } : {}),
      deadlineMs: Date.now() + ownTimeoutMs,
      responseLimit: job?.resultLimit ?? responseLimit,
      signal,
      onChunk: (chunk) => {
        record.streamed = true
        return onChunk(chunk)
      },
      ...(token === undefined ? {} : { token }),
    })
  }

  // Behind the lines that the function has written.
  #announce({ about, arrived, lease, started }: InvocationRecord, outcome: Outcome): void {
    const ended = performance.now()
    const start = started ?? ended
    const cold = lease?.initMs === undefined ? {} : { initMs: lease.initMs }
    const timing = { queuedMs: start - arrived, executedMs: ended - start, ...cold }
    const where = lease === undefined ? {} : { instance: lease.instance, peakMemory: lease.peakMemory }
    const event = { ...about, outcome, timing, ...where }
    const announce = (): void => {
      this.#events.emit('invocation-ended', event)
      if (--this.#unannounced === 0) this.#whenIdle.splice(0).forEach((settle) => settle())
    }
    if (lease === undefined) announce()
    else lease.whenQuiet(announce)
  }

  #toOutcome(ending: Exclude<Ending, { type: 'undelivered' }>, { signal, job }: Invocation): Outcome {
    if (ending.type !== 'expired' && ending.type !== 'lost') this.#pool.noteSuccess()
    if (signal.aborted) return { type: 'failed', fault: new Fault('client_gone', 'request cancelled') }
    switch (ending.type) {
      case 'returned':
      case 'streamed':
      case 'threw':
        return ending
      case 'oversized':
        return { type: 'failed', fault: tooLarge(ending.size, job?.resultLimit, this.#limits.responseLimit) }
      case 'expired':
        return { type: 'failed', fault: new Fault('timeout', 'Execution timeout exceeded') }
      case 'lost':
        return { type: 'failed', fault: ending.fault, exit: ending.exit }
      default:
        return ending satisfies never
    }
  }
}

interface InvocationRecord {
  /** what it is called in announcements */
  readonly about: { readonly requestId: string; readonly jobId?: string }
  readonly arrived: number
  /** of the last instance that it has reached */
  lease?: Lease
  started?: number
  streamed: boolean
}

function failedBy(error: unknown): Outcome {
  return { type: 'failed', fault: asFault(error) }
}

function diedAlone(outcome: Outcome): boolean {
  return (
    outcome.type === 'failed' &&
    (outcome.fault.code === 'process_exit' || outcome.fault.code === 'out_of_memory')
  )
}

function tooManyReschedules(): Fault {
  return new Fault('too_many_reschedules', 'No node can serve the request: Too many reschedules')
}

// A caller is told what the cloud tells (yandex.md F-6); whoever reads a job learns how far off its result was (jobs.md LIM-1).
function tooLarge(size: number, jobLimit: number | undefined, responseLimit: number): Fault {
  const message =
    jobLimit === undefined
      ? `response entity is larger than limits (${responseLimit})`
      : `a result of ${size} bytes is larger than the limit of ${jobLimit} bytes`
  return new Fault('response_too_large', message)
}

// Instances in a row that may turn out to have ended before a call reached them.
const mostUndelivered = 5
