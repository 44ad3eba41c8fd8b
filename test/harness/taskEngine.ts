// An engine of tasks as an instance sees it (tasks.md §12), without executing anything. Owns its socket and its records.

import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Socket } from 'node:net'

/** What it was asked. */
export interface Asked {
  readonly method: string
  readonly path: string
  readonly body: unknown
}

/** An answer in place of its own: a status with a body, or `break`, which ends the connection. */
export type Answer = readonly [status: number, body?: unknown] | 'break'

/**
 * Programs may tell it what to do next: `POST /test/answers` with a list of answers, `PUT /test/records/{id}` with a record;
 * `GET /test/asked` gives what it was asked since that was last asked.
 */
export class TaskEngine implements AsyncDisposable {
  readonly #folder: string
  readonly #server: Server
  readonly #sockets = new Set<Socket>()
  readonly #records = new Map<string, unknown>()
  #asked: Asked[] = []
  #answers: Answer[] = []

  private constructor(folder: string) {
    this.#folder = folder
    this.#server = createServer((request, response) => void this.#serve(request, response))
    this.#server.on('connection', (socket: Socket) => {
      this.#sockets.add(socket)
      socket.once('close', () => this.#sockets.delete(socket))
    })
  }

  static async start(): Promise<TaskEngine> {
    const engine = new TaskEngine(await mkdtemp(join(tmpdir(), 'fnbox-test-')))
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
    const asked = this.#asked
    this.#asked = []
    return asked
  }

  /** The ids and messages of what was dispatched, as the former. */
  takeDispatched(): readonly { readonly id: string; readonly message: unknown }[] {
    const bodies = this.takeAsked()
      .filter(({ path }) => path === '/v1/tasks')
      .map(({ body }) => body as { id: string; message: string }) // of the client, which the tests look at
    return bodies.map(({ id, message }) => ({ id, message: JSON.parse(message) as unknown }))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.destroy()
    this.#server.close()
    await rm(this.#folder, { recursive: true })
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method = '', url = '' } = request
    const text = Buffer.concat((await request.toArray()) as Buffer[]).toString() // a request without encoding gives buffers
    const body: unknown = text === '' ? undefined : JSON.parse(text)
    if (url.startsWith('/test/')) return reply(response, [200, this.#control(url, body)])
    this.#asked.push({ method, path: url, body })
    const answer = this.#answers.shift() ?? this.#answer(method, url, body)
    if (answer === 'break') request.socket.destroy()
    else reply(response, answer)
  }

  #control(path: string, body: unknown): unknown {
    if (path === '/test/answers')
      this.#answers = body as Answer[] // of our own tests
    else if (path === '/test/asked') return this.takeAsked()
    else this.#records.set(idOf(path), body)
    return null
  }

  #answer(method: string, path: string, body: unknown): Answer {
    if (path === '/v1/tasks') {
      const { id } = body as { id: string } // the client's, which is what the tests look at
      return [202, { id, state: 'queued', status: 'in progress' }]
    }
    if (method === 'PUT') return [201, {}]
    if (method === 'POST') return [204]
    const record = this.#records.get(idOf(path))
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
