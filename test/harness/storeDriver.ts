// The jobs of a real store, which do what a test says: what the store promises, seen through the HTTP API.

import { Fault } from '../../src/errors.ts'
import type { Job } from '../../src/jobs/model/job.ts'
import type { JobService } from '../../src/jobs/service.ts'
import type { JobStore, RequeueTerms } from '../../src/jobs/model/store.ts'
import type { JobDriver } from './jobDriver.ts'

/** A driver for a store, which it starts. */
export async function storeDriver(store: JobStore): Promise<JobDriver> {
  const draining = new AbortController()
  const watchers = new Map<string, Set<(job: Job | undefined) => void>>()
  let queueLimit = 1000
  store.onChange((id, job) => {
    for (const listener of watchers.get(id) ?? []) listener(job)
  })
  await store.start()
  const found = async (id: string): Promise<Job> => {
    const job = await store.find(id)
    if (job === undefined) throw new Error(`no job ${id}`)
    return job
  }
  const sweepAt = async (now: number): Promise<void> => {
    while ((await store.sweep({ attempts: 3 }, now)) === undefined);
  }
  const refuseDraining = (): void => {
    if (draining.signal.aborted) throw new Fault('draining', 'the server is stopping')
  }
  const service: JobService = {
    submit: async (job, idempotency) => {
      refuseDraining()
      return store.submit(
        job,
        idempotency === undefined ? { queueLimit } : { queueLimit, idempotency },
        Date.now(),
      )
    },
    find: (id) => store.find(id),
    cancel: (id) => store.cancel(id, Date.now()),
    retry: async (id) => {
      refuseDraining()
      return store.retry(id, { queueLimit }, Date.now())
    },
    purge: () => store.purge(Date.now()),
    keepFor: (id, ms) => store.keepFor(id, ms, Date.now()),
    chunks: (id, from, maxBytes) => store.chunks(id, from, maxBytes),
    undelivered: (id, maxBytes) => store.undelivered(id, maxBytes),
    markDelivered: (id, indexes) => store.markDelivered(id, indexes),
    health: async () => ({
      jobs: await store.count(),
      instances: { idle: 0, running: 0, initializing: 0, unhealthy: 0 },
    }),
    watch: (id, listener) => {
      const listeners = watchers.get(id) ?? new Set()
      watchers.set(id, listeners.add(listener))
      return () => void listeners.delete(listener)
    },
    draining: draining.signal,
  }
  return {
    service,
    begin: async (id, instance = 'i-1') => {
      const now = Date.now()
      const passed: string[] = []
      for (
        let job = await store.claim(runner, leaseMs, now);
        job?.id !== id;
        job = await store.claim(runner, leaseMs, now)
      ) {
        if (job === undefined) throw new Error(`nobody can claim ${id}`)
        passed.push(job.id)
      }
      const { delayMs, since } = await found(id)
      const begun = await store.begin(id, runner, { instance, delayMs: delayMs + (now - since) }, now)
      await store.release(passed, runner)
      return begun ?? found(id)
    },
    yields: async (id, ...texts) => {
      const { attempt } = await found(id)
      await store.append(
        id,
        attempt,
        texts.map((each) => Buffer.from(each)),
      )
    },
    progress: async (id, text) => {
      await store.progress(id, (await found(id)).attempt, Buffer.from(text))
    },
    finish: async (id, { state = 'COMPLETED', output, error }) => {
      const { attempt, since } = await found(id)
      const now = Date.now()
      await store.finish(
        id,
        attempt,
        {
          state,
          executionMs: now - since,
          ...(output === undefined ? {} : { output: Buffer.from(output) }),
          ...(error === undefined ? {} : { error }),
        },
        now,
      )
    },
    requeue: async (id) => {
      const terms: RequeueTerms = { isRetry: true }
      await store.requeue(id, (await found(id)).attempt, terms, Date.now())
    },
    expire: async (id) => sweepAt((await found(id)).expiresAt + 1),
    remove: async (id) => sweepAt((await found(id)).expiresAt + 1),
    drain: () => draining.abort(),
    limitQueue: (most) => void (queueLimit = most),
    stop: () => store.stop(),
  }
}

const runner = 'test'
const leaseMs = 30 * 24 * 60 * 60 * 1000
