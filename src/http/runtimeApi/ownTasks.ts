// The tasks that the invocations of one instance execute by themselves (tasks.md M3). Owns which of them are in progress, so that
// their records do not stay so when the instance has gone.

import type { OwnTask, Tasks } from '../../jobs/tasks.ts'

/** Writes the records of such tasks, and fails those that are left behind. */
export class OwnTasks {
  readonly #instance: string
  /** id → path */
  readonly #open = new Map<string, string>()
  #lost: string | undefined

  constructor(instance: string) {
    this.#instance = instance
  }

  /** Writes a record. */
  async write(tasks: Tasks, task: OwnTask): ReturnType<Tasks['record']> {
    const path = this.#open.get(task.id)
    this.#open.delete(task.id) // what the instance has said of the end counts, also when it goes while that is written
    try {
      const written = await tasks.record(task, this.#instance)
      if (task.status === 'in progress' && (written === 'new' || written === 'updated'))
        await this.#begin(tasks, task)
      return written
    } catch (error) {
      if (path !== undefined) this.#open.set(task.id, path)
      throw error
    }
  }

  /** The instance has gone: what is in progress has failed. @param reason for those who read the records */
  async lose(tasks: Tasks, reason: string): Promise<void> {
    this.#lost = reason
    const left = [...this.#open]
    this.#open.clear()
    await Promise.all(left.map(([id, path]) => this.#fail(tasks, id, path, reason)))
  }

  async #begin(tasks: Tasks, { id, path }: OwnTask): Promise<void> {
    if (this.#lost === undefined) this.#open.set(id, path)
    else await this.#fail(tasks, id, path, this.#lost)
  }

  async #fail(tasks: Tasks, id: string, path: string, message: string): Promise<void> {
    await tasks.record(
      { id, path, status: 'failed', error: { type: 'InstanceLost', message } },
      this.#instance,
    )
  }
}
