// The HTTP server: sockets, routes, draining. Express begins and ends in this folder.

import {
  createServer,
  type IncomingMessage,
  type Server,
  type ServerOptions,
  type ServerResponse,
} from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Duplex } from 'node:stream'
import express, { type Express } from 'express'
import { Fault } from '../errors.ts'
import { toFaultReply } from '../event/faultReply.ts'
import type { Events } from '../events.ts'
import type { Invoker } from '../invoker/invoker.ts'
import { Door, type DoorSettings, type Exchange } from './invoke.ts'
import { metricsRoute, type Exposition } from './metrics.ts'
import { probes } from './probes.ts'
import { readBody, readHead } from './read.ts'
import { refuseMethod, refuseUnreadable } from './unreadable.ts'
import { breakOff, end, writeChunk, writeHead, writeReply } from './write.ts'

/** Where to listen, and what the function's door needs. */
export interface ServerSettings extends DoorSettings {
  readonly host: string
  readonly port: number
}

/** Serves a function over HTTP. */
export class HttpServer {
  readonly #settings: ServerSettings
  readonly #invoker: Invoker
  readonly #server: Server
  /** the last answer on each connection */
  readonly #latest = new WeakMap<Duplex, ServerResponse>()

  constructor(invoker: Invoker, settings: ServerSettings, exposition: Exposition, events: Events) {
    this.#invoker = invoker
    this.#settings = settings
    const routes = this.#routes(new Door(invoker, settings, events), exposition)
    this.#server = createServer(bounds, routes)
    this.#server.maxHeadersCount = 0 // their size is limited; beyond a number Node would drop some without a word
    this.#server.on('checkContinue', routes) // the body is asked for when it is wanted
    this.#server.on('checkExpectation', routes) // nothing else can be expected, so it is not
    this.#server.on('clientError', (error, socket) =>
      refuseUnreadable(error, socket, this.#latest.get(socket)),
    )
    this.#server.on('connect', (_request: IncomingMessage, socket: Duplex) => refuseMethod(socket))
  }

  /**
   * Starts to listen.
   * @returns the address as a URL
   * @throws the system's error, EADDRINUSE among others
   */
  async start(): Promise<string> {
    const { host, port } = this.#settings
    await new Promise<void>((settle, fail) => {
      this.#server.once('error', fail)
      this.#server.listen(port, host, settle)
    })
    const { address, family, port: bound } = this.#server.address() as AddressInfo // listening on a port, not on a path
    return `http://${family === 'IPv6' ? `[${address}]` : address}:${bound}/`
  }

  /** Closes the port and every connection, when its answer has left. May be called twice, or before `start`. */
  async stop(): Promise<void> {
    if (!this.#server.listening) return
    const closed = new Promise<void>((settle) => this.#server.close(() => settle()))
    const timer = setTimeout(() => this.#server.closeAllConnections(), lastAnswersMs)
    await closed
    clearTimeout(timer)
  }

  #routes(door: Door, exposition: Exposition): Express {
    const app = express()
    app.disable('x-powered-by')
    app.use('/_', probes(this.#invoker))
    app.use('/_', metricsRoute(exposition)) // open to callers, or on the admin port: who may ask is decided in front of this line
    app.use('/_', (_request, response) =>
      writeReply(response, toFaultReply(new Fault('not_found', 'Not Found')), false),
    )
    app.use((request, response) => void door.answer(this.#exchange(request, response)))
    return app
  }

  #exchange(request: IncomingMessage, response: ServerResponse): Exchange {
    this.#latest.set(request.socket, response)
    const caller = new AbortController()
    response.once('close', () => {
      if (!response.writableFinished) caller.abort()
    })
    return {
      head: readHead(request),
      readBody: (limit) => readBody(request, limit, () => response.writeContinue()),
      signal: caller.signal,
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

const bounds: ServerOptions = {
  // bytes of the request line and all headers together: several times what browsers and proxies send
  maxHeaderSize: 64 * 1024,
  // until the headers are here
  headersTimeout: 30_000,
  // until the body is here as well: 3.5 MB take this long at 50 kbit/s
  requestTimeout: 600_000,
  // longer than the idle time of the usual proxies, so that it is they who close
  keepAliveTimeout: 75_000,
  // how often the first two are looked at
  connectionsCheckingInterval: 5000,
  // checked in read.ts, so that the answer is one of ours
  requireHostHeader: false,
}

// How long answers that are on their way may take to leave when the server stops.
const lastAnswersMs = 1000
