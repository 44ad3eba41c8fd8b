// A store of jobs in a SQLite database, in a thread of its own. Owns the thread, and the calls that wait for its answers.

import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { Worker } from 'node:worker_threads'
import { StoreError, type ChangeListener, type JobStore } from '../../model/store.ts'
import { names, type StoreCall, type Deciding, type Reading } from '../operations.ts'
import {
  fromPost,
  toPost,
  type Answer,
  type Notice,
  type ThreadRequest,
  type ThreadSettings,
} from './messages.ts'
import { inMemory } from './schema.ts'

/** A store in a file of a directory, which are both made when the first job is stored. Several processes may share it. @param clock of tests */
export function sqliteStore(dataDir: string, clock: () => number = Date.now): JobStore {
  return toStore(new StoreThread(join(dataDir, fileName), clock))
}

/** A store that lives only as long as it runs. @param clock of tests */
export function memoryStore(clock: () => number = Date.now): JobStore {
  return toStore(new StoreThread(inMemory, clock))
}

/** Whether there is a file of jobs. */
export function holdsJobs(dataDir: string): boolean {
  return existsSync(join(dataDir, fileName))
}

function toStore(thread: StoreThread): JobStore {
  const methods = names.map(
    (name) => [name, (...values: StoreCall['values']) => thread.call(name, values)] as const,
  )
  return {
    ...(Object.fromEntries(methods) as unknown as Pick<JobStore, Reading | Deciding>), // operations.ts gives each its result
    start: () => thread.start(),
    stop: () => thread.stop(),
    now: thread.now,
    onChange: (listener) => thread.listen(listener),
  }
}

interface Waiting {
  /** the request, until it was sent again after the loss of a thread */
  readonly request: ThreadRequest & { readonly number: number }
  readonly resolve: (value: unknown) => void
  readonly reject: (error: StoreError) => void
}

class StoreThread {
  readonly now: () => number
  readonly #path: string
  readonly #listeners: ChangeListener[] = []
  readonly #waiting = new Map<number, Waiting>()
  #unsent: ThreadRequest[] = []
  #thread: Worker | undefined
  #number = 0
  #stopped: Promise<void> | undefined

  constructor(path: string, clock: () => number) {
    this.#path = path
    this.now = clock
  }

  async start(): Promise<void> {
    await this.#ask((number) => ({ type: 'open', number }))
  }

  stop(): Promise<void> {
    this.#stopped ??= this.#close()
    return this.#stopped
  }

  listen(listener: ChangeListener): void {
    this.#listeners.push(listener)
    if (this.#listeners.length === 1 && this.#thread !== undefined)
      this.#send(this.#thread, { type: 'listen', missed: [] })
  }

  call(name: Reading | Deciding, values: StoreCall['values']): Promise<unknown> {
    return this.#ask((number) => ({ type: 'call', number, name, values, now: this.now() }))
  }

  #ask(toRequest: (number: number) => ThreadRequest & { readonly number: number }): Promise<unknown> {
    return new Promise((resolve, reject) => {
      if (this.#stopped !== undefined) throw new StoreError('the job store is stopped')
      const thread = (this.#thread ??= this.#startThread([]))
      const request = toRequest((this.#number += 1))
      this.#await(thread, { request, resolve, reject })
    })
  }

  #await(thread: Worker, waiting: Waiting): void {
    this.#waiting.set(waiting.request.number, waiting)
    thread.ref()
    this.#send(thread, waiting.request)
  }

  // What is asked for in one go crosses in one message.
  #send(thread: Worker, request: ThreadRequest): void {
    if (this.#unsent.push(request) > 1) return
    process.nextTick(() => {
      const requests = this.#unsent
      this.#unsent = []
      thread.postMessage(toPost(requests), [])
    })
  }

  #startThread(missed: readonly string[]): Worker {
    const workerData: ThreadSettings = { path: this.#path }
    const thread = this.#newThread(workerData)
    let cause: unknown
    thread.on('message', (notice) => this.#take(thread, fromPost(notice) as Notice)) // by thread.ts
    thread.on('error', (error) => (cause = error))
    thread.on('exit', () => this.#lose(thread, cause))
    thread.unref()
    if (this.#listeners.length > 0) this.#send(thread, { type: 'listen', missed })
    return thread
  }

  // A user may have as many threads as the system allows.
  #newThread(workerData: ThreadSettings): Worker {
    try {
      return new Worker(threadFile, { workerData, execArgv: [] })
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message : String(cause)
      throw new StoreError(`${this.#name}: its thread cannot be started: ${reason}`, { cause })
    }
  }

  #take(thread: Worker, { answers, changes }: Notice): void {
    for (const each of answers) this.#settle(each)
    if (this.#waiting.size === 0) thread.unref() // an idle store keeps no process alive
    for (const change of changes) for (const each of this.#listeners) each.changed(change)
  }

  #settle(answer: Answer): void {
    const waiting = this.#waiting.get(answer.number)
    this.#waiting.delete(answer.number)
    if ('failure' in answer) waiting?.reject(new StoreError(`${this.#name}: ${answer.failure}`))
    else waiting?.resolve(answer.value)
  }

  // What was asked may have been done, or not: it is asked again, once, and the operations know of that.
  #lose(thread: Worker, cause: unknown): void {
    if (this.#thread === thread) this.#thread = undefined
    const lost = [...this.#waiting.values()]
    this.#waiting.clear()
    if (this.#stopped === undefined && (lost.length > 0 || this.#listeners.length > 0))
      this.#goOn(lost, cause)
    else for (const each of lost) this.#fail(each, cause)
  }

  #goOn(lost: readonly Waiting[], cause: unknown): void {
    const isRepeated = ({ request }: Waiting): boolean => request.type === 'call' && request.repeated === true
    if (lost.some(isRepeated)) {
      for (const each of lost) this.#fail(each, cause) // the next call starts another thread
      return
    }
    const missed = new Set(this.#listeners.flatMap((each) => [...each.missed()]))
    try {
      const thread = (this.#thread ??= this.#startThread([...missed]))
      for (const { request, ...rest } of lost)
        this.#await(thread, {
          ...rest,
          request: request.type === 'call' ? { ...request, repeated: true } : request,
        })
    } catch (error) {
      for (const each of lost) this.#fail(each, error)
    }
  }

  #fail({ reject }: Waiting, cause: unknown): void {
    reject(new StoreError(`${this.#name}: its thread has ended unexpectedly`, { cause }))
  }

  async #close(): Promise<void> {
    const thread = this.#thread
    if (thread === undefined) return
    const hung = setTimeout(() => void thread.terminate(), closeMs)
    try {
      await new Promise((resolve, reject) => {
        this.#await(thread, { request: { type: 'close', number: (this.#number += 1) }, resolve, reject })
      })
    } finally {
      clearTimeout(hung)
    }
  }

  get #name(): string {
    return this.#path === inMemory ? 'the job store' : `the job store ${this.#path}`
  }
}

// As it stands in the source, or in the bundle.
const threadFile = new URL(
  import.meta.url.endsWith('.ts') ? './thread.ts' : './storeThread.js',
  import.meta.url,
)

// How long a disk may delay the end.
const closeMs = 10_000

const fileName = 'jobs.db'
