// Long polling: a request that waits for a job or task to change, and the deadline of its wait (jobs.md §5, §6, tasks.md §12,
// §13). Owns the latest state of the job, and the timer of the deadline.

import { Fault } from '../errors.ts'
import { lastQueryValue } from '../event/query.ts'
import { isTerminal, type Job } from '../jobs/model/job.ts'
import { isFinal, type Task, type Tasks } from '../jobs/model/tasks.ts'
import type { JobService } from '../jobs/service.ts'

/** Watches a job until it is disposed of. */
export class LongPoll implements Disposable {
  #job: Job
  #removed = false
  /** whether the job has changed since the last `change` */
  #changed = false
  #wake: () => void = () => {}
  readonly #unwatch: () => void

  private constructor(job: Job, unwatch: () => void) {
    this.#job = job
    this.#unwatch = unwatch
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
    let poll: LongPoll | undefined
    const early: (Job | undefined)[] = []
    const unwatch = service.watch(id, (latest) => {
      if (poll === undefined) early.push(latest)
      else poll.#update(latest)
    })
    try {
      const job = await find()
      if (job === undefined) return undefined
      poll = new LongPoll(job, unwatch)
      for (const each of early) poll.#update(each)
      return poll
    } finally {
      if (poll === undefined) unwatch()
    }
  }

  /** The latest state; of a removed job the last one (jobs.md C-5). */
  get job(): Job {
    return this.#job
  }

  /** Whether the job is terminal or removed. */
  get isSettled(): boolean {
    return this.#removed || isTerminal(this.#job.state)
  }

  /** Waits for the next change, or the deadline. Returns at once when there was a change since the last time. */
  async change(deadline: PollDeadline): Promise<void> {
    if (!this.#changed && !deadline.isOver() && !this.#removed)
      await new Promise<void>((settle) => {
        const wake = (): void => {
          deadline.signal.removeEventListener('abort', wake)
          settle()
        }
        this.#wake = wake
        deadline.signal.addEventListener('abort', wake)
      })
    this.#changed = false
  }

  /** Waits until the job is terminal or gone, or the deadline passes. */
  async settled(deadline: PollDeadline): Promise<Job> {
    while (!this.isSettled && !deadline.isOver()) await this.change(deadline)
    return this.#job
  }

  [Symbol.dispose](): void {
    this.#unwatch()
  }

  #update(latest: Job | undefined): void {
    if (latest === undefined) this.#removed = true
    else if (latest.revision >= this.#job.revision) this.#job = latest
    this.#changed = true
    this.#wake()
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
  const unwatch = tasks.watch(id, (latest) => {
    if (latest === undefined || isFinal(latest)) settle()
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
