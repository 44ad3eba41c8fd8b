// The seats of one instance: who has a lease, and whose lines are being read. Owns the leases that are out.

import type { CallRequest, Ending } from './call.ts'
import { afterTurn } from './turn.ts'

/** The right to use an instance once. Disposing of it gives the seat back, whether it was used or not. */
export interface Lease extends Disposable {
  readonly instance: string
  /** Runs one invocation. Never rejects; the deadline is kept here. */
  run: (request: CallRequest) => Promise<Ending>
}

/** As many seats as the instance may run invocations at a time. */
export class Seats {
  readonly #count: number
  readonly #onFreed: () => void
  readonly #taken = new Map<Lease, string | undefined>()

  constructor(count: number, onFreed: () => void) {
    this.#count = count
    this.#onFreed = onFreed
  }

  get free(): number {
    return this.#count - this.#taken.size
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
  take(instance: string, run: (request: CallRequest) => Promise<Ending>): Lease {
    const lease: Lease = {
      instance,
      run: (request) => {
        this.#taken.set(lease, request.id)
        return run(request)
      },
      [Symbol.dispose]: () => {
        afterTurn(() => {
          if (this.#taken.delete(lease)) this.#onFreed()
        })
      },
    }
    this.#taken.set(lease, undefined)
    return lease
  }
}
