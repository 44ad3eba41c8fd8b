// What a function or script imports as `fnbox/tasks` (tasks.md §11): functions that are executed later, on an instance of the
// same container; outside of fnbox here and now. Owns the mark that it was imported.

import { isUnderFnbox, sendProgress } from './tasks/engine.mjs'
import { AsyncException } from './tasks/errors.mjs'
import { failureOf, findRecord, progressOf, valueOf } from './tasks/records.mjs'
import { currentTask, shared } from './tasks/shared.mjs'
import { toGivenText } from './tasks/text.mjs'

export { AsyncException, AsyncSerializationError } from './tasks/errors.mjs'
export { importAndGetTask } from './tasks/loading.mjs'
export { routeLambdaTask, routeSnsTask, runMessage } from './tasks/messages.mjs'
export {
  ASYNC_CLASSES,
  LAMBDA_ASYNC_PAYLOAD_LIMIT,
  LambdaAsyncResponse,
  SNS_ASYNC_PAYLOAD_LIMIT,
  SnsAsyncResponse,
} from './tasks/responses.mjs'
export { getFuncTaskPath, run, task, taskSns } from './tasks/wrapping.mjs'

/**
 * What is known of a task (tasks.md §3.5).
 * @type {typeof import('./tasks.d.mts').getAsyncResponse}
 * @throws {AsyncException} when the task has failed
 */
export async function getAsyncResponse(id) {
  const record = possibleId.test(id ?? '') ? await findRecord(id ?? '') : undefined
  if (record === undefined || record.capture === 'off') return null
  if (record.status === 'failed') throw failureOf(record)
  const response = record.status === 'complete' ? valueOf(record) : progressOf(record)
  return { status: record.status, response }
}

/**
 * Shows a value as the response of the running task (tasks.md U1).
 * @type {typeof import('./tasks.d.mts').updateProgress}
 * @throws {AsyncException} when it cannot be kept
 */
export async function updateProgress(value) {
  const task = currentTask()
  if (task === undefined || task.capture === 'off' || !isUnderFnbox()) return false
  const text = toGivenText(value)
  if (text.length <= task.limit) return sendProgress(task, text)
  const message = `the progress value has ${text.length} characters, which is more than --task-result-limit allows`
  throw new AsyncException(message, { code: 'payload_too_large', responseId: task.id })
}

const possibleId = /^[\w.-]{1,128}$/ // tasks.md H1

shared().imported = true
