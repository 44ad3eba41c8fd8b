// The public view of tasks served for a test on a free port, in front of tasks that the test drives.

import { App } from '../../src/app.ts'
import { readConfig } from '../../src/config.ts'
import type { FaultCode } from '../../src/errors.ts'
import { everyone, type Authorizer } from '../../src/http/auth.ts'
import { HttpServer } from '../../src/http/server.ts'
import type { NewTask } from '../../src/jobs/tasks.ts'
import { MemoryTasks } from './memoryTasks.ts'
import { functionsIn } from './serving.ts'

/** A running server; disposing of it closes it. */
export interface TaskServing extends AsyncDisposable {
  /** without a slash at its end */
  readonly url: string
  readonly adminUrl: string
  readonly tasks: MemoryTasks
  /** codes of what was refused so far, as it was announced */
  readonly refused: readonly FaultCode[]
}

/** Serves tasks, the task `t-1` among them. */
export async function serveTasks(
  parts: { authorizer?: Authorizer; adminPort?: number; task?: Partial<NewTask> } = {},
): Promise<TaskServing> {
  const tasks = new MemoryTasks()
  await tasks.dispatch({ ...anyTask, ...parts.task })
  const config = readConfig('counts.handler', { root: functionsIn('node') }, { PATH: process.env['PATH'] })
  const app = new App(config)
  const refused: FaultCode[] = []
  app.events.on('request-refused', ({ fault }) => refused.push(fault.code))
  const server = new HttpServer(
    app.invoker,
    { ...app.door, host: '127.0.0.1', port: 0, adminPort: parts.adminPort },
    {
      authorizer: parts.authorizer ?? everyone,
      certificate: undefined,
      metrics: { contentType: 'text/plain', read: async () => '' },
      events: app.events,
      tasks,
    },
  )
  const { url, adminUrl } = await server.start()
  return {
    url: url.replace(/\/$/, ''),
    adminUrl: adminUrl?.replace(/\/$/, '') ?? '',
    tasks,
    refused,
    [Symbol.asyncDispose]: async () => {
      tasks.drain()
      await server.stop(0)
      await app.stop()
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
