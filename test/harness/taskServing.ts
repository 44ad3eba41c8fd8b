// The public view of tasks served for a test on a free port, in front of tasks that the test drives.

import type { NewTask } from '../../src/jobs/model/tasks.ts'
import { serveEndpoints, type EndpointTerms, type ServedEndpoints } from './endpoints.ts'
import { MemoryTasks } from './memoryTasks.ts'

/** A running server; disposing of it closes it. */
export interface TaskServing extends Omit<ServedEndpoints, 'stop'>, AsyncDisposable {
  readonly tasks: MemoryTasks
}

/** Serves tasks, the task `t-1` among them. */
export async function serveTasks(
  terms: EndpointTerms & { readonly task?: Partial<NewTask> } = {},
): Promise<TaskServing> {
  const tasks = new MemoryTasks()
  await tasks.dispatch({ ...anyTask, ...terms.task })
  const { stop, ...endpoints } = await serveEndpoints(terms, () => ({ tasks }))
  return {
    ...endpoints,
    tasks,
    [Symbol.asyncDispose]: async () => {
      tasks.drain()
      await stop()
    },
  }
}

const anyTask: NewTask = {
  id: 't-1',
  path: 'app.f',
  service: 'lambda',
  capture: 'default',
  language: 'python',
  delayMs: 0,
  message: '{"task_path": "app.f", "args": ["an argument"], "kwargs": {}}',
}
