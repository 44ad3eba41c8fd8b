// The HTTP server: one or two ports, and which requests go to the function, to a probe or to the router.

import type { RequestListener } from 'node:http'
import type { Invoker } from '../invoker/invoker.ts'
import { AsyncEndpoint, type AsyncTerms } from './asyncEndpoint.ts'
import { HttpExchange } from './exchange.ts'
import { FunctionEndpoint, type EndpointSettings } from './functionEndpoint.ts'
import { Listener, onDemand } from './listener.ts'
import { answerProbe } from './probes.ts'
import type { RouteParts } from './router.ts'
import type { Certificate } from './tls.ts'

/** Where to listen, and settings of the function's endpoint. */
export interface ServerSettings extends EndpointSettings {
  readonly host: string
  readonly port: number
  /** of the routes below `/_/`; undefined: that of the function */
  readonly adminPort: number | undefined
}

/** Where a server listens, as URLs. */
export interface Addresses {
  readonly url: string
  /** of the routes below `/_/`, on the admin port */
  readonly adminUrl?: string
}

/** What is served besides the function, and how. */
export interface ServerParts extends RouteParts {
  /** makes it HTTPS; the caller starts it before the server */
  readonly certificate: Certificate | undefined
  /** of asynchronous calls; undefined: they are turned off */
  readonly async?: AsyncTerms | undefined
}

/** Serves a function over HTTP. */
export class HttpServer {
  readonly #main: Listener
  readonly #admin: Listener | undefined

  constructor(invoker: Invoker, settings: ServerSettings, parts: ServerParts) {
    const { authorizer, certificate, events } = parts
    const { host, port, adminPort } = settings
    const endpoint = new FunctionEndpoint(
      invoker,
      settings,
      authorizer,
      events,
      toAsyncEndpoint(parts, invoker),
    )
    const toFunction: RequestListener = (request, response) =>
      endpoint.answer(new HttpExchange(request, response, invoker))
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
   * Closes every port, and every connection after its response was sent. May be called twice, or before `start`.
   * @param graceMs how long responses that have started may take
   */
  async stop(graceMs: number): Promise<void> {
    await Promise.all([this.#main.stop(graceMs), this.#admin?.stop(graceMs)])
  }
}

function toAsyncEndpoint({ jobs, async }: ServerParts, invoker: Invoker): AsyncEndpoint | undefined {
  return jobs && async && new AsyncEndpoint(jobs.service, invoker, async)
}

// The root path, which needs no router.
function isRoot(url: string | undefined): boolean {
  return url === '/' || url?.startsWith('/?') === true
}
