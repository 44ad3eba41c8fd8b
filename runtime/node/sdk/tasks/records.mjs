// What is known of a task, and what programs are told of it (tasks.md §1, §3.5). Owns the results of tasks that ran outside of
// fnbox.

import { findTask, isUnderFnbox } from './engine.mjs'
import { AsyncException } from './errors.mjs'

/**
 * The members of tasks.md H2 that are read here.
 * @typedef {object} Record
 * @property {string} id
 * @property {string} task_path
 * @property {'in progress' | 'complete' | 'failed'} status
 * @property {import('./shared.mjs').Capture} [capture]
 * @property {string | null} [response_text]
 * @property {string | null} [progress_text]
 * @property {{ type: string, message: string } | null} [error]
 * @property {readonly { outcome?: string | null }[]} [attempts]
 */

/** @typedef {Pick<Record, 'task_path' | 'status' | 'response_text' | 'error'>} OwnRecord tasks.md M3 */

/**
 * @param {string} id
 * @param {number} [waitSeconds] how long it may take until it is final
 * @returns {Promise<Record | undefined>}
 */
export async function findRecord(id, waitSeconds = 0) {
  return isUnderFnbox() ? findTask(id, waitSeconds) : findLocal(id)
}

/** The value of a complete task; null where none is kept. @param {Record} record */
export function valueOf({ response_text: text }) {
  return fromText(text)
}

/** The newest progress of a task; "N/A" where there is none. @param {Record} record */
export function progressOf({ progress_text: text }) {
  return text === undefined || text === null ? 'N/A' : fromText(text)
}

/** What is thrown for a failed task (tasks.md §6). @param {Record} record */
export function failureOf({ id, task_path: taskPath, error, attempts = [] }) {
  const { type: errorType = 'Error', message: errorMessage = '' } = error ?? {}
  return new AsyncException(`${taskPath}: ${errorType}: ${errorMessage}`, {
    code: 'task_failed',
    responseId: id,
    taskPath,
    errorType,
    errorMessage,
    attempts: attempts.filter(({ outcome }) => outcome !== 'interrupted').length,
  })
}

/**
 * Keeps the record of a task that ran in this process (tasks.md W3).
 * @param {Record} record
 */
export function keepLocal(record) {
  local.delete(record.id)
  local.set(record.id, { record, expiresAt: now() + retentionMs })
  const [oldest] = local.keys()
  if (local.size > mostKept && oldest !== undefined) local.delete(oldest)
}

/** @param {string} id */
function findLocal(id) {
  const kept = local.get(id)
  return kept !== undefined && kept.expiresAt > now() ? kept.record : undefined
}

/** @param {string | null | undefined} text @returns {unknown} */
function fromText(text) {
  if (text === undefined || text === null) return null
  try {
    return JSON.parse(text)
  } catch {
    throw new AsyncException('The task engine has kept something that is not JSON', {
      code: 'engine_unreachable',
    })
  }
}

/** @type {Map<string, { record: Record, expiresAt: number }>} in the order in which they came */
const local = new Map()
const retentionMs = 600_000
const mostKept = 1000

const { now } = Date // the program may replace it later
