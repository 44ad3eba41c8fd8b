// Tasks that invocations of one instance execute themselves (tasks.md M3). Owns which of them are in progress, so that they fail
// when the instance ends.

import type { OwnTask, Tasks } from '../../jobs/model/tasks.ts'

/** Writes the records of such tasks, and fails those that the instance leaves behind. */
export class InlineTasks {
  readonly #instance: string
  readonly #open = new Map<string, OwnTask>()
  #lost: string | undefined

  constructor(instance: string) {
    this.#instance = instance
  }

  /** Writes a record. */
  async write(tasks: Tasks, task: OwnTask): ReturnType<Tasks['record']> {
    const before = this.#open.get(task.id)
    this.#open.delete(task.id) // the instance may end during the write: the task has its outcome
    try {
      const written = await tasks.record(task, this.#instance)
      if (task.status === 'in progress' && (written === 'new' || written === 'updated'))
        await this.#start(tasks, task)
      return written
    } catch (error) {
      if (before !== undefined) this.#open.set(task.id, before)
      throw error
    }
  }

  /** Fails the tasks in progress, since the instance has ended. @param reason for readers of the records */
  async lose(tasks: Tasks, reason: string): Promise<void> {
    this.#lost = reason
    const left = [...this.#open.values()]
    this.#open.clear()
    await Promise.all(left.map((each) => this.#fail(tasks, each, reason)))
  }

  async #start(tasks: Tasks, task: OwnTask): Promise<void> {
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
