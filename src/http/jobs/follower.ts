// One job as it changes, for a request that waits for something to happen to it. Owns the latest that is known of it.

import { isTerminal, type Job } from '../../jobs/job.ts'
import type { JobService } from '../../jobs/service.ts'
import type { Hold } from './hold.ts'

/** Follows a job until it is disposed of. */
export class Follower implements Disposable {
  #job: Job
  #removed = false
  /** whether something has happened that nobody has been told of */
  #changed = false
  #wake: () => void = () => {}
  readonly #end: () => void

  private constructor(job: Job, watch: (listener: (job: Job | undefined) => void) => () => void) {
    this.#job = job
    this.#end = watch((latest) => this.#take(latest))
  }

  /** @returns undefined when there is no such job */
  static async of(service: JobService, id: string): Promise<Follower | undefined> {
    const known = await service.find(id)
    if (known === undefined) return undefined
    const follower = new Follower(known, (listener) => service.watch(id, listener))
    try {
      // What has changed before the watch began.
      const now = await service.find(id)
      if (now === undefined) follower.#removed = true
      else if (now.revision > follower.#job.revision) follower.#job = now
      return follower
    } catch (error) {
      follower[Symbol.dispose]()
      throw error
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
