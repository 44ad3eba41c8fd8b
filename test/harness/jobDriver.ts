// A JobService whose jobs do what a test says: everything is in memory and nothing happens by itself. Follows the contract of
// src/jobs/service.ts and store.ts; the tests of the HTTP API can be played against any other engine that has a JobDriver.

import { EventEmitter } from 'node:events'
import {
  isTerminal,
  type EndState,
  type Job,
  type JobState,
  type NewJob,
  type StoredChunk,
} from '../../src/jobs/model/job.ts'
import { memoryStore } from '../../src/jobs/store/sqlite/store.ts'
import type { Health, JobService } from '../../src/jobs/service.ts'
import type { Change, ChunkPage, Retried, Submitted, SubmitTerms } from '../../src/jobs/model/store.ts'
import { storeDriver } from './storeDriver.ts'

/** What the tests need of an engine: the service, and a way to make things happen. */
export interface JobDriver {
  readonly service: JobService
  /** an attempt starts */
  readonly begin: (id: string, instance?: string) => Promise<Job>
  /** the attempt yields values, JSON texts */
  readonly yields: (id: string, ...texts: readonly string[]) => Promise<void>
  readonly progress: (id: string, text: string) => Promise<void>
  readonly finish: (id: string, end: { state?: EndState; output?: string; error?: string }) => Promise<void>
  /** the attempt is lost, the job is queued again and its chunks are deleted */
  readonly requeue: (id: string) => Promise<void>
  /** the time to live is over (jobs.md C-5) */
  readonly expire: (id: string) => Promise<void>
  /** the retention is over */
  readonly remove: (id: string) => Promise<void>
  readonly drain: () => void
  /** how many jobs may wait from now on */
  readonly limitQueue: (most: number) => void
  readonly stop: () => Promise<void>
}

/** The engine that the tests are played against; FNBOX_TEST_JOBS names another one. */
export async function makeDriver(): Promise<JobDriver> {
  const make = drivers[process.env['FNBOX_TEST_JOBS'] ?? 'double']
  if (make === undefined) throw new Error('FNBOX_TEST_JOBS names no driver')
  return make()
}

const drivers: Readonly<Record<string, (() => JobDriver | Promise<JobDriver>) | undefined>> = {
  double: () => new MemoryJobs(),
  store: () => storeDriver(memoryStore),
}

/** The double. */
class MemoryJobs implements JobDriver, JobService {
  readonly service: JobService = this
  #queueLimit = 1000
  readonly #jobs = new Map<string, Job>()
  readonly #removed = new Map<string, Job>()
  readonly #chunks = new Map<string, (StoredChunk & { delivered: boolean })[]>()
  readonly #keys = new Map<string, { readonly digest: string; readonly id: string; state: JobState }>()
  readonly #changes = new EventEmitter<Record<string, [Change]>>().setMaxListeners(0)
  readonly #draining = new AbortController()

  get draining(): AbortSignal {
    return this.#draining.signal
  }

