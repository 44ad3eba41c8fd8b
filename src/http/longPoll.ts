// Long polling: a request that waits for a job or task to change, and the deadline of its wait (jobs.md §5, §6, tasks.md §12,
// §13). Owns the latest state of the job, and the timer of the deadline.

import { Fault } from '../errors.ts'
import { lastQueryValue } from '../event/query.ts'
import { isTerminal, type Job } from '../jobs/model/job.ts'
import type { Change } from '../jobs/model/store.ts'
import { isFinal, type Task, type Tasks } from '../jobs/model/tasks.ts'
import type { JobService } from '../jobs/service.ts'

/** Watches a job until it is disposed of. Changes are light: the job is looked up after each. */
export class LongPoll implements Disposable {
  readonly #service: JobService
  readonly #id: string
  #job: Job | undefined
  /** the latest change after which the job was not looked up */
  #latest: Change | undefined
  #ended: Promise<Job | undefined> | undefined
  #removed = false
  #wake: () => void = () => {}
  readonly #unwatch: () => void

  private constructor(service: JobService, id: string) {
    this.#service = service
    this.#id = id
    this.#unwatch = service.watch(id, (change) => this.#note(change))
  }

  /**
   * @param find finds the job; changes in the meantime are not missed
   * @returns undefined when there is no such job
   */
  static async of(
    service: JobService,
    id: string,
    find: () => Promise<Job | undefined> = () => service.find(id),
  ): Promise<LongPoll | undefined> {
    const poll = new LongPoll(service, id)
    try {
      poll.#job = await find()
    } finally {
      if (poll.#job === undefined) poll.#unwatch()
    }
    return poll.#job && poll
  }

  /** The latest state; of a removed job the last one (jobs.md C-5). */
  get job(): Job {
    if (this.#job === undefined) throw new Error(`job ${this.#id} was not found`)
    return this.#job
  }

  /** Whether the job is terminal or removed. */
  get isSettled(): boolean {
    return this.#removed || isTerminal(this.job.state)
  }

  /** Waits for the next change, or the deadline. Returns at once when there was a change since the last time. */
  async change(deadline: PollDeadline): Promise<void> {
    if (this.#latest === undefined && !deadline.isOver() && !this.#removed) await this.#nextChange(deadline)
    if (this.#latest !== undefined) await this.#refresh(this.#latest)
  }

  /** Waits until the job is terminal or gone, or the deadline passes. */
  async settled(deadline: PollDeadline): Promise<Job> {
    while (!this.isSettled && this.#ended === undefined && !deadline.isOver())
      await this.#nextChange(deadline)
    if (this.#latest !== undefined) await this.#refresh(this.#latest)
    return this.job
  }

  [Symbol.dispose](): void {
    this.#unwatch()
  }

  #nextChange(deadline: PollDeadline): Promise<void> {
    return new Promise((settle) => {
      const wake = (): void => {
        deadline.signal.removeEventListener('abort', wake)
        settle()
      }
      this.#wake = wake
      deadline.signal.addEventListener('abort', wake)
    })
  }

  #note(change: Change): void {
    this.#latest = change
    if (change.removed || isTerminal(change.state)) {
      this.#ended = this.#find() // at once: the process that writes an end has it at hand for a moment
      this.#ended.catch(() => {}) // `change` throws it
    }
    this.#wake()
  }

  async #refresh({ removed }: Change): Promise<void> {
    const finding = this.#ended ?? this.#find()
    this.#latest = undefined
    this.#ended = undefined
    const found = await finding
    if (found !== undefined && found.revision >= this.job.revision) this.#job = found
    if (removed || found === undefined) this.#removed = true
  }

  async #find(): Promise<Job | undefined> {
    return (await this.#service.find(this.#id)) ?? this.#service.findRemoved(this.#id)
  }
}

/**
 * The milliseconds of `?wait=` seconds in a request for a task; 0 without it.
 * @throws Fault invalid_parameter
 */
export function readWait(query: string): number {
  const text = lastQueryValue(query, 'wait') ?? '0'
  const wait = seconds.test(text) ? Number(text) : Number.NaN
  if (wait <= longestWaitSeconds) return wait * 1000
  throw new Fault(
    'invalid_parameter',
    `wait must be a number of seconds from 0 to ${longestWaitSeconds}, such as wait=10`,
  )
}

/** Waits until a task is final or gone, or the deadline passes. @returns the task as it is then; undefined: there is none */
export async function settledTask(
  tasks: Tasks,
  id: string,
  deadline: PollDeadline,
): Promise<Task | undefined> {
  if (deadline.isOver()) return tasks.find(id)
  const { promise: settled, resolve: settle } = Promise.withResolvers<void>()
  const unwatch = tasks.watch(id, (isOver) => {
    if (isOver) settle()
  })
  deadline.signal.addEventListener('abort', () => settle())
  try {
    const found = await tasks.find(id) // after `watch`, so that no change in between is missed
    if (found === undefined || isFinal(found)) return found
    await settled
    return deadline.isClientGone() ? found : await tasks.find(id)
  } finally {
    unwatch()
  }
}

/** Passes after its time, when the server starts to drain, when the client disconnects, or when it is disposed of. */
export class PollDeadline implements Disposable {
  readonly #client: AbortSignal
  readonly #over = new AbortController()
  readonly #timer: NodeJS.Timeout | undefined

  /**
   * @param draining undefined: a drain does not end it
   * @param waitMs undefined: no limit
   */
  constructor(client: AbortSignal, draining: AbortSignal | undefined, waitMs: number | undefined) {
    this.#client = client
    const finish = (): void => this.#over.abort(reason)
    const { signal } = this.#over
    if (client.aborted || draining?.aborted === true || waitMs === 0) finish()
    for (const each of [client, draining]) each?.addEventListener('abort', finish, { signal })
    if (waitMs !== undefined && !signal.aborted) this.#timer = setTimeout(finish, waitMs)
  }

  /** aborted when the deadline passes, for any reason */
  get signal(): AbortSignal {
    return this.#over.signal
  }

  // Methods, since the values change during a wait.
  isOver(): boolean {
    return this.#over.signal.aborted
  }

  /** Whether the client has disconnected. */
  isClientGone(): boolean {
    return this.#client.aborted
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#timer)
    this.#over.abort(reason)
  }
}

// Without a reason abort() makes an error with a stack each time.
const reason = 'the deadline of the poll has passed'

const longestWaitSeconds = 30
const seconds = /^\d+(\.\d*)?(e[+-]?\d+)?$/i
