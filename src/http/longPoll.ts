// Long polling: a request that waits for a job to change, and the deadline of its wait (jobs.md §5, §6, tasks.md §12, §13).
// Owns the latest state of the job, and the timer of the deadline.

import { isTerminal, type Job } from '../jobs/model/job.ts'
import type { JobService } from '../jobs/service.ts'

/** Watches a job until it is disposed of. */
export class LongPoll implements Disposable {
  #job: Job
  #removed = false
  /** whether the job has changed since the last `change` */
  #changed = false
  #wake: () => void = () => {}
  readonly #end: () => void

  private constructor(job: Job, end: () => void) {
    this.#job = job
    this.#end = end
  }

  /**
   * @param ask gives the job; changes in the meantime are not missed
   * @returns undefined when there is no such job
   */
  static async of(
    service: JobService,
    id: string,
    ask: () => Promise<Job | undefined> = () => service.find(id),
  ): Promise<LongPoll | undefined> {
    let poll: LongPoll | undefined
    const early: (Job | undefined)[] = []
    const end = service.watch(id, (latest) => {
      if (poll === undefined) early.push(latest)
      else poll.#take(latest)
    })
    try {
      const job = await ask()
      if (job === undefined) return undefined
      poll = new LongPoll(job, end)
      for (const each of early) poll.#take(each)
      return poll
    } finally {
      if (poll === undefined) end()
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
    this.#end()
  }

  #take(latest: Job | undefined): void {
    if (latest === undefined) this.#removed = true
    else if (latest.revision >= this.#job.revision) this.#job = latest
    this.#changed = true
    this.#wake()
  }
}

/** Passes when its time is over, the server starts to drain, the client has gone, or it is disposed of. */
export class PollDeadline implements Disposable {
  readonly #client: AbortSignal
  readonly #draining: AbortSignal | undefined
  readonly #end = new AbortController()
  readonly #finish = (): void => this.#end.abort(over)
  readonly #timer: NodeJS.Timeout | undefined

  /**
   * @param draining undefined: it does not end when the server drains
   * @param waitMs undefined: as long as the client stays
   */
  constructor(client: AbortSignal, draining: AbortSignal | undefined, waitMs: number | undefined) {
    this.#client = client
    this.#draining = draining
    if (client.aborted || draining?.aborted === true || waitMs === 0) this.#finish()
    client.addEventListener('abort', this.#finish)
    draining?.addEventListener('abort', this.#finish)
    if (waitMs !== undefined && !this.isOver()) this.#timer = setTimeout(this.#finish, waitMs)
  }

  /** aborted when the deadline passes, for any reason */
  get signal(): AbortSignal {
    return this.#end.signal
  }

  // Methods, since the answers may change at every wait.
  isOver(): boolean {
    return this.#end.signal.aborted
  }

  /** Whether the client has gone. */
  isClientGone(): boolean {
    return this.#client.aborted
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#timer)
    this.#client.removeEventListener('abort', this.#finish)
    this.#draining?.removeEventListener('abort', this.#finish) // lives as long as the server
    this.#finish()
  }
}

// Without a reason of ours, abort() makes an error with a stack each time.
const over = 'the deadline of the poll has passed'
