// Where instances ask the engine (PROTOCOL.md, "The runtime API"): a Unix socket for each, in a folder that nobody else can enter.
// Owns the folder and the sockets.

import { randomUUID } from 'node:crypto'
import { chmodSync, mkdirSync, rmSync } from 'node:fs'
import { createServer, type RequestListener, type Server, type ServerResponse } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Duplex } from 'node:stream'
import type { Events } from '../../events.ts'
import { describeExit, type Exit } from '../../exit.ts'
import type { LanguageName } from '../../invoker/handler/languages.ts'
import type { RuntimeApi } from '../../invoker/launch.ts'
import type { Tasks } from '../../jobs/model/tasks.ts'
import { within } from '../../timeout.ts'
import { onDemand } from '../onDemand.ts'
import { refuseUnreadable } from '../unreadable.ts'
import type { Caller, RuntimeApiSettings } from './handlers.ts'
import type { RuntimeApiParts } from './api.ts'
import { OwnTasks } from './inlineTasks.ts'
import { asRefusal, Refusal, toRefusalReply } from './errors.ts'

/** Opens and closes the runtime API of instances. */
export class RuntimeSockets {
  readonly #parts: RuntimeApiParts
  readonly #folder = chooseFolder()
  readonly #open = new Set<Server>()
  /** records of tasks that instances have left behind */
  readonly #writing = new Set<Promise<void>>()
  #hasFolder = false

  constructor(tasks: () => Tasks, settings: RuntimeApiSettings, events: Events) {
    this.#parts = { tasks, settings, events }
  }

  /** The runtime API of an instance, still to be opened. */
  apiOf(instance: string, language: LanguageName): RuntimeApi {
    const path = join(this.#folder, `${instance}.sock`)
    const caller = { instance, language, own: new OwnTasks(instance) }
    const server = serverFor(caller, this.#parts)
    return {
      address: `unix:${path}`,
      open: () => this.#listen(server, caller, path),
      close: (exit) => this.#close(server, caller, exit),
    }
  }

  /** Closes what is open, settles when nothing more is written, and removes the folder. May be called twice, or before `open`. */
  async stop(): Promise<void> {
    this.#closeAll()
    await within(writingMs, Promise.all(this.#writing))
    this.#removeFolder()
  }

  /** The same at once: what is still to be written is not waited for. */
  kill(): void {
    this.#closeAll()
    this.#removeFolder()
  }

  // Where that is not possible the function runs without: it may never ask anything.
  #listen(server: Server, caller: Caller, path: string): void {
    server.on('error', (cause) => this.#announce(caller, cause))
    this.#open.add(server)
    try {
      this.#makeFolder()
      server.listen(path) // binds at once; what goes wrong is announced by the server
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

  #close(server: Server, { instance, own }: Caller, exit: Exit | undefined): void {
    closeServer(server)
    this.#open.delete(server)
    const how = exit === undefined ? 'it could not be started' : describeExit(exit)
    const writing = own
      .lose(this.#parts.tasks(), `the instance ${instance} ended while it executed the task: ${how}`)
      .catch((cause: unknown) => {
        this.#parts.events.emit('trouble', { what: `the tasks of ${instance} could not be failed`, cause })
      })
      .finally(() => this.#writing.delete(writing))
    this.#writing.add(writing)
  }

  #announce({ instance }: Caller, cause: unknown): void {
    this.#parts.events.emit('trouble', {
      what: `${instance} has no runtime API: it cannot dispatch tasks`,
      cause,
    })
  }
}

function serverFor(caller: Caller, parts: RuntimeApiParts): Server {
  const latest = new WeakMap<Duplex, ServerResponse>()
  const toDoor = onDemand(
    async () => {
      const { answer } = await import('./api.ts')
      return (request, response) => void answer(request, response, caller, parts)
    },
    parts.events,
    (fault) => toRefusalReply(asRefusal(fault)),
  )
  const take: RequestListener = (request, response) => {
    latest.set(request.socket, response)
    toDoor(request, response)
  }
  const server = createServer(bounds, take)
  server.maxConnections = mostConnections
  server.on('checkContinue', take) // the body is asked for when it is wanted
  server.on('checkExpectation', take)
  server.on('clientError', (error, socket) =>
    refuseUnreadable(error, socket, latest.get(socket), (reason) =>
      toRefusalReply(new Refusal('bad_request', `the request cannot be read: ${reason}`)),
    ),
  )
  server.unref()
  return server
}

function closeServer(server: Server): void {
  server.close()
  server.closeAllConnections()
}

// Nobody else has this name, so the address tells whose a process is. A socket's path has little room.
function chooseFolder(): string {
  const name = `fnbox-${randomUUID()}`
  const usual = join(tmpdir(), name)
  return Buffer.byteLength(join(usual, longestFile)) <= longestPath ? usual : join('/tmp', name)
}

const longestFile = 'i-9999999999.sock'

// In bytes: that of macOS, Linux allows for four more.
const longestPath = 103

const mostConnections = 64

const bounds = {
  headersTimeout: 10_000,
  // until the body is here as well
  requestTimeout: 60_000,
  connectionsCheckingInterval: 5000,
  requireHostHeader: false, // checked in read.ts, so that the answer is one of ours
}

// How long the last records may take at a stop.
const writingMs = 2000
