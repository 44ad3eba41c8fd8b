// A task as JSON: the public view (tasks.md §13) and the record for instances (H2).

import { toJsonObject, type JsonMember } from '../../jobs/model/jobJson.ts'
import type { TaskAttempt, TaskError } from '../../jobs/model/job.ts'
import { isFinal, type Task } from '../../jobs/model/tasks.ts'
import { parseJson } from '../../json/json.ts'

/** Whether a text is a task id (tasks.md H1). */
export function isTaskId(text: string): boolean {
  return /^[A-Za-z0-9._-]{1,128}$/.test(text)
}

/** The public view: no arguments, no stack traces; texts of values put in place unchanged (tasks.md V1, V2). */
export function toPublicRecord(task: Task): Buffer {
  const response = toValue(keptResponse(task))
  const progress = toValue(task.progress)
  const encoding = response.isStrict && progress.isStrict ? 'json' : 'text'
  return toRecord(task, {
    capture: [],
    response: [
      ['response', response.json],
      ['response_encoding', JSON.stringify(encoding)],
    ],
    progress: ['progress', progress.json],
    error: orNull(withoutStack(task.error)),
  })
}

/** The view of instances, which take the texts apart themselves (tasks.md H2). */
export function toInstanceRecord(task: Task): Buffer {
  return toRecord(task, {
    capture: [['capture', JSON.stringify(task.capture)]],
    response: [['response_text', orNull(keptResponse(task)?.toString())]],
    progress: ['progress_text', orNull(task.progress?.toString())],
    error: orNull(task.error && { ...withoutStack(task.error), stack: task.error.stack ?? null }),
  })
}

/** `status` of a task, which callers know from real Zappa (tasks.md §1). */
export function toStatus(task: Pick<Task, 'state'>): string {
  return isFinal(task) ? task.state : 'in progress'
}

interface Form {
  readonly capture: readonly JsonMember[]
  readonly response: readonly JsonMember[]
  readonly progress: JsonMember
  readonly error: string
}

function toRecord(task: Task, { capture, response, progress, error }: Form): Buffer {
  return toJsonObject([
    ['id', JSON.stringify(task.id)],
    ['task_path', JSON.stringify(task.path)],
    ['service', JSON.stringify(task.service)],
    ['language', JSON.stringify(task.language)],
    ['state', JSON.stringify(task.state)],
    ['status', JSON.stringify(toStatus(task))],
    ['captured', String(task.capture !== 'off')],
    ...capture,
    ...response,
    ['response_omitted', orNull(task.omitted)],
    progress,
    ['error', error],
    ['max_attempts', String(task.maxAttempts)],
    ['attempts', JSON.stringify(task.attempts.map(toAttempt))],
    ['created_at', orNull(toTime(task.createdAt))],
    ['due_at', orNull(toTime(task.dueAt))],
    ['finished_at', orNull(toTime(task.finishedAt))],
    ['expires_at', orNull(toTime(task.expiresAt))],
  ])
}

function toAttempt({ number, instance, startedAt, endedAt, outcome, error }: TaskAttempt): object {
  return {
    number,
    instance,
    started_at: toTime(startedAt),
    ended_at: toTime(endedAt) ?? null,
    outcome: outcome ?? null,
    error: withoutStack(error) ?? null,
  }
}

function keptResponse({ capture, response }: Task): Buffer | undefined {
  return capture === 'off' ? undefined : response
}

function withoutStack(error: TaskError | undefined): Omit<TaskError, 'stack'> | undefined {
  return error && { type: error.type, message: error.message }
}

// Python writes NaN and Infinity, which are no JSON: such a text is shown as a string.
function toValue(text: Buffer | undefined): { readonly json: string | Buffer; readonly isStrict: boolean } {
  if (text === undefined) return { json: 'null', isStrict: true }
  const content = text.toString()
  return parseJson(content) === undefined
    ? { json: JSON.stringify(content), isStrict: false }
    : { json: text, isStrict: true }
}

function toTime(ms: number | undefined): string | undefined {
  return ms === undefined ? undefined : new Date(ms).toISOString()
}

function orNull(value: string | object | undefined): string {
  return JSON.stringify(value ?? null)
}
