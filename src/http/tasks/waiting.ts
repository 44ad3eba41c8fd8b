// Waiting for a task: what `?wait=` asks for, and holding an answer until the task is final (tasks.md §12, §13). Owns nothing.

import { Fault } from '../../errors.ts'
import { lastQueryValue } from '../../event/query.ts'
import { isFinal, type Task, type Tasks } from '../../jobs/model/tasks.ts'
import type { PollDeadline } from '../longPoll.ts'

/**
 * The milliseconds that a query asks to wait; 0 when it does not say.
 * @throws Fault invalid_parameter
 */
export function readWait(query: string): number {
  const text = lastQueryValue(query, 'wait') ?? '0'
  const seconds = number.test(text) ? Number(text) : Number.NaN
  if (seconds <= longestWaitSeconds) return seconds * 1000
  throw new Fault(
    'invalid_parameter',
    `wait must be a number of seconds from 0 to ${longestWaitSeconds}, such as wait=10`,
  )
}

/** Waits until a task is final or gone, or the hold is over. @returns the task as it is then; undefined: there is none */
export async function settledTask(tasks: Tasks, id: string, hold: PollDeadline): Promise<Task | undefined> {
  if (hold.isOver()) return tasks.find(id)
  const { promise: settled, resolve: settle } = Promise.withResolvers<void>()
  const end = tasks.watch(id, (latest) => {
    if (latest === undefined || isFinal(latest)) settle()
  })
  hold.signal.addEventListener('abort', () => settle())
  try {
    const found = await tasks.find(id) // behind the watch: what happens in between is not missed
    if (found === undefined || isFinal(found)) return found
    await settled
    return hold.isClientGone() ? found : await tasks.find(id)
  } finally {
    end()
  }
}

/** Whether a text can be the id of a task (tasks.md H1). */
export function isTaskId(text: string): boolean {
  return /^[A-Za-z0-9._-]{1,128}$/.test(text)
}

const longestWaitSeconds = 30
const number = /^\d+(\.\d*)?(e[+-]?\d+)?$/i
