// Evaluates code of a test with the module of tasks at hand.

import * as tasks from 'fnbox/tasks'
import * as app from './task_app.mjs'

export const handler = async (code) => new AsyncFunction('tasks', 'app', 'thrown', code)(tasks, app, thrown)

const thrown = async (promise) => {
  try {
    await promise
    return 'nothing'
  } catch (error) {
    const { name, message, code, ...rest } = error
    const isTask = error instanceof tasks.TaskError
    return { ...rest, isTask, cause: error.cause?.name, type: error.constructor.name, name, message, code }
  }
}

const AsyncFunction = (async () => {}).constructor
