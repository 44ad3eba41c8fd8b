// One job as it changes, for a request that waits for something to happen to it. Owns the latest that is known of it.

import { isTerminal, type Job } from '../jobs/job.ts'
import type { JobService } from '../jobs/service.ts'
import type { Hold } from './hold.ts'

/** Follows a job until it is disposed of. */
export class Follower implements Disposable {
  #job: Job
  #removed = false
  /** whether something has happened that nobody has been told of */
  #changed = false
  #wake: () => void = () => {}
  readonly #end: () => void

  private constructor(job: Job, end: () => void) {
    this.#job = job
    this.#end = end
  }

  /**
   * @param ask what tells of the job; what changes meanwhile is not missed
   * @returns undefined when there is no such job
   */
  static async of(
    service: JobService,
    id: string,
    ask: () => Promise<Job | undefined> = () => service.find(id),
  ): Promise<Follower | undefined> {
    let follower: Follower | undefined
    const early: (Job | undefined)[] = []
    const end = service.watch(id, (latest) => {
      if (follower === undefined) early.push(latest)
      else follower.#take(latest)
    })
    try {
      const job = await ask()
      if (job === undefined) return undefined
      follower = new Follower(job, end)
      for (const each of early) follower.#take(each)
      return follower
    } finally {
      if (follower === undefined) end()
    }
  }

  /** The latest that is known; of a removed job the last (jobs.md C-5). */
  get job(): Job {
    return this.#job
  }

  /** Whether nothing more will happen to the job by itself. */
  get isSettled(): boolean {
    return this.#removed || isTerminal(this.#job.state)
  }

  /** Waits for the next change, at once when there was one since the last time; or for the end of the hold. */
  async change(hold: Hold): Promise<void> {
    if (!this.#changed && !hold.isOver() && !this.#removed)
      await new Promise<void>((settle) => {
        const wake = (): void => {
          hold.signal.removeEventListener('abort', wake)
          settle()
        }
        this.#wake = wake
        hold.signal.addEventListener('abort', wake)
      })
    this.#changed = false
  }

  /** Waits until the job is terminal or gone, or the hold ends. */
  async settled(hold: Hold): Promise<Job> {
    while (!this.isSettled && !hold.isOver()) await this.change(hold)
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
