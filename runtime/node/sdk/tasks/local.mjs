// A dispatch outside of fnbox: the task is executed here and now, and its result kept in this process (tasks.md W3).

import { callTarget, failed, toOutcome } from './outcome.mjs'
import { importAndGetTask } from './loading.mjs'
import { keepLocal } from './records.mjs'

/**
 * Never rejects for what the task throws; that is kept.
 * @param {object} task
 * @param {string} task.id
 * @param {import('./shared.mjs').Capture} task.capture
 * @param {import('./shared.mjs').Callable | undefined} task.target undefined: the path has to be looked up
 * @param {string} task.text the message; arguments are what it says
 */
export async function execute({ id, capture, target, text }) {
  const { task_path: path, args, kwargs } = JSON.parse(text)
  const fn = target ?? (await importAndGetTask(path))
  const outcome = await outcomeOf(fn, args, kwargs, { path, capture, limit: Infinity })
  const common = { id, task_path: path, capture, attempts: [{ outcome: outcome.outcome }] }
  if (outcome.outcome === 'failed') keepLocal({ ...common, status: 'failed', error: outcome.error })
  else keepLocal({ ...common, status: 'complete', response_text: outcome.response_text })
}

/**
 * @param {import('./shared.mjs').Callable} fn
 * @param {readonly unknown[]} args
 * @param {Record<string, unknown>} kwargs
 * @param {import('./outcome.mjs').Terms} terms
 */
async function outcomeOf(fn, args, kwargs, terms) {
  try {
    return toOutcome(await callTarget(fn, args, kwargs), terms)
  } catch (error) {
    return failed(error)
  }
}
