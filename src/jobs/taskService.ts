// Tasks on the engine of jobs: a job of origin `task` for each.

import { createHash } from 'node:crypto'
import type { JobEngine } from './engine.ts'
import { isTerminal, type NewJob, type TaskTerms } from './model/job.ts'
import { toTask, type Dispatched, type NewTask, type OwnTask, type Task, type Tasks } from './model/tasks.ts'

/** What the operator has decided about tasks (tasks.md §7). Durations are in milliseconds. */
export interface TaskSettings {
  /** attempts in all, by service */
  readonly attempts: Readonly<Record<TaskTerms['service'], number>>
  readonly backoffMs: number
  /** of one attempt */
  readonly timeoutMs: number
  readonly retentionMs: number
  /** most tasks that may not have ended */
  readonly queueLimit: number
}

/** Takes tasks, and looks them up. */
export class TaskService implements Tasks {
  readonly #engine: JobEngine
  readonly #settings: TaskSettings

  constructor(engine: JobEngine, settings: TaskSettings) {
    this.#engine = engine
    this.#settings = settings
  }

  get draining(): AbortSignal {
    return this.#engine.draining
  }

  async dispatch(task: NewTask): Promise<Dispatched> {
    const { queueLimit, attempts, backoffMs, timeoutMs } = this.#settings
    const { id, path, service, capture, language, delayMs, message } = task
    const digest = createHash('sha256').update(message).digest('base64')
    const terms = {
      path,
      service,
      capture,
      language,
      maxAttempts: task.maxAttempts ?? attempts[service],
      backoffMs,
      delayMs,
      digest,
    }
    const submitted = await this.#engine.accept(this.#toJob(id, message, task.timeoutMs ?? timeoutMs), {
      queueLimit,
      task: terms,
    })
    switch (submitted.type) {
      case 'accepted':
        return { type: 'stored', task: expectTask(toTask(submitted.job, Date.now())) }
      case 'full':
        return { type: 'full', limit: queueLimit }
      case 'known':
      case 'conflict':
        return this.#recall(id, digest)
      default:
        return submitted satisfies never
    }
  }

  async find(id: string): Promise<Task | undefined> {
    const job = await this.#engine.findAny(id)
    return job && toTask(job, Date.now())
  }

  watch(id: string, listener: (isOver: boolean) => void): () => void {
    return this.#engine.watch(id, ({ state, removed }) => listener(removed || isTerminal(state)))
  }

  async progress(id: string, attempt: number, text: string): Promise<'kept' | 'stale' | 'unknown'> {
    if (await this.#engine.progress(id, attempt, Buffer.from(text))) return 'kept'
    return (await this.find(id)) === undefined ? 'unknown' : 'stale'
  }

  async record(task: OwnTask, instance: string): Promise<'new' | 'updated' | 'conflict' | 'full'> {
    const { id, path, language, status } = task
    const job = await this.#engine.findAny(id)
    if (job !== undefined && (job.task === undefined || job.task.digest !== undefined)) return 'conflict'
    if (status === 'in progress' || job === undefined || isTerminal(job.state)) {
      const { queueLimit, backoffMs, timeoutMs } = this.#settings
      const own = { service: 'lambda', capture: 'on', maxAttempts: 1, delayMs: 0 } as const
      const terms = { queueLimit, task: { ...own, path, language, backoffMs } }
      const submitted = await this.#engine.acceptBegun(this.#toJob(id, '', timeoutMs), terms, instance)
      if (submitted.type === 'full') return 'full'
    }
    if (status !== 'in progress') await this.#finish(task)
    return job === undefined ? 'new' : 'updated'
  }

  async #finish({ id, response, error }: OwnTask): Promise<void> {
    await this.#engine.finish(
      id,
      error === undefined
        ? {
            state: 'COMPLETED',
            executionMs: 0,
            ...(response === undefined ? {} : { output: Buffer.from(response) }),
          }
        : { state: 'FAILED', executionMs: 0, error: JSON.stringify(error) },
    )
  }

  async #recall(id: string, digest: string): Promise<Dispatched> {
    const job = await this.#engine.findAny(id)
    const task = job && toTask(job, Date.now())
    return task !== undefined && job?.task?.digest === digest ? { type: 'known', task } : { type: 'conflict' }
  }

  #toJob(id: string, message: string, timeoutMs: number): NewJob {
    const { retentionMs } = this.#settings
    return {
      id,
      origin: 'task',
      input: Buffer.from(message),
      executionTimeoutMs: timeoutMs,
      ttlMs: foreverMs,
      retentionMs,
      lowPriority: false,
      notify: false,
    }
  }
}

function expectTask(task: Task | undefined): Task {
  if (task === undefined) throw new Error('a task was gone when it had just been stored')
  return task
}

// What has not ended never expires (tasks.md K1).
const foreverMs = 100 * 365 * 24 * 60 * 60 * 1000
