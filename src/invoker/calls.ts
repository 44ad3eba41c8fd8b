// The invocations that one instance runs. Owns which they are.

import type { Fault } from '../errors.ts'
import { Call, type CallFrame, type CallHost, type CallRequest, type Ending } from './call.ts'
import type { Exit } from '../exit.ts'

/** Running calls by their id. */
export class Calls {
  readonly #running = new Map<string, Call>()

  get size(): number {
    return this.#running.size
  }

  /** Runs a call from its first frame to its end. */
  async run(request: CallRequest, host: CallHost): Promise<Ending> {
    const call = new Call(request, host)
    this.#running.set(request.id, call)
    try {
      call.start()
      return await call.ending
    } finally {
      this.#running.delete(request.id)
    }
  }

  /** Hands a frame to its call. For an invocation that is over, at its deadline say, it comes too late for anybody. */
  take(frame: CallFrame, body: Buffer): void {
    this.#running.get(frame.id)?.take(frame, body)
  }

  /** The process had gone before it took the call, so another instance can. */
  giveBack(id: string): void {
    this.#running.get(id)?.settle({ type: 'undelivered' })
  }

  /** The process has gone, or goes: nobody will answer any more. */
  loseAll(fault: Fault, exit: Exit): void {
    for (const call of this.#running.values()) call.settle({ type: 'lost', fault, exit })
  }
}
