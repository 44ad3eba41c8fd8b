// A JobService between the HTTP API and an engine, in which a test sees what is asked and can make it fail.

import type { NewJob } from '../../src/jobs/model/job.ts'
import type { Health, JobService } from '../../src/jobs/service.ts'

/** The service, with its records and switches. */
export class ObservedJobs {
  /** what every method rejects with from now on, if anything */
  trouble: Error | undefined
  /** takes the place of what the engine says of itself */
  health: Partial<Health> = {}
  /** in order */
  readonly submitted: NewJob[] = []
  /** jobs of which pages of chunks were read, once for each page */
  readonly pagesRead: string[] = []
  readonly service: JobService
  readonly #watchers = new Map<string, number>()

  constructor(engine: JobService) {
    const pass = async <Result>(ask: () => Promise<Result>): Promise<Result> => {
      if (this.trouble !== undefined) throw this.trouble
      return ask()
    }
    const readPage = <Result>(id: string, ask: () => Promise<Result>): Promise<Result> => {
      this.pagesRead.push(id)
      return pass(ask)
    }
    this.service = {
      submit: (job, idempotency) =>
        pass(async () => {
          const submitted = await engine.submit(job, idempotency)
          if (submitted.type === 'accepted') this.submitted.push(job)
          return submitted
        }),
      find: (id) => pass(() => engine.find(id)),
      cancel: (id) => pass(() => engine.cancel(id)),
      retry: (id) => pass(() => engine.retry(id)),
      purge: () => pass(() => engine.purge()),
      keepFor: (id, ms) => pass(() => engine.keepFor(id, ms)),
      chunks: (id, from, maxBytes) => readPage(id, () => engine.chunks(id, from, maxBytes)),
      undelivered: (id, maxBytes) => readPage(id, () => engine.undelivered(id, maxBytes)),
      markDelivered: (id, indexes) => pass(() => engine.markDelivered(id, indexes)),
      health: () => pass(async () => ({ ...(await engine.health()), ...this.health })),
      findRemoved: (id) => pass(() => engine.findRemoved(id)),
      watch: (id, listener) => this.#watch(id, engine.watch(id, listener)),
      draining: engine.draining,
    }
  }

  /** How many watch a job. */
  watchers(id: string): number {
    return this.#watchers.get(id) ?? 0
  }

  #watch(id: string, end: () => void): () => void {
    this.#watchers.set(id, this.watchers(id) + 1)
    return () => {
      this.#watchers.set(id, this.watchers(id) - 1)
      end()
    }
  }
}
