// Tasks that do what a test says: everything is in memory and nothing happens by itself. Follows the contract of src/jobs/tasks.ts.

import { EventEmitter } from 'node:events'
import type { TaskError } from '../../src/jobs/model/job.ts'
import {
  isFinal,
  type Dispatched,
  type NewTask,
  type OwnTask,
  type Task,
  type Tasks,
} from '../../src/jobs/model/tasks.ts'

/** The double, with its records and switches. */
export class MemoryTasks implements Tasks {
  /** what every method rejects with from now on, if anything */
  trouble: Error | undefined
  /** most tasks that are not final */
  limit = 100
  readonly #tasks = new Map<string, Task>()
  readonly #messages = new Map<string, Buffer>()
  readonly #owners = new Map<string, string>()
  readonly #changes = new EventEmitter<Record<string, [isOver: boolean]>>().setMaxListeners(0)
  readonly #draining = new AbortController()

  get draining(): AbortSignal {
    return this.#draining.signal
  }

  async dispatch({ delayMs, message, ...task }: NewTask): Promise<Dispatched> {
    this.#check()
    const known = this.#tasks.get(task.id)
    if (known !== undefined)
      return this.message(task.id) === message ? { type: 'known', task: known } : { type: 'conflict' }
    if (this.#isFull) return { type: 'full', limit: this.limit }
    const now = Date.now()
    const state = delayMs > 0 ? 'delayed' : 'queued'
    const stored = this.#put({
      ...task,
      state,
      maxAttempts: 3,
      attempts: [],
      createdAt: now,
      dueAt: now + delayMs,
    })
    this.#messages.set(task.id, Buffer.from(message))
    return { type: 'stored', task: stored }
  }

  async find(id: string): Promise<Task | undefined> {
    this.#check()
    return this.#tasks.get(id)
  }

  watch(id: string, listener: (isOver: boolean) => void): () => void {
    this.#changes.on(id, listener)
    return () => this.#changes.off(id, listener)
  }

  async progress(id: string, attempt: number, text: string): Promise<'kept' | 'stale' | 'unknown'> {
    this.#check()
    const task = this.#tasks.get(id)
    if (task === undefined) return 'unknown'
    if (task.state !== 'running' || task.attempts.length !== attempt) return 'stale'
    this.#put({ ...task, progress: Buffer.from(text) })
    return 'kept'
  }

  async record(own: OwnTask, instance: string): Promise<'new' | 'updated' | 'conflict' | 'full'> {
    this.#check()
    const { id, path, language, status, response, error } = own
    const known = this.#tasks.get(id)
    if (known !== undefined && !this.#owners.has(id)) return 'conflict'
    if (known === undefined && this.#isFull) return 'full'
    this.#owners.set(id, instance)
    const now = Date.now()
    this.#put({
      id,
      path,
      language,
      service: 'lambda',
      capture: 'on',
      state: status === 'in progress' ? 'running' : status,
      maxAttempts: 1,
      attempts: [{ number: 1, instance, startedAt: now }],
      createdAt: known?.createdAt ?? now,
      dueAt: known?.dueAt ?? now,
      ...(response === undefined ? {} : { response: Buffer.from(response) }),
      ...(error === undefined ? {} : { error }),
    })
    return known === undefined ? 'new' : 'updated'
  }

  /** The message as it came out of the store. */
  message(id: string): string | undefined {
    return this.#messages.get(id)?.toString()
  }

  /** The record that an instance has written, with its writer. */
  own(id: string): { readonly task: Task | undefined; readonly instance: string | undefined } {
    return { task: this.#tasks.get(id), instance: this.#owners.get(id) }
  }

  /** How many watch a task. */
  watchers(id: string): number {
    return this.#changes.listenerCount(id)
  }

  /** An attempt starts. */
  begin(id: string): void {
    const task = this.#get(id)
    const attempt = { number: task.attempts.length + 1, instance: 'i-1', startedAt: Date.now() }
    this.#put({ ...task, state: 'running', attempts: [...task.attempts, attempt] })
  }

  /** The latest attempt succeeds. @param response JSON text */
  complete(id: string, response: string | undefined, omitted?: string): void {
    const task = this.#end(id, 'complete')
    const value = response === undefined ? {} : { response: Buffer.from(response) }
    this.#put({
      ...task,
      ...final(),
      state: 'complete',
      ...value,
      ...(omitted === undefined ? {} : { omitted }),
    })
  }

  /** The latest attempt fails. @param retried whether another one follows */
  fail(id: string, error: TaskError, retried = false): void {
    const task = this.#end(id, 'failed', error)
    this.#put(retried ? { ...task, state: 'retrying' } : { ...task, ...final(), state: 'failed', error })
  }

  /** The retention is over. */
  remove(id: string): void {
    this.#tasks.delete(id)
    this.#changes.emit(id, true)
  }

  drain(): void {
    this.#draining.abort()
  }

  get #isFull(): boolean {
    return [...this.#tasks.values()].filter((each) => !isFinal(each)).length >= this.limit
  }

  #end(id: string, outcome: 'complete' | 'failed', error?: TaskError): Task {
    const { progress: _progress, ...task } = this.#get(id)
    const last = task.attempts.at(-1)
    if (last === undefined) return task
    const ended = { ...last, endedAt: Date.now(), outcome, ...(error === undefined ? {} : { error }) }
    return { ...task, attempts: [...task.attempts.slice(0, -1), ended] }
  }

  #get(id: string): Task {
    const task = this.#tasks.get(id)
    if (task === undefined) throw new Error(`no task ${id}`)
    return task
  }

  #put(task: Task): Task {
    this.#tasks.set(task.id, task)
    this.#changes.emit(task.id, isFinal(task))
    return task
  }

  #check(): void {
    if (this.trouble !== undefined) throw this.trouble
  }
}

function final(): Pick<Task, 'finishedAt' | 'expiresAt'> {
  return { finishedAt: Date.now(), expiresAt: Date.now() + 600_000 }
}
