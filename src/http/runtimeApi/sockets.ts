// Unix sockets of the runtime API (PROTOCOL.md, "The runtime API"): one for each instance, in a private folder. Owns the folder
// and the sockets.

import { randomUUID } from 'node:crypto'
import { chmodSync, mkdirSync, rmSync } from 'node:fs'
import { createServer, type RequestListener, type Server } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { HttpReply } from '../../event/http.ts'
import type { Events } from '../../events.ts'
import { describeExit, type Exit } from '../../exit.ts'
import type { LanguageName } from '../../invoker/handler/languages.ts'
import type { RuntimeApi } from '../../invoker/launch.ts'
import type { Tasks } from '../../jobs/model/tasks.ts'
import { within } from '../../timeout.ts'
import { onDemand, serveRequests } from '../listener.ts'
import type { ClientInstance, RuntimeApiSettings } from './handlers.ts'
import type { RuntimeApiParts } from './api.ts'
import { InlineTasks } from './inlineTasks.ts'
import { ApiError, toErrorReply } from './errors.ts'

/** Opens and closes the runtime API of instances. */
export class RuntimeSockets {
  readonly #parts: RuntimeApiParts
  readonly #folder = chooseFolder()
  readonly #open = new Set<Server>()
  /** records of tasks that ended instances have left behind */
  readonly #writing = new Set<Promise<void>>()
  #hasFolder = false

  constructor(tasks: () => Tasks, settings: RuntimeApiSettings, events: Events) {
    this.#parts = { tasks, settings, events }
  }

  /** Makes the runtime API of an instance, not yet open. */
  apiOf(instance: string, language: LanguageName): RuntimeApi {
    const path = join(this.#folder, `${instance}.sock`)
    const caller = { instance, language, inlineTasks: new InlineTasks(instance) }
    const server = serverFor(caller, this.#parts)
    return {
      address: `unix:${path}`,
      open: () => this.#listen(server, caller, path),
      close: (exit) => this.#close(server, caller, exit),
    }
  }

  /** Closes the sockets, waits for pending records, and removes the folder. May be called twice, or before `open`. */
  async stop(): Promise<void> {
    this.#closeAll()
    await within(writingMs, Promise.all(this.#writing))
    this.#removeFolder()
  }

  /** Closes the sockets and removes the folder at once. */
  kill(): void {
    this.#closeAll()
    this.#removeFolder()
  }

  // Where a socket cannot be made, the function runs without: most functions never need it.
  #listen(server: Server, caller: ClientInstance, path: string): void {
    server.on('error', (cause) => this.#announce(caller, cause))
    this.#open.add(server)
    try {
      this.#makeFolder()
      server.listen(path) // binds at once; the server announces errors
      if (server.listening) chmodSync(path, 0o600)
    } catch (cause) {
      this.#announce(caller, cause)
    }
  }

  #closeAll(): void {
    for (const each of this.#open) closeServer(each)
    this.#open.clear()
  }

  #removeFolder(): void {
    if (this.#hasFolder) rmSync(this.#folder, { recursive: true, force: true })
    this.#hasFolder = false
  }

  #makeFolder(): void {
    if (!this.#hasFolder) mkdirSync(this.#folder, 0o700)
    this.#hasFolder = true
  }

  #close(server: Server, { instance, inlineTasks }: ClientInstance, exit: Exit | undefined): void {
    closeServer(server)
    this.#open.delete(server)
    const how = exit === undefined ? 'it could not be started' : describeExit(exit)
    const writing = inlineTasks
      .lose(this.#parts.tasks(), `the instance ${instance} ended while it executed the task: ${how}`)
      .catch((cause: unknown) => {
        this.#parts.events.emit('failure', { what: `the tasks of ${instance} could not be failed`, cause })
      })
      .finally(() => this.#writing.delete(writing))
    this.#writing.add(writing)
  }

  #announce({ instance }: ClientInstance, cause: unknown): void {
    this.#parts.events.emit('failure', {
      what: `${instance} has no runtime API: it cannot dispatch tasks`,
      cause,
    })
  }
}

function serverFor(caller: ClientInstance, parts: RuntimeApiParts): Server {
  const server = createServer(limits)
  server.maxConnections = mostConnections
  const load = async (): Promise<RequestListener> => (await import('./api.ts')).runtimeApi(caller, parts)
  serveRequests(server, toUnreadableReply, onDemand(load, parts.events, toErrorReply))
  return server.unref()
}

function toUnreadableReply(reason: string): HttpReply {
  return toErrorReply(new ApiError('bad_request', `the request cannot be read: ${reason}`))
}

function closeServer(server: Server): void {
  server.close()
  server.closeAllConnections()
}

// The name is unique, so the address identifies an instance's processes. Paths of sockets must be short.
function chooseFolder(): string {
  const name = `fnbox-${randomUUID()}`
  const usual = join(tmpdir(), name)
  return Buffer.byteLength(join(usual, longestFile)) <= longestPath ? usual : join('/tmp', name)
}

const longestFile = 'i-9999999999.sock'

// In bytes: the limit of macOS; that of Linux is 107.
const longestPath = 103

const mostConnections = 64

const limits = {
  headersTimeout: 10_000,
  // until the body is here as well
  requestTimeout: 60_000,
  connectionsCheckingInterval: 5000,
  requireHostHeader: false, // checked in readRequest.ts, so that the answer is in the API's form
}

// Time limit of the last records at a stop.
const writingMs = 2000
