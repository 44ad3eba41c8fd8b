// One port: its sockets from the first to the last, over HTTP or HTTPS. Owns the open connections and the
// answers that are on their way.

import {
  createServer as createHttpServer,
  type IncomingMessage,
  type RequestListener,
  type Server,
  type ServerOptions,
  type ServerResponse,
} from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { within } from '../timeout.ts'
import type { Certificate } from './tls.ts'
import { refuseMethod, refuseUnreadable } from './unreadable.ts'

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
  /** by their sockets, each with the last answer on it */
  readonly #connections = new Map<Duplex, ServerResponse | undefined>()

  /** @param certificate makes it HTTPS; to be started first */
  constructor(routes: RequestListener, place: Place, certificate: Certificate | undefined) {
    this.#place = place
    this.#scheme = certificate === undefined ? 'http' : 'https'
    const take: RequestListener = (request, response) => {
      this.#note(request.socket, response)
      // A small body comes with its head: it is there in a moment, so nothing has to wait for it.
      if (hasBody(request)) process.nextTick(routes, request, response)
      else routes(request, response)
    }
    this.#server =
      certificate === undefined ? createHttpServer(bounds, take) : createSecureServer(take, certificate)
    this.#server.maxHeadersCount = 0 // their size is limited; beyond a number Node would drop some without a word
    this.#server.on('checkContinue', take) // the body is asked for when it is wanted
    this.#server.on('checkExpectation', take) // nothing else can be expected, so it is not
    this.#server.on('clientError', (error, socket) =>
      refuseUnreadable(error, socket, this.#connections.get(socket)),
    )
    this.#server.on('connect', (_request: IncomingMessage, socket: Duplex) => refuseMethod(socket))
    this.#server.on('connection', (socket: Socket) => this.#note(socket, undefined))
  }

  /**
   * Starts to listen.
   * @returns the address as a URL
   * @throws the system's error, EADDRINUSE among others
   */
  async start(): Promise<string> {
    const { host, port } = this.#place
    await new Promise<void>((settle, fail) => {
      this.#server.on('error', fail) // later ones, of connections that could not be taken, are nobody's
      this.#server.listen(port, host, settle)
    })
    const { address, family, port: bound } = this.#server.address() as AddressInfo // listening on a port, not on a path
    return `${this.#scheme}://${family === 'IPv6' ? `[${address}]` : address}:${bound}/`
  }

  /**
   * Closes the port, and every connection when its answer has left. May be called twice, or before `start`.
   * @param patienceMs how long answers that are on their way may take; at least a moment
   */
  async stop(patienceMs: number): Promise<void> {
    if (!this.#server.listening) return
    // Node's close() destroys connections whose answer was ended but has not left yet.
    await this.#answered(patienceMs)
    const closed = new Promise<void>((settle) => this.#server.close(() => settle()))
    const timer = setTimeout(() => this.#closeConnections(), lastMomentMs)
    await closed
    clearTimeout(timer)
  }

  // With TLS there are two sockets for a connection: the one that answers is on top of the other.
  #note(socket: Duplex, latest: ServerResponse | undefined): void {
    if (!this.#connections.has(socket)) socket.once('close', () => this.#connections.delete(socket))
    this.#connections.set(socket, latest)
  }

  async #answered(patienceMs: number): Promise<void> {
    const unfinished = [...this.#connections.values()].filter((each) => each !== undefined && !each.closed)
    const begun = unfinished.flatMap((each) => (each?.headersSent === true ? [each] : []))
    const leaving = begun.map((each) => new Promise((settle) => each.once('close', settle)))
    await within(patienceMs, Promise.all(leaving))
  }

  // Also those that are still shaking hands.
  #closeConnections(): void {
    for (const each of this.#connections.keys()) each.destroy()
  }
}

function hasBody({ method, rawHeaders }: IncomingMessage): boolean {
  return method !== 'GET' && rawHeaders.some(isLength)
}

function isLength(name: string): boolean {
  return name.length === 14 && name.toLowerCase() === 'content-length'
}

function createSecureServer(routes: RequestListener, certificate: Certificate): Server {
  const { createServer } = process.getBuiltinModule('node:https') // which others need not load
  const server = createServer({ ...bounds, handshakeTimeout: handshakeMs }, routes)
  // Node would take a failed handshake for an unreadable request, which has an answer; this one has nobody to read it.
  server.removeAllListeners('tlsClientError')
  server.on('tlsClientError', (_error, socket) => void socket.destroy())
  certificate.shownBy(server)
  return server
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

const handshakeMs = 10_000

// How long connections without an answer on its way may take to close: those that are half open, or shake hands.
const lastMomentMs = 500
