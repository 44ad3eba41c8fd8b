// The seats of one instance: who has a lease, and whose lines are being read. Owns the leases that are out.

import type { CallRequest, Ending } from './call.ts'
import { afterTurn } from './turn.ts'

/** What the holder of a lease may know of its instance. */
export interface Host {
  readonly instance: string
  /** how long it took to start and load, in milliseconds; only the first lease of an instance has it */
  readonly initMs?: number | undefined
  /** peak memory of the instance so far, in bytes, when it can be known */
  readonly peakMemory: () => number | undefined
}

/** The right to use an instance once. Disposing of it gives the seat back, whether it was used or not. */
export interface Lease extends Host, Disposable {
  /** Runs one invocation. Never rejects; the deadline is kept here. */
  run: (request: CallRequest) => Promise<Ending>
  /** Runs an action when everything that the handler wrote has been read, and before anybody else takes the seat. */
  whenQuiet: (action: () => void) => void
  /** Called when it is disposed of, for whoever counts leases; may be set once. */
  onDisposed: (() => void) | undefined
}

/** Whom the seats tell. */
export interface SeatsListener {
  /** the only invocation that could speak has nothing more to say */
  readonly onSpoken: () => void
  readonly onFreed: () => void
}

/** As many seats as the instance may run invocations at a time. */
export class Seats {
  #count: number
  readonly #listener: SeatsListener
  readonly #taken = new Map<Lease, string | undefined>()

  constructor(count: number, listener: SeatsListener) {
    this.#count = count
    this.#listener = listener
  }

  get count(): number {
    return this.#count
  }

  /** Below 0 when there are fewer seats now than were taken before. */
  get free(): number {
    return this.#count - this.#taken.size
  }

  /** From now on there are so many; who has one keeps it. */
  resize(count: number): void {
    const more = count > this.#count
    this.#count = count
    if (more) this.#listener.onFreed()
  }

  get empty(): boolean {
    return this.#taken.size === 0
  }

  /** The request that a line of output belongs to: the one that is alone. */
  get speaker(): string | undefined {
    if (this.#taken.size !== 1) return undefined
    const [requestId] = this.#taken.values()
    return requestId
  }

  /**
   * Takes a seat. It is free again when everything that the handler wrote has been read: only then may another
   * invocation speak through the same pipes.
   */
  take(host: Host, run: (request: CallRequest) => Promise<Ending>): Lease {
    const lease: Lease = new SeatLease(host, {
      run: (request) => {
        this.#taken.set(lease, request.id)
        return run(request)
      },
      onQuiet: (last) => {
        if (this.speaker !== undefined) this.#listener.onSpoken()
        last?.()
        this.#taken.delete(lease)
        this.#listener.onFreed()
      },
    })
    this.#taken.set(lease, undefined)
    return lease
  }
}

interface SeatHolder {
  readonly run: (request: CallRequest) => Promise<Ending>
  /** nothing more will be read of what the handler wrote; then `last` is to be run */
  readonly onQuiet: (last: (() => void) | undefined) => void
}

class SeatLease implements Lease {
  readonly instance: string
  readonly initMs: number | undefined
  readonly peakMemory: () => number | undefined
  onDisposed: (() => void) | undefined
  readonly #holder: SeatHolder
  #state: 'out' | 'disposed' | 'quiet' = 'out'
  #last: (() => void) | undefined

  constructor({ instance, initMs, peakMemory }: Host, holder: SeatHolder) {
    this.instance = instance
    this.initMs = initMs
    this.peakMemory = peakMemory
    this.#holder = holder
  }

  run(request: CallRequest): Promise<Ending> {
    return this.#holder.run(request)
  }

  whenQuiet(action: () => void): void {
    if (this.#state === 'quiet') action()
    else this.#last = action
  }

  [Symbol.dispose](): void {
    if (this.#state !== 'out') return
    this.#state = 'disposed'
    this.onDisposed?.()
    afterTurn(() => {
      this.#state = 'quiet'
      this.#holder.onQuiet(this.#last)
    })
  }
}
