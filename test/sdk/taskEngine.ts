// An engine as instances see it (tasks.md §12): a server on a Unix socket that keeps what it is told. Owns that server.

import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** What an instance has asked. */
export interface Asked {
  readonly method: string
  readonly path: string
  readonly body: Readonly<Record<string, unknown>>
}

/** How an engine answers: a status and a document, or it breaks the connection. */
export type Answer = readonly [status: number, document?: unknown] | 'break'

/** Disposing of it removes the socket. */
export class TaskEngine implements AsyncDisposable {
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

  static async start(): Promise<TaskEngine> {
    const engine = new TaskEngine(await mkdtemp(join(tmpdir(), 'fnbox-test-')))
    engine.#server.listen(join(engine.#folder, 'i-1.sock'))
    await once(engine.#server, 'listening')
    return engine
  }

  /** Variables of an instance that asks it. */
  get env(): NodeJS.ProcessEnv {
    return { FNBOX_RUNTIME_API: `unix:${join(this.#folder, 'i-1.sock')}`, AWS_LAMBDA_FUNCTION_NAME: 'd4e' }
  }

  /** Messages of all dispatches so far. */
  get messages(): readonly unknown[] {
    const dispatched = this.asked.filter(({ path }) => path === '/v1/tasks')
    return dispatched.map(({ body }) => JSON.parse(String(body['message'])) as unknown)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections()
    this.#server.close()
    await rm(this.#folder, { recursive: true })
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method = '', url = '' } = request
    const text = Buffer.concat(await request.toArray()).toString()
    const body = JSON.parse(text || '{}') as Asked['body'] // our own client's
    this.asked.push({ method, path: url, body })
    const answer = this.answers.shift() ?? this.#answer(method, url, body)
    if (answer === 'break') return void request.socket.destroy()
    const [status, document] = answer
    response.writeHead(status, { 'Content-Type': 'application/json' })
    response.end(document === undefined ? '' : JSON.stringify(document))
  }

  #answer(method: string, path: string, body: Asked['body']): Answer {
    if (path === '/v1/tasks') return [202, { id: body['id'], state: 'queued', status: 'in progress' }]
    if (method === 'PUT') return [201, {}]
    if (method === 'POST') return [204]
    const [id = ''] = path.replace('/v1/tasks/', '').split('?')
    const record = this.records.get(id)
    return record === undefined
      ? [404, { error: { code: 'not_found', message: 'there is no such task' } }]
      : [200, record]
  }
}
