// What each route of the runtime API does (tasks.md §12).

import type { LanguageName } from '../../invoker/handler/languages.ts'
import { isFinal, type NewTask, type Task, type Tasks } from '../../jobs/model/tasks.ts'
import type { ApiExchange } from '../apiExchange.ts'
import { PollDeadline, readWait, settledTask } from '../longPoll.ts'
import { isTaskId, toInstanceRecord, toStatus } from '../tasks/taskJson.ts'
import { toNewTask, toOwnTask, toProgress } from './bodies.ts'
import { ApiError } from './errors.ts'
import type { InlineTasks } from './inlineTasks.ts'

/** The instance that a socket belongs to. */
export interface ClientInstance {
  readonly instance: string
  readonly language: LanguageName
  readonly inlineTasks: InlineTasks
}

export interface RuntimeApiSettings {
  /** most characters of a result or progress value */
  readonly resultLimit: number
  /** whether only one invocation can run at a time: then a wait for a task never ends (tasks.md C3) */
  readonly hasOneSlot: () => boolean
}

/** One request whose route and method exist. */
export interface ApiRequest {
  readonly exchange: ApiExchange
  /** "" where the route has none */
  readonly id: string
  readonly caller: ClientInstance
  readonly tasks: Tasks
  readonly settings: RuntimeApiSettings
}

/** Replies to a request. @throws ApiError, Fault */
export type ApiHandler = (request: ApiRequest) => Promise<unknown>

/** POST /v1/tasks */
export async function dispatch({ exchange, caller, tasks }: ApiRequest): Promise<unknown> {
  const language = languageOf(caller)
  const task = toNewTask(await exchange.readBody(dispatchLimit), language)
  const dispatched = await tasks.dispatch(task)
  switch (dispatched.type) {
    case 'stored':
      return exchange.sendJson(toReceipt(dispatched.task), 202)
    case 'known':
      return exchange.sendJson(toReceipt(dispatched.task))
    case 'conflict':
      throw new ApiError('conflict', `the id ${task.id} was used for another task`)
    case 'full':
      throw new ApiError('queue_full', `${dispatched.limit} tasks are waiting`)
    default:
      return dispatched satisfies never
  }
}

/** GET /v1/tasks/{id} */
export async function read({ exchange, id, tasks, settings }: ApiRequest): Promise<unknown> {
  const waitMs = readWait(exchange.head.query)
  const wouldDeadlock = settings.hasOneSlot()
  const task = isTaskId(id)
    ? await awaitEnd(tasks, id, exchange.client, wouldDeadlock ? 0 : waitMs)
    : undefined
  if (task === undefined) throw unknown(id)
  if (waitMs > 0 && wouldDeadlock && !isFinal(task)) throw deadlock(id)
  return exchange.sendJson(toInstanceRecord(task))
}

// When the server drains, running tasks may still end, and other tasks do not start any more (tasks.md L7).
async function awaitEnd(
  tasks: Tasks,
  id: string,
  client: AbortSignal,
  waitMs: number,
): Promise<Task | undefined> {
  using deadline = new PollDeadline(client, tasks.draining, waitMs)
  const task = await settledTask(tasks, id, deadline)
  if (waitMs === 0 || task === undefined || isFinal(task) || !tasks.draining.aborted) return task
  if (task.state !== 'running')
    throw new ApiError('stopping', `the server stops, and the task ${id} has not started`)
  using rest = new PollDeadline(client, undefined, waitMs)
  return await settledTask(tasks, id, rest)
}

/** POST /v1/tasks/{id}/progress */
export async function progress({ exchange, id, tasks, settings }: ApiRequest): Promise<unknown> {
  const { attempt, text } = toProgress(await exchange.readBody(settings.resultLimit + roomOfTexts))
  checkSize(text, settings)
  if (!isTaskId(id)) throw unknown(id)
  const kept = await tasks.progress(id, attempt, text)
  switch (kept) {
    case 'kept':
      return exchange.sendNoContent()
    case 'stale':
      throw new ApiError('conflict', `attempt ${attempt} of the task ${id} is not the one that runs`)
    case 'unknown':
      throw unknown(id)
    default:
      return kept satisfies never
  }
}

/** PUT /v1/tasks/{id} */
export async function write({ exchange, id, caller, tasks, settings }: ApiRequest): Promise<unknown> {
  const language = languageOf(caller)
  const task = toOwnTask(id, await exchange.readBody(settings.resultLimit + roomOfTexts), language)
  checkSize(task.response ?? '', settings)
  const written = await caller.inlineTasks.write(tasks, task)
  switch (written) {
    case 'new':
      return exchange.sendJson({ id, status: task.status }, 201)
    case 'updated':
      return exchange.sendJson({ id, status: task.status })
    case 'conflict':
      throw new ApiError('conflict', `the id ${id} is that of a dispatched task`)
    case 'full':
      throw new ApiError('queue_full', 'too many tasks have not ended')
    default:
      return written satisfies never
  }
}

function languageOf({ language }: ClientInstance): NewTask['language'] {
  if (language === 'bash') throw new ApiError('bad_request', 'Bash functions cannot run tasks')
  return language
}

// tasks.md H1
function toReceipt(task: Task): object {
  return { id: task.id, state: task.state, status: toStatus(task) }
}

function checkSize(text: string, { resultLimit }: RuntimeApiSettings): void {
  if (text.length > resultLimit)
    throw new ApiError('payload_too_large', `the text is larger than the limit of ${resultLimit} characters`)
}

function unknown(id: string): ApiError {
  return new ApiError('not_found', `there is no task ${id}, or its result has expired`)
}

function deadlock(id: string): ApiError {
  return new ApiError(
    'wait_deadlock',
    `the task ${id} cannot start before the code that waits for it ends: there is one instance; raise --instances, or read the result later`,
  )
}

const dispatchLimit = 1024 ** 2
const roomOfTexts = 64 * 1024
