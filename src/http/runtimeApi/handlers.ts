// What each route of the runtime API does (tasks.md §12). Loaded with the first request: most functions never ask anything.

import type { LanguageName } from '../../invoker/handler/languages.ts'
import { isFinal, type NewTask, type OwnTask, type Task, type Tasks } from '../../jobs/model/tasks.ts'
import { PollDeadline } from '../longPoll.ts'
import { toInstanceRecord, toStatus } from '../tasks/taskJson.ts'
import { isTaskId, readWait, settledTask } from '../tasks/waiting.ts'
import { toNewTask, toOwnTask, toProgress } from './bodies.ts'
import type { OwnTasks } from './inlineTasks.ts'
import { Refusal } from './errors.ts'

/** Who asks: the instance that the socket belongs to. */
export interface Caller {
  readonly instance: string
  readonly language: LanguageName
  readonly own: OwnTasks
}

/** What holds for all of them. */
export interface RuntimeApiSettings {
  /** most characters of a result or progress value */
  readonly resultLimit: number
  /** whether there can only be one invocation at a time: then who waits for a task waits in vain (tasks.md C3) */
  readonly hasOneSeat: () => boolean
}

/** One request whose route and method are known. */
export interface ApiCall {
  /** "" where the route takes none */
  readonly id: string
  readonly query: string
  /** @throws Fault request_too_large, invalid_request */
  readonly readBody: (limit: number) => Promise<Buffer>
  /** aborted when the client has gone */
  readonly client: AbortSignal
  readonly caller: Caller
  readonly tasks: Tasks
  readonly settings: RuntimeApiSettings
}

/** A success; without a body, 204 among others. */
export interface ApiAnswer {
  readonly status: number
  readonly json?: Buffer
}

/** POST /v1/tasks */
export async function dispatch({ readBody, caller, tasks }: ApiCall): Promise<ApiAnswer> {
  const language = languageOf(caller)
  const task = toNewTask(await readBody(dispatchLimit), language)
  const dispatched = await tasks.dispatch(task)
  switch (dispatched.type) {
    case 'stored':
      return { status: 202, json: toReceipt(dispatched.task) }
    case 'known':
      return { status: 200, json: toReceipt(dispatched.task) }
    case 'conflict':
      throw new Refusal('conflict', `the id ${task.id} was used for another task`)
    case 'full':
      throw new Refusal('queue_full', `${dispatched.limit} tasks are waiting`)
    default:
      return dispatched satisfies never
  }
}

/** GET /v1/tasks/{id} */
export async function read({ id, query, client, tasks, settings }: ApiCall): Promise<ApiAnswer> {
  const waitMs = readWait(query)
  const isHopeless = settings.hasOneSeat()
  const task = isTaskId(id) ? await awaitEnd(tasks, id, client, isHopeless ? 0 : waitMs) : undefined
  if (task === undefined) throw unknown(id)
  if (waitMs > 0 && isHopeless && !isFinal(task)) throw deadlock(id)
  return { status: 200, json: toInstanceRecord(task) }
}

// What runs when the server begins to drain may yet end, and is waited for; what does not run will not begin any more (tasks.md L7).
async function awaitEnd(
  tasks: Tasks,
  id: string,
  client: AbortSignal,
  waitMs: number,
): Promise<Task | undefined> {
  using hold = new PollDeadline(client, tasks.draining, waitMs)
  const task = await settledTask(tasks, id, hold)
  if (waitMs === 0 || task === undefined || isFinal(task) || !tasks.draining.aborted) return task
  if (task.state !== 'running')
    throw new Refusal('stopping', `the server stops, and the task ${id} has not begun`)
  using rest = new PollDeadline(client, undefined, waitMs)
  return await settledTask(tasks, id, rest)
}

/** POST /v1/tasks/{id}/progress */
export async function progress({ id, readBody, tasks, settings }: ApiCall): Promise<ApiAnswer> {
  const { attempt, text } = toProgress(await readBody(settings.resultLimit + roomOfTexts))
  checkSize(text, settings)
  if (!isTaskId(id)) throw unknown(id)
  const kept = await tasks.progress(id, attempt, text)
  switch (kept) {
    case 'kept':
      return { status: 204 }
    case 'stale':
      throw new Refusal('conflict', `attempt ${attempt} of the task ${id} is not the one that runs`)
    case 'unknown':
      throw unknown(id)
    default:
      return kept satisfies never
  }
}

/** PUT /v1/tasks/{id} */
export async function write({ id, readBody, caller, tasks, settings }: ApiCall): Promise<ApiAnswer> {
  const language = languageOf(caller)
  const task = toOwnTask(id, await readBody(settings.resultLimit + roomOfTexts), language)
  checkSize(task.response ?? '', settings)
  const written = await caller.own.write(tasks, task)
  switch (written) {
    case 'new':
      return { status: 201, json: toOwnReceipt(task) }
    case 'updated':
      return { status: 200, json: toOwnReceipt(task) }
    case 'conflict':
      throw new Refusal('conflict', `the id ${id} is that of a dispatched task`)
    case 'full':
      throw new Refusal('queue_full', 'too many tasks have not ended')
    default:
      return written satisfies never
  }
}

function languageOf({ language }: Caller): NewTask['language'] {
  if (language === 'bash') throw new Refusal('bad_request', 'Bash functions cannot run tasks')
  return language
}

// tasks.md H1
function toReceipt(task: Task): Buffer {
  return Buffer.from(JSON.stringify({ id: task.id, state: task.state, status: toStatus(task) }))
}

function toOwnReceipt({ id, status }: OwnTask): Buffer {
  return Buffer.from(JSON.stringify({ id, status }))
}

function checkSize(text: string, { resultLimit }: RuntimeApiSettings): void {
  if (text.length > resultLimit)
    throw new Refusal('payload_too_large', `the text is larger than the limit of ${resultLimit} characters`)
}

function unknown(id: string): Refusal {
  return new Refusal('not_found', `there is no task ${id}, or its result has expired`)
}

function deadlock(id: string): Refusal {
  return new Refusal(
    'wait_deadlock',
    `the task ${id} cannot start before the code that waits for it ends: there is one instance; raise --instances, or read the result later`,
  )
}

const dispatchLimit = 1024 ** 2
const roomOfTexts = 64 * 1024
