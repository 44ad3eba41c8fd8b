// A store of jobs in a SQLite database, in a thread of its own. Owns the thread, and who waits for its answers.

import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { Worker } from 'node:worker_threads'
import type { Job } from '../model/job.ts'
import { StoreError, type JobStore } from '../model/store.ts'
import { fromPost, toPost } from './bytes.ts'
import { inMemory, type Answer, type Notice, type Request, type ThreadSettings } from './messages.ts'
import type { Name, Result, Values } from './operations.ts'

/** A store in a file of a directory, which are both made when the first job is stored. Several processes may share it. */
export function sqliteStore(dataDir: string): JobStore {
  return new SqliteStore(join(dataDir, fileName))
}

/** Whether there is such a file. */
export function holdsJobs(dataDir: string): boolean {
  return existsSync(join(dataDir, fileName))
}

/** A store that lives only as long as it runs. */
export function memoryStore(): JobStore {
  return new SqliteStore(inMemory)
}

type Listener = Parameters<JobStore['onChange']>[0]

class SqliteStore implements JobStore {
  readonly #path: string
  readonly #listeners: Listener[] = []
  readonly #waiting = new Map<number, PromiseWithResolvers<unknown>>()
  readonly #outbox: Request[] = []
  #thread: Worker | undefined
  #number = 0
  #seen: number | undefined
  #stopped: Promise<void> | undefined

  constructor(path: string) {
    this.#path = path
  }

  async start(): Promise<void> {
    await this.#ask((number) => ({ type: 'open', number }))
  }

  stop(): Promise<void> {
    this.#stopped ??= this.#close()
    return this.#stopped
  }

  onChange(listener: Listener): void {
    this.#listeners.push(listener)
    if (this.#listeners.length === 1 && this.#thread !== undefined)
      this.#send(this.#thread, { type: 'listen' })
  }

  readonly submit = this.#operation('submit')
  readonly find = this.#operation('find')
  readonly count = this.#operation('count')
  readonly claim = this.#operation('claim')
  readonly release = this.#operation('release')
  readonly renew = this.#operation('renew')
  readonly begin = this.#operation('begin')
  readonly append = this.#operation('append')
  readonly progress = this.#operation('progress')
  readonly finish = this.#operation('finish')
  readonly requeue = this.#operation('requeue')
  readonly cancel = this.#operation('cancel')
  readonly retry = this.#operation('retry')
  readonly purge = this.#operation('purge')
  readonly keepFor = this.#operation('keepFor')
  readonly chunks = this.#operation('chunks')
  readonly undelivered = this.#operation('undelivered')
  readonly markDelivered = this.#operation('markDelivered')
  readonly sweep = this.#operation('sweep')
  readonly dueDeliveries = this.#operation('dueDeliveries')
  readonly settleDelivery = this.#operation('settleDelivery')

  #operation<Each extends Name>(name: Each): (...values: Values<Each>) => Promise<Result<Each>> {
    return async (...values) => {
      const value = await this.#ask((number) => ({ type: 'call', number, name, values }))
      return value as Result<Each> // by operations.ts, which says so
    }
  }

  async #ask(toRequest: (number: number) => Request): Promise<unknown> {
    if (this.#stopped !== undefined) throw new StoreError('the job store is stopped')
    const thread = (this.#thread ??= this.#startThread())
    return this.#await(thread, toRequest)
  }

  async #await(thread: Worker, toRequest: (number: number) => Request): Promise<unknown> {
    const number = (this.#number += 1)
    const answer = Promise.withResolvers<unknown>()
    this.#waiting.set(number, answer)
    thread.ref()
    this.#send(thread, toRequest(number))
    return answer.promise
  }

  // What is asked for in one go crosses in one message.
  #send(thread: Worker, request: Request): void {
    if (this.#outbox.push(request) > 1) return
    process.nextTick(() => thread.postMessage(toPost(this.#outbox.splice(0)), []))
  }

  #startThread(): Worker {
    const workerData: ThreadSettings = { path: this.#path, seen: this.#seen }
    const thread = this.#newThread(workerData)
    let cause: unknown
    thread.on('message', (notice) => this.#take(thread, fromPost(notice) as Notice)) // by thread.ts
    thread.on('error', (error) => (cause = error))
    thread.on('exit', () => this.#lose(thread, cause))
    thread.unref()
    if (this.#listeners.length > 0) this.#send(thread, { type: 'listen' })
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

  #take(thread: Worker, notice: Notice): void {
    this.#seen = notice.seen ?? this.#seen
    for (const answer of notice.answers) this.#settle(answer)
    if (this.#waiting.size === 0) thread.unref() // an idle store keeps no process alive
    for (const { id, job } of notice.changes) this.#tell(id, job)
  }

  #settle(answer: Answer): void {
    const waiting = this.#waiting.get(answer.number)
    this.#waiting.delete(answer.number)
    if ('trouble' in answer) waiting?.reject(new StoreError(`${this.#name}: ${answer.trouble}`))
    else waiting?.resolve(answer.value)
  }

  #tell(id: string, job: Job | undefined): void {
    for (const each of this.#listeners) each(id, job)
  }

  // The next call starts another one.
  #lose(thread: Worker, cause: unknown): void {
    if (this.#thread === thread) this.#thread = undefined
    const lost = [...this.#waiting.values()]
    this.#waiting.clear()
    for (const each of lost)
      each.reject(new StoreError(`${this.#name}: its thread has ended unexpectedly`, { cause }))
  }

  async #close(): Promise<void> {
    const thread = this.#thread
    if (thread === undefined) return
    const hung = setTimeout(() => void thread.terminate(), closeMs)
    try {
      await this.#await(thread, (number) => ({ type: 'close', number }))
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

// How long a disk may hold up the end.
const closeMs = 10_000

const fileName = 'jobs.db'
