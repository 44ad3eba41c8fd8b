// An engine of tasks as an instance sees it (tasks.md §12), without executing anything. Owns its socket and its records.

import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** What it was asked. */
export interface Asked {
  readonly method: string
  readonly path: string
  /** empty without one */
  readonly body: Readonly<Record<string, unknown>>
}

/** An answer in place of its own: a status with a body, or `break`, which ends the connection. */
export type Answer = readonly [status: number, body?: unknown] | 'break'

/**
 * Programs may tell it what to do next: `POST /test/answers` with a list of answers, `PUT /test/records/{id}` with a record;
 * `GET /test/asked` gives what it was asked since that was last asked.
 */
export class TaskService implements AsyncDisposable {
  /** in the order of arrival */
  readonly asked: Asked[] = []
  /** answers to come, before those that it makes by itself */
  readonly answers: Answer[] = []
  /** records by id; they are what GET gives */
  readonly records = new Map<string, unknown>()
  readonly #folder: string
  readonly #server: Server

  private constructor(folder: string) {
    this.#folder = folder
    this.#server = createServer((request, response) => void this.#serve(request, response))
  }

  static async start(): Promise<TaskService> {
    const engine = new TaskService(await mkdtemp(join(tmpdir(), 'fnbox-test-')))
    engine.#server.listen(join(engine.#folder, 'i-1.sock'))
    await once(engine.#server, 'listening')
    return engine
  }

  /** The variables of an instance whose engine this is. */
  get env(): Readonly<Record<string, string>> {
    return {
      FNBOX_RUNTIME_API: `unix:${join(this.#folder, 'i-1.sock')}`,
      AWS_LAMBDA_FUNCTION_NAME: 'd4e-function',
    }
  }

  /** What it was asked so far, since that was last asked. */
  takeAsked(): readonly Asked[] {
    return this.asked.splice(0)
  }

  /** Messages of all dispatches so far. */
  get messages(): readonly unknown[] {
    const dispatched = this.asked.filter(({ path }) => path === '/v1/tasks')
    return dispatched.map(({ body }) => JSON.parse(String(body['message'])) as unknown)
  }

  /** The ids and messages of what was dispatched since that was last asked. */
  takeDispatched(): readonly { readonly id: string; readonly message: unknown }[] {
    const dispatched = this.takeAsked().filter(({ path }) => path === '/v1/tasks')
    return dispatched.map(({ body: { id, message } }) => ({
      id: String(id),
      message: JSON.parse(String(message)) as unknown,
    }))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections()
    this.#server.close()
    await rm(this.#folder, { recursive: true })
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method = '', url = '' } = request
    const text = Buffer.concat((await request.toArray()) as Buffer[]).toString() // a request without encoding gives buffers
    const body = JSON.parse(text || '{}') as Asked['body'] // our own client's
    if (url.startsWith('/test/')) return reply(response, [200, this.#control(url, body)])
    this.asked.push({ method, path: url, body })
    const answer = this.answers.shift() ?? this.#answer(method, url, body)
    if (answer === 'break') request.socket.destroy()
    else reply(response, answer)
  }

  #control(path: string, body: unknown): unknown {
    if (path === '/test/answers')
      this.answers.splice(0, Infinity, ...(body as Answer[])) // of our own tests
    else if (path === '/test/asked') return this.takeAsked()
    else this.records.set(idOf(path), body)
    return null
  }

  #answer(method: string, path: string, body: Asked['body']): Answer {
    if (path === '/v1/tasks') return [202, { id: body['id'], state: 'queued', status: 'in progress' }]
    if (method === 'PUT') return [201, {}]
    if (method === 'POST') return [204]
    const record = this.records.get(idOf(path))
    return record === undefined
      ? [404, { error: { code: 'not_found', message: 'no such task' } }]
      : [200, record]
  }
}

function idOf(path: string): string {
  return /[^/]*$/.exec(path.split('?')[0] ?? '')?.[0] ?? ''
}

function reply(response: ServerResponse, [status, body]: readonly [status: number, body?: unknown]): void {
  response.writeHead(status, { 'Content-Type': 'application/json' })
  response.end(typeof body === 'string' ? body : body === undefined ? undefined : JSON.stringify(body))
}
