// The HTTP server: what is answered by whom, on which port. Express begins and ends in this folder.

import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http'
import type { Invoker } from '../invoker/invoker.ts'
import { AsyncDoor, type AsyncTerms } from './asyncEndpoint.ts'
import { clientOf } from './client.ts'
import { Door, type DoorSettings, type Exchange } from './functionEndpoint.ts'
import { Listener } from './listener.ts'
import { onDemand } from './onDemand.ts'
import { answerProbe } from './probes.ts'
import { readBody, readHead } from './readRequest.ts'
import type { RouteParts } from './router.ts'
import type { Certificate } from './tls.ts'
import { breakOff, end, writeChunk, writeHead, writeReply } from './exchange.ts'

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

/** What answers besides the function, and how. */
export interface ServerParts extends RouteParts {
  /** makes it HTTPS; to be started before the server */
  readonly certificate: Certificate | undefined
  /** terms of asynchronous invocations; undefined: they are turned off */
  readonly async?: AsyncTerms | undefined
}

/** Serves a function over HTTP. */
export class HttpServer {
  readonly #invoker: Invoker
  readonly #main: Listener
  readonly #admin: Listener | undefined

  constructor(invoker: Invoker, settings: ServerSettings, parts: ServerParts) {
    const { authorizer, certificate, events } = parts
    this.#invoker = invoker
    const { host, port, adminPort } = settings
    const door = new Door(invoker, settings, authorizer, events, toAsyncDoor(parts, invoker))
    const toFunction: RequestListener = (request, response) =>
      void door.answer(this.#exchange(request, response))
    const hasProbes = adminPort === undefined
    const toRoute = onDemand(async () => {
      const { mainRoutes } = await import('./router.ts')
      return mainRoutes(invoker, parts, !hasProbes, toFunction)
    }, events)
    const isScript = parts.jobs?.settings.isScript === true
    const listener: RequestListener = (request, response) => {
      if (!isScript && isRoot(request.url)) toFunction(request, response)
      else if (!hasProbes || !answerProbe(invoker, request, response)) toRoute(request, response)
    }
    this.#main = new Listener(listener, { host, port }, certificate)
    if (adminPort === undefined) return
    const toAdminRoute = onDemand(async () => {
      const { adminRoutes } = await import('./router.ts')
      return adminRoutes(invoker, parts)
    }, events)
    const adminListener: RequestListener = (request, response) => {
      if (!answerProbe(invoker, request, response)) toAdminRoute(request, response)
    }
    this.#admin = new Listener(adminListener, { host, port: adminPort }, certificate)
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
    return this.#invoker.isDraining
  }
}

function toAsyncDoor({ jobs, async }: ServerParts, invoker: Invoker): AsyncDoor | undefined {
  return jobs && async && new AsyncDoor(jobs.service, invoker, async)
}

// The function's own path, which needs no router.
function isRoot(url: string | undefined): boolean {
  return url === '/' || url?.startsWith('/?') === true
}
