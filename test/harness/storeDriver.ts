// The jobs of a real store, which do what a test says: what the store promises, seen through the HTTP API.

import { Fault } from '../../src/errors.ts'
import type { Job } from '../../src/jobs/model/job.ts'
import type { JobService } from '../../src/jobs/service.ts'
import type { AttemptKey, Change, JobStore } from '../../src/jobs/model/store.ts'
import type { JobDriver } from './jobDriver.ts'

/** A driver for a store, which it starts. @param open makes it, with a clock */
export async function storeDriver(open: (clock: () => number) => JobStore): Promise<JobDriver> {
  let offsetMs = 0
  const store = open(() => Date.now() + offsetMs)
  const draining = new AbortController()
  const watchers = new Map<string, Set<(change: Change) => void>>()
  let queueLimit = 1000
  store.onChange({
    changed: (change) => {
      for (const listener of watchers.get(change.id) ?? []) listener(change)
    },
    missed: () => [],
  })
  await store.start()
  const found = async (id: string): Promise<Job> => {
    const job = await store.find(id)
    if (job === undefined) throw new Error(`no job ${id}`)
    return job
  }
  const running = async (id: string): Promise<AttemptKey> => {
    return { id, runner, attempt: (await found(id)).attempt }
  }
  const sweepAt = async (now: number): Promise<void> => {
    offsetMs = now - Date.now()
    await store.sweep({ attempts: 3 })
  }
  const refuseDraining = (): void => {
    if (draining.signal.aborted) throw new Fault('draining', 'the server is stopping')
  }
  const service: JobService = {
    submit: async (job, idempotency) => {
      refuseDraining()
      return store.submit(job, idempotency === undefined ? { queueLimit } : { queueLimit, idempotency })
    },
    find: (id) => store.find(id),
    findRemoved: (id) => store.findRemoved(id),
    cancel: (id) => store.cancel(id),
    retry: async (id) => {
      refuseDraining()
      return store.retry(id, { queueLimit })
    },
    purge: () => store.purge(),
    keepFor: async (id, ms) => (await store.keepFor(id, ms)) && store.find(id),
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
      const jobs = await store.claim(runner, { leaseMs, limit: 1000, tasks: 0 })
      const begun = await store.begin(id, runner, instance)
      if (begun === undefined) throw new Error(`${id} cannot be claimed`)
      const others = jobs.map((job) => job.id).filter((other) => other !== id)
      await store.release(others, runner)
      return found(id)
    },
    yields: async (id, ...texts) => {
      const { nextIndex } = await found(id)
      await store.append(
        await running(id),
        nextIndex,
        texts.map((each) => Buffer.from(each)),
      )
    },
    progress: async (id, text) => {
      await store.progress(await running(id), Buffer.from(text))
    },
    finish: async (id, { state = 'COMPLETED', output, error }) => {
      const executionMs = Date.now() - (await found(id)).since
      await store.finish(await running(id), {
        state,
        executionMs,
        ...(output === undefined ? {} : { output: Buffer.from(output) }),
        ...(error === undefined ? {} : { error }),
      })
    },
    requeue: async (id) => {
      await store.requeue(await running(id), { isRetry: true })
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
