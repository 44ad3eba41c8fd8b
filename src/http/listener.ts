// One port: its sockets from the first to the last, over HTTP or HTTPS. Owns the open connections.

import {
  createServer as createHttpServer,
  type IncomingMessage,
  type RequestListener,
  type Server,
} from 'node:http'
import { createServer as createHttpsServer } from 'node:https'
import type { AddressInfo, Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { Fault } from '../errors.ts'
import { toFaultReply } from '../event/faultReply.ts'
import type { Certificate } from './tls.ts'

/** Where to listen. Port 0 takes a free one. */
export interface Place {
  readonly host: string
  readonly port: number
}

/** Listens on one port. */
export class Listener {
  readonly #place: Place
  readonly #scheme: 'http' | 'https'
  readonly #server: Server
  readonly #connections = new Set<Socket>()

  /** @param certificate makes it HTTPS; to be started first */
  constructor(routes: RequestListener, place: Place, certificate: Certificate | undefined) {
    this.#place = place
    this.#scheme = certificate === undefined ? 'http' : 'https'
    this.#server =
      certificate === undefined
        ? createHttpServer({ keepAliveTimeout: keepAliveMs }, routes)
        : createSecureServer(routes, certificate)
    this.#server.on('checkContinue', routes) // the body is asked for when it is wanted
    this.#server.on('clientError', refuseUnreadable)
    this.#server.on('connect', (_request: IncomingMessage, socket: Duplex) => refuseMethod(socket))
    this.#server.on('connection', (socket: Socket) => {
      this.#connections.add(socket)
      socket.once('close', () => this.#connections.delete(socket))
    })
  }

  /**
   * Starts to listen.
   * @returns the address as a URL
   * @throws the system's error, EADDRINUSE among others
   */
  async start(): Promise<string> {
    const { host, port } = this.#place
    await new Promise<void>((settle, fail) => {
      this.#server.once('error', fail)
      this.#server.listen(port, host, settle)
    })
    const { address, family, port: bound } = this.#server.address() as AddressInfo // listening on a port, not on a path
    return `${this.#scheme}://${family === 'IPv6' ? `[${address}]` : address}:${bound}/`
  }

  /** Closes the port and every connection, when its answer has left. May be called twice, or before `start`. */
  async stop(): Promise<void> {
    if (!this.#server.listening) return
    const closed = new Promise<void>((settle) => this.#server.close(() => settle()))
    const timer = setTimeout(() => {
      for (const each of this.#connections) each.destroy() // those that are still shaking hands, too
    }, lastAnswersMs)
    await closed
    clearTimeout(timer)
  }
}

function createSecureServer(routes: RequestListener, certificate: Certificate): Server {
  const server = createHttpsServer({ keepAliveTimeout: keepAliveMs, handshakeTimeout: handshakeMs }, routes)
  // Node would take a failed handshake for an unreadable request, which has an answer; this one has nobody to read it.
  server.removeAllListeners('tlsClientError')
  server.on('tlsClientError', (_error, socket) => void socket.destroy())
  certificate.shownBy(server)
  return server
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

const handshakeMs = 10_000

// How long answers that are on their way may take to leave when the server stops.
const lastAnswersMs = 1000
