// Evaluates code of a test with the modules of tasks at hand.

import * as tasks from 'fnbox/tasks'
import * as app from './task_app.mjs'

export const handler = async (code) => {
  const evaluate = new AsyncFunction('tasks', 'app', 'thrown', code)
  return await evaluate(tasks, app, thrown)
}

const thrown = async (promise) => {
  try {
    await promise
    return 'nothing'
  } catch (error) {
    const { name, message, code, ...rest } = error
    const kinds = { isAsync: error instanceof tasks.AsyncException, cause: error.cause?.name }
    return { ...rest, ...kinds, type: error.constructor.name, name, message, code }
  }
}

const AsyncFunction = (async () => {}).constructor
