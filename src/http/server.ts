// The HTTP server: sockets, routes, draining. Express begins and ends in this folder.

import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
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
import { breakOff, writeChunk, writeHead, writeReply } from './write.ts'

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

  constructor(invoker: Invoker, settings: ServerSettings, exposition: Exposition, events: Events) {
    this.#invoker = invoker
    this.#settings = settings
    const routes = this.#routes(new Door(invoker, settings, events), exposition)
    this.#server = createServer({ keepAliveTimeout: keepAliveMs }, routes)
    this.#server.on('checkContinue', routes) // the body is asked for when it is wanted
    this.#server.on('clientError', refuseUnreadable)
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
      end: () => response.end(),
      abort: () => breakOff(response),
    }
  }

  get #draining(): boolean {
    return this.#invoker.status.status === 'draining'
  }
}

// yandex.md F-23: what the parser could not read has no request and no response yet.
function refuseUnreadable(error: NodeJS.ErrnoException, socket: Duplex): void {
  if (error.code === 'ECONNRESET' || !socket.writable) return void socket.destroy()
  refuse(socket, reasons[error.code ?? ''] ?? 'it is not HTTP/1.1')
}

function refuseMethod(socket: Duplex): void {
  refuse(socket, 'method CONNECT is not supported')
}

function refuse(socket: Duplex, reason: string): void {
  const { status, headers, body } = toFaultReply(new Fault('invalid_request', `Invalid request: ${reason}`))
  const lines = [...headers, ['Content-Length', String(body.length)], ['Connection', 'close']]
  socket.end(
    `HTTP/1.1 ${status} Bad Request\r\n${lines.map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n${body.toString()}`,
  )
}

const reasons: Readonly<Record<string, string>> = {
  HPE_HEADER_OVERFLOW: 'the header is too large',
  ERR_HTTP_REQUEST_TIMEOUT: 'it was not received in time',
  HPE_INVALID_METHOD: 'the method is not known',
}

// Longer than the idle time of the usual proxies, so that it is they who close.
const keepAliveMs = 75_000

// How long answers that are on their way may take to leave when the server stops.
const lastAnswersMs = 1000
