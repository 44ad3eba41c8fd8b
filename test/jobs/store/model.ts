// The simplest store of jobs that could be right: a list. What the real one does is compared with it.

import type { JobState } from '../../../src/jobs/model/job.ts'

/** A job of the model. */
export interface ModelJob {
  readonly id: string
  state: JobState | 'removed'
  /** place in the queue */
  place: number
  attempt: number
  losses: number
  holder: string | undefined
  leaseUntil: number
  expiresAt: number
  chunks: string[]
  nextIndex: number
}

/** What the model's jobs live for. */
export const ttlMs = 3000
export const retentionMs = 500
export const leaseMs = 100
export const attempts = 2

/** A list of jobs that does what the contract says, and knows what it expects. */
export class Model {
  readonly jobs: ModelJob[] = []
  completed = 0
  failed = 0
  retried = 0
  now = 0
  #place = 0

  submit(id: string): void {
    const place = (this.#place += 1)
    const fresh = { holder: undefined, leaseUntil: 0, chunks: [], nextIndex: 0, attempt: 0, losses: 0 }
    this.jobs.push({ id, state: 'IN_QUEUE', place, expiresAt: this.now + ttlMs, ...fresh })
  }

  claim(runner: string): string | undefined {
    const head = this.jobs
      .filter((job) => job.state === 'IN_QUEUE' && job.holder === undefined && job.expiresAt > this.now)
      .toSorted((one, other) => one.place - other.place)[0]
    if (head !== undefined) Object.assign(head, { holder: runner, leaseUntil: this.now + leaseMs })
    return head?.id
  }

  release(job: ModelJob, runner: string): void {
    if (job.state === 'IN_QUEUE' && job.holder === runner) job.holder = undefined
  }

  begin(job: ModelJob, runner: string): boolean {
    if (job.state !== 'IN_QUEUE' || job.holder !== runner || job.leaseUntil <= this.now) return false
    job.state = 'IN_PROGRESS'
    job.attempt += 1
    return true
  }

  append(job: ModelJob, attempt: number, chunk: string): boolean {
    if (!isRunning(job, attempt)) return false
    job.chunks.push(chunk)
    job.nextIndex += 1
    return true
  }

  finish(job: ModelJob, attempt: number, state: 'COMPLETED' | 'FAILED'): boolean {
    if (!isRunning(job, attempt)) return false
    this.#end(job, state)
    return true
  }

  requeue(job: ModelJob, attempt: number): boolean {
    if (!isRunning(job, attempt)) return false
    this.retried += 1
    queueAgain(job)
    return true
  }

  cancel(job: ModelJob): void {
    if (job.state === 'IN_QUEUE' || job.state === 'IN_PROGRESS') this.#end(job, 'CANCELLED')
  }

  purge(): number {
    const queued = this.jobs.filter(({ state }) => state === 'IN_QUEUE')
    for (const job of queued) this.#end(job, 'CANCELLED')
    return queued.length
  }

  retry(job: ModelJob): boolean {
    if (job.state !== 'FAILED' && job.state !== 'TIMED_OUT') return false
    queueAgain(job)
    Object.assign(job, { losses: 0, expiresAt: this.now + ttlMs, place: (this.#place += 1) })
    return true
  }

  renew(runner: string, jobs: readonly ModelJob[]): void {
    for (const job of jobs) if (job.holder === runner) job.leaseUntil = this.now + leaseMs
  }

  sweep(): void {
    for (const job of this.jobs.filter(
      ({ state, expiresAt }) => state !== 'removed' && expiresAt <= this.now,
    )) {
      if (job.state === 'IN_QUEUE' || job.state === 'IN_PROGRESS') this.#end(job, 'TIMED_OUT')
      Object.assign(job, { state: 'removed', chunks: [] })
    }
    for (const job of this.jobs.filter(
      ({ holder, leaseUntil }) => holder !== undefined && leaseUntil <= this.now,
    ))
      if (job.state === 'IN_QUEUE') job.holder = undefined
      else this.#lose(job)
  }

  count(): object {
    const inState = (wanted: JobState): number => this.jobs.filter(({ state }) => state === wanted).length
    const { completed, failed, retried } = this
    return { inQueue: inState('IN_QUEUE'), inProgress: inState('IN_PROGRESS'), completed, failed, retried }
  }

  #lose(job: ModelJob): void {
    job.losses += 1
    if (job.losses === attempts) this.#end(job, 'FAILED')
    else queueAgain(job)
  }

  #end(job: ModelJob, state: 'COMPLETED' | 'FAILED' | 'CANCELLED' | 'TIMED_OUT'): void {
    if (state === 'COMPLETED') this.completed += 1
    if (state === 'FAILED' || state === 'TIMED_OUT') this.failed += 1
    Object.assign(job, { state, holder: undefined, expiresAt: this.now + retentionMs })
  }
}

function isRunning(job: ModelJob, attempt: number): boolean {
  return job.state === 'IN_PROGRESS' && job.attempt === attempt
}

function queueAgain(job: ModelJob): void {
  Object.assign(job, { state: 'IN_QUEUE', holder: undefined, chunks: [] })
}
