// The tasks that the invocations of one instance execute by themselves (tasks.md M3). Owns which of them are in progress, so that
// their records do not stay so when the instance has gone.

import type { OwnTask, Tasks } from '../../jobs/model/tasks.ts'

/** Writes the records of such tasks, and fails those that are left behind. */
export class OwnTasks {
  readonly #instance: string
  readonly #open = new Map<string, OwnTask>()
  #lost: string | undefined

  constructor(instance: string) {
    this.#instance = instance
  }

  /** Writes a record. */
  async write(tasks: Tasks, task: OwnTask): ReturnType<Tasks['record']> {
    const begun = this.#open.get(task.id)
    this.#open.delete(task.id) // what the instance has said of the end counts, also when it goes while that is written
    try {
      const written = await tasks.record(task, this.#instance)
      if (task.status === 'in progress' && (written === 'new' || written === 'updated'))
        await this.#begin(tasks, task)
      return written
    } catch (error) {
      if (begun !== undefined) this.#open.set(task.id, begun)
      throw error
    }
  }

  /** The instance has gone: what is in progress has failed. @param reason for those who read the records */
  async lose(tasks: Tasks, reason: string): Promise<void> {
    this.#lost = reason
    const left = [...this.#open.values()]
    this.#open.clear()
    await Promise.all(left.map((each) => this.#fail(tasks, each, reason)))
  }

  async #begin(tasks: Tasks, task: OwnTask): Promise<void> {
    if (this.#lost === undefined) this.#open.set(task.id, task)
    else await this.#fail(tasks, task, this.#lost)
  }

  async #fail(tasks: Tasks, task: OwnTask, message: string): Promise<void> {
    await tasks.record(
      { ...task, status: 'failed', error: { type: 'InstanceLost', message } },
      this.#instance,
    )
  }
}
