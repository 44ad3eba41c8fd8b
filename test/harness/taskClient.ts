// A client of tasks of a running server: has the function dispatch and read them, and looks at them from outside.

import { join } from 'node:path'
import { freshFolder, type Address } from './jobClient.ts'
import { pathOf } from './runtimeApi.ts'
import { functionsIn, serveFrom, type bothLanguages, type Serving } from './serving.ts'
import type { Flags } from '../../src/config.ts'

/** A task in the public view (tasks.md §13). */
export interface TaskView {
  readonly id: string
  readonly task_path: string
  readonly service: string
  readonly language: string
  readonly state: string
  readonly status: string
  readonly captured: boolean
  readonly response: unknown
  readonly response_encoding: string
  readonly response_omitted: string | null
  readonly progress: unknown
  readonly error: { readonly type: string; readonly message: string } | null
  readonly max_attempts: number
  readonly attempts: readonly AttemptView[]
  readonly created_at: string
  readonly due_at: string
  readonly finished_at: string | null
  readonly expires_at: string | null
}

export interface AttemptView {
  readonly number: number
  readonly instance: string
  readonly started_at: string
  readonly ended_at: string | null
  readonly outcome: string | null
  readonly error: { readonly type: string; readonly message: string } | null
}

/** A task as works.handler dispatches it. */
export type Call = readonly [name: string, args?: readonly unknown[], options?: object]

/** Name of the error that a language's module raises. */
export const taskErrors = { python: 'AsyncException', node: 'TaskError' } as const

type TaskLanguage = (typeof bothLanguages)[number]

/** Folder of the functions that have tasks. */
export function tasksIn(language: TaskLanguage): string {
  return join(functionsIn(language), 'tasks')
}

/** Serves works.handler, with its tasks in a folder of their own. */
export async function serveTasksOf(
  language: TaskLanguage,
  flags: Flags = {},
  until?: Parameters<typeof freshFolder>[0],
): Promise<Serving> {
  return serveFrom(tasksIn(language), 'works.handler', { 'data-dir': freshFolder(until), ...flags })
}

/** Invokes the function in raw mode. @throws when it does not answer with 200 */
export async function ask<Answer>({ url }: Address, event: object, headers = {}): Promise<Answer> {
  const response = await fetch(`${url}/?integration=raw`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', ...headers },
    body: JSON.stringify(event),
  })
  const text = await response.text()
  if (response.status !== 200) throw new Error(`${response.status} ${text}`)
  return JSON.parse(text) as Answer // the caller knows its function
}

/** Has a request dispatch tasks. @returns their ids */
export async function dispatchAll(to: Address, tasks: readonly Call[]): Promise<readonly string[]> {
  return ask(to, { do: 'dispatch', tasks })
}

/** Has a request dispatch a task. @returns its id */
export async function dispatch(to: Address, ...task: Call): Promise<string> {
  const [id = ''] = await dispatchAll(to, [task])
  return id
}

/** What the function's own client says of a task. */
export async function read(to: Address, id: string | null): Promise<unknown> {
  return ask(to, { do: 'read', id })
}

/** A task as it is now, or a refusal as text. */
export async function view(to: Address, id: string, waitSeconds = 0): Promise<TaskView> {
  const response = await fetch(`${to.url}/_/tasks/${id}?wait=${waitSeconds}`)
  const text = await response.text()
  if (response.status !== 200) throw new Error(`${response.status} ${text}`)
  return JSON.parse(text) as TaskView // held against its form in test/http/tasks
}

/** A task when it is final; the test's own timeout is the bound. */
export async function settled(to: Address, id: string): Promise<TaskView> {
  for (;;) {
    const task = await view(to, id, 30)
    if (task.status !== 'in progress') return task
  }
}

/** Waits until a task is in a state that is not final. */
export async function reached(to: Address, id: string, state: string): Promise<TaskView> {
  for (;;) {
    const task = await view(to, id)
    if (task.state === state) return task
    if (task.status !== 'in progress') throw new Error(`the task has ended: ${JSON.stringify(task)}`)
  }
}

/** Path of the runtime API of an instance of works.handler. */
export async function socketOf(to: Address): Promise<string> {
  const { FNBOX_RUNTIME_API: address = '' } = await ask<Record<string, string>>(to, { do: 'environment' })
  return pathOf({ address })
}

/** The body of a dispatch, as the modules write it (tasks.md §12). */
export function messageOf(
  id: string,
  task_path: string,
  args: readonly unknown[] = [],
  changes: object = {},
): object {
  const command = 'zappa.asynchronous.route_lambda_task'
  const message = {
    task_path,
    capture_response: true,
    response_id: id,
    args,
    kwargs: {},
    command,
    ...changes,
  }
  return { id, service: 'lambda', capture: 'on', delay_seconds: 0, message: JSON.stringify(message) }
}

/** Milliseconds between the end of each attempt and the start of the next one. */
export function pausesOf({ attempts }: TaskView): readonly number[] {
  return attempts.slice(1).map(({ started_at }, index) => {
    return Date.parse(started_at) - Date.parse(attempts[index]?.ended_at ?? '')
  })
}
