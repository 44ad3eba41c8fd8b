// Asynchronous calls of the function's endpoint (yandex.md §4, M-11). Owns the ids that are being stored.

import { Fault } from '../errors.ts'
import type { HttpReply } from '../event/http.ts'
import type { Invoker } from '../invoker/invoker.ts'
import type { NewJob } from '../jobs/model/job.ts'
import type { JobService } from '../jobs/service.ts'

/** What the operator has chosen for the job of an asynchronous invocation. */
export type AsyncTerms = Pick<NewJob, 'executionTimeoutMs' | 'ttlMs' | 'retentionMs' | 'notify'>

/** Stores invocations as jobs, and rejects ids that are stored. */
export class AsyncEndpoint {
  readonly #jobs: Pick<JobService, 'submit' | 'find'>
  readonly #invoker: Pick<Invoker, 'has'>
  readonly #terms: AsyncTerms
  readonly #accepting = new Set<string>()

  constructor(jobs: Pick<JobService, 'submit' | 'find'>, invoker: Pick<Invoker, 'has'>, terms: AsyncTerms) {
    this.#jobs = jobs
    this.#invoker = invoker
    this.#terms = terms
  }

  /**
   * Rejects a synchronous invocation with the id of a stored one (yandex.md U-9). While the store cannot be read, every id
   * passes: such an invocation does not need the store.
   * @throws Fault duplicate_request_id
   */
  async checkId(requestId: string): Promise<void> {
    if (await this.#isStored(requestId).catch(() => false)) throw duplicate(requestId)
  }

  /**
   * Stores an invocation.
   * @param requestId in lower case: a UUID is the same in either case
   * @returns the reply to its caller
   * @throws Fault duplicate_request_id, job_queue_full, or a fault of the job service
   */
  async accept(requestId: string, body: Buffer): Promise<HttpReply> {
    if (this.#accepting.has(requestId)) throw duplicate(requestId)
    this.#accepting.add(requestId)
    try {
      if (this.#invoker.has(requestId) || (await this.#isStored(requestId))) throw duplicate(requestId)
      await this.#submit(requestId, body)
      return { status: 202, headers: [], body: Buffer.alloc(0) }
    } finally {
      this.#accepting.delete(requestId)
    }
  }

  async #isStored(requestId: string): Promise<boolean> {
    return (await this.#jobs.find(requestId.toLowerCase())) !== undefined
  }

  async #submit(id: string, input: Buffer): Promise<void> {
    const submitted = await this.#jobs.submit({
      ...this.#terms,
      id,
      origin: 'async',
      input,
      lowPriority: false,
    })
    switch (submitted.type) {
      case 'accepted':
        return
      case 'full':
        throw new Fault('job_queue_full', 'No node can serve the request: Queued invocations exceeded')
      case 'conflict':
        throw duplicate(id) // a task has that id
      case 'known':
        throw new Error('a submit without an idempotency key was answered "known"')
      default:
        submitted satisfies never
    }
  }
}

function duplicate(requestId: string): Fault {
  return new Fault('duplicate_request_id', `Duplicate RequestID: ${requestId}`)
}