  async submit(job: NewJob, idempotency?: SubmitTerms['idempotency']): Promise<Submitted> {
    const known = idempotency && this.#keys.get(idempotency.key)
    if (known !== undefined && known.digest !== idempotency?.digest) return { type: 'conflict' }
    if (known !== undefined)
      return { type: 'known', id: known.id, state: known.state, job: this.#jobs.get(known.id) }
    if (this.#inState('IN_QUEUE').length >= this.#queueLimit) return { type: 'full' }
    const now = Date.now()
    const stored: Job = {
      ...job,
      state: 'IN_QUEUE',
      revision: 1,
      submittedAt: now,
      attempt: 0,
      losses: 0,
      retries: 0,
      delayMs: 0,
      since: now,
      executionMs: 0,
      instance: '',
      nextIndex: 0,
      expiresAt: now + job.ttlMs,
    }
    this.#jobs.set(job.id, stored)
    this.#chunks.set(job.id, [])
    if (idempotency !== undefined)
      this.#keys.set(idempotency.key, { digest: idempotency.digest, id: job.id, state: 'IN_QUEUE' })
    return { type: 'accepted', job: stored }
  }

  async find(id: string): Promise<Job | undefined> {
    return this.#jobs.get(id)
  }

  async findRemoved(id: string): Promise<Job | undefined> {
    return this.#removed.get(id)
  }

  async cancel(id: string): Promise<Job | undefined> {
    const job = this.#jobs.get(id)
    if (job === undefined || isTerminal(job.state)) return job
    const now = Date.now()
    const waited = job.state === 'IN_QUEUE' ? now - job.since : 0
    return this.#change(id, { state: 'CANCELLED', delayMs: job.delayMs + waited, since: now })
  }

  async retry(id: string): Promise<Retried> {
    const job = this.#jobs.get(id)
    if (job === undefined) return { type: 'unknown' }
    if (job.state !== 'FAILED' && job.state !== 'TIMED_OUT') return { type: 'refused', job }
    if (this.#inState('IN_QUEUE').length >= this.#queueLimit) return { type: 'full' }
    const { output: _output, error: _error, ...rest } = job
    this.#jobs.set(id, rest)
    this.#chunks.set(id, [])
    const now = Date.now()
    const anew = { retries: 0, losses: 0, delayMs: 0, submittedAt: now, since: now, instance: '' }
    return { type: 'queued', job: this.#change(id, { state: 'IN_QUEUE', ...anew }) }
  }

  async purge(): Promise<number> {
    const queued = this.#inState('IN_QUEUE')
    for (const { id } of queued) await this.cancel(id)
    return queued.length
  }

  async keepFor(id: string, ms: number): Promise<Job | undefined> {
    const job = this.#jobs.get(id)
    if (job === undefined) return undefined
    return isTerminal(job.state)
      ? this.#change(id, { expiresAt: Date.now() + ms })
      : this.#change(id, { retentionMs: ms })
  }

  async chunks(id: string, from: number, maxBytes: number): Promise<ChunkPage> {
    return this.#page(id, maxBytes, ({ index }) => index >= from)
  }

  async undelivered(id: string, maxBytes: number): Promise<ChunkPage> {
    return this.#page(id, maxBytes, ({ delivered }) => !delivered)
  }

  async markDelivered(id: string, indexes: readonly number[]): Promise<void> {
    for (const each of this.#chunks.get(id) ?? []) if (indexes.includes(each.index)) each.delivered = true
  }

  async health(): Promise<Health> {
    const count = (state: Job['state']): number => this.#inState(state).length
    return {
      jobs: {
        inQueue: count('IN_QUEUE'),
        inProgress: count('IN_PROGRESS'),
        completed: count('COMPLETED'),
        failed: count('FAILED') + count('TIMED_OUT'),
        retried: 0,
      },
      instances: { idle: 0, running: 0, initializing: 0, unhealthy: 0 },
    }
  }

  watch(id: string, listener: (change: Change) => void): () => void {
    this.#changes.on(id, listener)
    return () => this.#changes.off(id, listener)
  }

  async begin(id: string, instance = 'i-1'): Promise<Job> {
    const { attempt, delayMs, since } = this.#get(id)
    const now = Date.now()
    const delay = delayMs + (now - since)
    return this.#change(id, {
      state: 'IN_PROGRESS',
      attempt: attempt + 1,
      delayMs: delay,
      since: now,
      instance,
    })
  }

  async yields(id: string, ...texts: readonly string[]): Promise<void> {
    const { nextIndex } = this.#get(id)
    const added = texts.map((text, at) => ({
      index: nextIndex + at,
      json: Buffer.from(text),
      delivered: false,
    }))
    this.#chunks.get(id)?.push(...added)
    this.#change(id, { nextIndex: nextIndex + texts.length })
  }

  async progress(id: string, text: string): Promise<void> {
    this.#change(id, { output: Buffer.from(text) })
  }

  async finish(
    id: string,
    { state = 'COMPLETED', output, error }: { state?: EndState; output?: string; error?: string },
  ): Promise<void> {
    const { output: _progress, ...job } = this.#get(id)
    const now = Date.now()
    this.#jobs.set(id, job)
    this.#change(id, {
      state,
      executionMs: now - job.since,
      since: now,
      ...(output === undefined ? {} : { output: Buffer.from(output) }),
      ...(error === undefined ? {} : { error }),
      expiresAt: now + job.retentionMs,
    })
    for (const each of this.#keys.values()) if (each.id === id) each.state = state
  }

  async requeue(id: string): Promise<void> {
    const { output: _progress, ...job } = this.#get(id)
    this.#jobs.set(id, job)
    this.#chunks.set(id, [])
    this.#change(id, { state: 'IN_QUEUE', retries: job.retries + 1, since: Date.now() })
  }

  async expire(id: string): Promise<void> {
    this.#change(id, { state: 'TIMED_OUT', error: 'ttl of 1 ms is over', since: Date.now() })
    await this.remove(id)
  }

  async remove(id: string): Promise<void> {
    const job = this.#get(id)
    this.#jobs.delete(id)
    this.#chunks.delete(id)
    this.#removed.set(id, job)
    this.#changes.emit(id, { ...job, removed: true, dueAt: job.expiresAt })
  }

  limitQueue(most: number): void {
    this.#queueLimit = most
  }

  async stop(): Promise<void> {}

  drain(): void {
    this.#draining.abort()
  }

  #get(id: string): Job {
    const job = this.#jobs.get(id)
    if (job === undefined) throw new Error(`no job ${id}`)
    return job
  }

  #change(id: string, change: Partial<Job>): Job {
    const job = { ...this.#get(id), ...change }
    const changed = { ...job, revision: job.revision + 1 }
    this.#jobs.set(id, changed)
    this.#changes.emit(id, { ...changed, removed: false, dueAt: changed.expiresAt })
    return changed
  }

  #inState(state: Job['state']): readonly Job[] {
    return [...this.#jobs.values()].filter((job) => job.state === state)
  }

  #page(
    id: string,
    maxBytes: number,
    wanted: (chunk: StoredChunk & { delivered: boolean }) => boolean,
  ): ChunkPage {
    const all = (this.#chunks.get(id) ?? []).filter(wanted)
    let bytes = 0
    const fitting = all.filter(({ json }, at) => (bytes += json.length) <= maxBytes || at === 0)
    return { chunks: fitting.map(({ index, json }) => ({ index, json })), more: fitting.length < all.length }
  }
}
