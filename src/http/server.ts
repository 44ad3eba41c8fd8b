// The HTTP server: which route is answered by whom, on which port. Express begins and ends in this folder.

import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http'
import express, { type Express, type Request, type Response, type Router } from 'express'
import { Fault } from '../errors.ts'
import { toFaultReply } from '../event/faultReply.ts'
import type { Invoker } from '../invoker/invoker.ts'
import type { Events } from '../events.ts'
import type { JobService } from '../jobs/service.ts'
import type { Tasks } from '../jobs/tasks.ts'
import { AsyncDoor, type AsyncTerms } from './asyncDoor.ts'
import { everyone, type Authorizer } from './auth.ts'
import { clientOf } from './client.ts'
import { Door, type DoorSettings, type Exchange } from './invoke.ts'
import { JobDoor } from './jobs/door.ts'
import { jobRoutes, ownJobRoutes } from './jobs/router.ts'
import type { JobSettings } from './jobs/settings.ts'
import { Listener } from './listener.ts'
import { metricsRoute, type Exposition } from './metrics.ts'
import { probes } from './probes.ts'
import { readBody, readHead } from './read.ts'
import { taskRoute } from './tasks/route.ts'
import type { Certificate } from './tls.ts'
import { breakOff, end, writeChunk, writeHead, writeReply } from './write.ts'

/** Where to listen, and what the function's door needs. */
export interface ServerSettings extends DoorSettings {
  readonly host: string
  readonly port: number
  /** where the routes below `/_/` are served; undefined: where the function is */
  readonly adminPort: number | undefined
}

/** Where a server listens, as URLs. */
export interface Addresses {
  readonly url: string
  /** of the routes below `/_/`, when they have a port of their own */
  readonly adminUrl?: string
}

/** What answers besides the function. */
export interface ServerParts {
  readonly authorizer: Authorizer
  /** makes it HTTPS; to be started before the server */
  readonly certificate: Certificate | undefined
  readonly metrics: Exposition
  readonly events: Events
  /** the jobs API; undefined: there is none */
  readonly jobs?: { readonly service: JobService; readonly settings: JobSettings } | undefined
  /** terms of asynchronous invocations; undefined: they are turned off */
  readonly async?: AsyncTerms | undefined
  /** undefined: there are none */
  readonly tasks?: Tasks | undefined
}

/** Serves a function over HTTP. */
export class HttpServer {
  readonly #settings: ServerSettings
  readonly #invoker: Invoker
  readonly #main: Listener
  readonly #admin: Listener | undefined

  constructor(invoker: Invoker, settings: ServerSettings, parts: ServerParts) {
    const { authorizer, certificate, events } = parts
    this.#invoker = invoker
    this.#settings = settings
    const { host, port, adminPort } = settings
    const door = new Door(invoker, settings, authorizer, events, toAsyncDoor(parts, invoker))
    const routes = this.#routes(door, parts)
    const isScript = parts.jobs?.settings.isScript === true
    const listener: RequestListener = (request, response) => {
      if (!isScript && isRoot(request.url)) void door.answer(this.#exchange(request, response))
      else routes(request, response)
    }
    this.#main = new Listener(listener, { host, port }, certificate)
    if (adminPort !== undefined)
      this.#admin = new Listener(this.#adminRoutes(parts), { host, port: adminPort }, certificate)
  }

  /**
   * Starts to listen.
   * @throws the system's error, EADDRINUSE among others; nothing listens then
   */
  async start(): Promise<Addresses> {
    try {
      const url = await this.#main.start()
      const adminUrl = await this.#admin?.start()
      return adminUrl === undefined ? { url } : { url, adminUrl }
    } catch (error) {
      await this.stop(0)
      throw error
    }
  }

  /**
   * Closes every port, and every connection when its answer has left. May be called twice, or before `start`.
   * @param patienceMs how long answers that are on their way may take
   */
  async stop(patienceMs: number): Promise<void> {
    await Promise.all([this.#main.stop(patienceMs), this.#admin?.stop(patienceMs)])
  }

  #routes(door: Door, parts: ServerParts): Express {
    const app = plainExpress()
    const jobs = toJobDoor(parts)
    if (this.#settings.adminPort === undefined)
      app.use('/_', ...this.#ownRoutes(parts, parts.authorizer), ...own(jobs))
    app.use('/_', answerNotFound)
    if (jobs !== undefined) app.use(jobRoutes(jobs))
    app.use((request, response) => void door.answer(this.#exchange(request, response)))
    return app
  }

  #adminRoutes(parts: ServerParts): Express {
    const app = plainExpress()
    app.use('/_', ...this.#ownRoutes(parts, everyone), ...own(toJobDoor(parts)))
    app.use(answerNotFound)
    return app
  }

  #ownRoutes({ metrics, tasks, events }: ServerParts, authorizer: Authorizer): readonly Router[] {
    const ofTasks = tasks === undefined ? [] : [taskRoute(tasks, authorizer, events)]
    return [probes(this.#invoker), metricsRoute(metrics, authorizer), ...ofTasks]
  }

  #exchange(request: IncomingMessage, response: ServerResponse): Exchange {
    return {
      head: readHead(request),
      readBody: (limit) => readBody(request, limit, () => response.writeContinue()),
      signal: clientOf(response),
      reply: (reply) => writeReply(response, reply, this.#draining),
      start: (head) => writeHead(response, head, this.#draining),
      write: (bytes) => writeChunk(response, bytes),
      end: () => end(response),
      abort: () => breakOff(response),
    }
  }

  get #draining(): boolean {
    return this.#invoker.status.status === 'draining'
  }
}

function toJobDoor({ jobs, authorizer, events }: ServerParts): JobDoor | undefined {
  return jobs && new JobDoor(jobs.service, jobs.settings, authorizer, events)
}

function toAsyncDoor({ jobs, async }: ServerParts, invoker: Invoker): AsyncDoor | undefined {
  return jobs && async && new AsyncDoor(jobs.service, invoker, async)
}

function own(jobs: JobDoor | undefined): readonly Router[] {
  return jobs === undefined ? [] : [ownJobRoutes(jobs)]
}

// The function's own path, which needs no router.
function isRoot(url: string | undefined): boolean {
  return url === '/' || url?.startsWith('/?') === true
}

function plainExpress(): Express {
  const app = express()
  app.disable('x-powered-by')
  return app
}

function answerNotFound(_request: Request, response: Response): void {
  writeReply(response, toFaultReply(new Fault('not_found', 'Not Found')), false)
}
