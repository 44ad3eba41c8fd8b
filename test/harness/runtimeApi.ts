// The runtime API opened for a test, in front of tasks that the test drives; and a client of it.

import { readFile } from 'node:fs/promises'
import { request, type IncomingHttpHeaders } from 'node:http'
import { text } from 'node:stream/consumers'
import { Events } from '../../src/events.ts'
import type { RuntimeApiSettings } from '../../src/http/runtimeApi/handlers.ts'
import { RuntimeSockets } from '../../src/http/runtimeApi/sockets.ts'
import type { LanguageName } from '../../src/invoker/handler/languages.ts'
import type { RuntimeApi } from '../../src/invoker/launch.ts'
import { MemoryTasks } from './memoryTasks.ts'

/** An open runtime API; disposing of it closes it. */
export interface ServedApi extends AsyncDisposable {
  readonly tasks: MemoryTasks
  readonly sockets: RuntimeSockets
  readonly api: RuntimeApi
  /** path of the instance's socket */
  readonly path: string
  /** what was announced as trouble so far */
  readonly troubles: readonly string[]
}

/** Opens the runtime API of the instance `i-1`. */
export function openApi(
  settings: Partial<RuntimeApiSettings> = {},
  language: LanguageName = 'python',
): ServedApi {
  const events = new Events()
  const troubles: string[] = []
  events.on('trouble', ({ what }) => troubles.push(what))
  const tasks = new MemoryTasks()
  const sockets = new RuntimeSockets(
    () => tasks,
    { resultLimit: 1000, hasOneSlot: () => false, ...settings },
    events,
  )
  const api = sockets.apiOf('i-1', language)
  api.open()
  const path = pathOf(api)
  return { tasks, sockets, api, path, troubles, [Symbol.asyncDispose]: () => sockets.stop() }
}

/** The path in the address of a runtime API. */
export function pathOf({ address }: Pick<RuntimeApi, 'address'>): string {
  return address.replace(/^unix:/, '')
}

/** The path of the socket that a process of an instance was given. */
export async function socketOf(pid: number | undefined): Promise<string> {
  const environment = (await readFile(`/proc/${pid}/environ`, 'utf8')).split('\0')
  const address = environment.find((each) => each.startsWith('FNBOX_RUNTIME_API=')) ?? ''
  return address.replace('FNBOX_RUNTIME_API=unix:', '')
}

/** An answer that was read whole. */
export interface ApiAnswer {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly text: string
  /** undefined without a body */
  readonly json: unknown
}

/** Asks the runtime API. @param body an object is sent as JSON */
export async function askApi(
  { path: socketPath }: Pick<ServedApi, 'path'>,
  method: string,
  path: string,
  body?: object | string | Buffer,
  signal?: AbortSignal,
): Promise<ApiAnswer> {
  const sent = typeof body === 'object' && !Buffer.isBuffer(body) ? JSON.stringify(body) : body
  return new Promise((settle, fail) => {
    const asked = request({
      socketPath,
      method,
      path,
      agent: false,
      ...(signal === undefined ? {} : { signal }),
    })
    asked.on('error', fail)
    asked.on('response', (response) => {
      void text(response).then((content) => {
        const { statusCode: status = 0, headers } = response
        settle({
          status,
          headers,
          text: content,
          json: content === '' ? undefined : (JSON.parse(content) as unknown),
        })
      }, fail)
    })
    asked.end(sent)
  })
}

/** A message in the words of the modules (tasks.md §5). */
export const message =
  '{"task_path": "app.f", "capture_response": true, "response_id": "t-1", "args": [1, 2], "kwargs": {}, "command": "zappa.asynchronous.route_lambda_task"}'

/** A dispatch of the task `t-1` (tasks.md §12). */
export const dispatchBody = { id: 't-1', service: 'lambda', capture: 'default', delay_seconds: 0, message }
