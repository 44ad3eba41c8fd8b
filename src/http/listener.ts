// HTTP servers: one for each port, over HTTP or HTTPS; requests that Node's parser rejects, and listeners that are loaded on
// demand. Owns the open connections and the latest response on each.

import {
  createServer,
  type IncomingMessage,
  type RequestListener,
  type Server,
  type ServerOptions,
  type ServerResponse,
} from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { Fault } from '../errors.ts'
import { toFaultReply } from '../event/faultReply.ts'
import type { HttpReply } from '../event/http.ts'
import type { Events } from '../events.ts'
import { within } from '../timeout.ts'
import { writeReply } from './exchange.ts'
import type { Certificate } from './tls.ts'

/** Where to listen. Port 0 selects a free one. */
export interface ListenAddress {
  readonly host: string
  readonly port: number
}

/** Listens on one port. */
export class Listener {
  readonly #place: ListenAddress
  readonly #scheme: 'http' | 'https'
  readonly #server: Server
  readonly #connections: Connections

  /** @param certificate makes it HTTPS; the caller starts it first */
  constructor(routes: RequestListener, place: ListenAddress, certificate: Certificate | undefined) {
    this.#place = place
    this.#scheme = certificate === undefined ? 'http' : 'https'
    this.#server = certificate === undefined ? createServer(limits) : createSecureServer(certificate)
    this.#connections = serveRequests(this.#server, toInvalidRequest, (request, response) => {
      // A small body comes with its head: after this tick it is there, and nothing has to wait for it.
      if (hasBody(request)) process.nextTick(routes, request, response)
      else routes(request, response)
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
      this.#server.on('error', fail) // later errors concern single connections
      this.#server.listen(port, host, settle)
    })
    const { address, port: actualPort } = this.#server.address() as AddressInfo // listening on a port, not on a path
    return `${this.#scheme}://${address.includes(':') ? `[${address}]` : address}:${actualPort}/`
  }

  /**
   * Closes the port, and every connection after its response was sent. May be called twice, or before `start`.
   * @param graceMs how long responses that have started may take
   */
  async stop(graceMs: number): Promise<void> {
    if (!this.#server.listening) return
    // Node's close() destroys connections whose response was ended but not yet sent.
    await this.#sent(graceMs)
    const closed = new Promise<void>((settle) => this.#server.close(() => settle()))
    const timer = setTimeout(() => this.#closeConnections(), closingMs)
    await closed
    clearTimeout(timer)
  }

  async #sent(graceMs: number): Promise<void> {
    const started = [...this.#connections.values()].filter((each) => each?.headersSent && !each.closed)
    const sent = started.map((each) => new Promise((settle) => each?.once('close', settle)))
    await within(graceMs, Promise.all(sent))
  }

  // Also those in their TLS handshake.
  #closeConnections(): void {
    for (const each of this.#connections.keys()) each.destroy()
  }
}

/** Open connections by socket, each with its latest response. */
type Connections = Map<Duplex, ServerResponse | undefined>

/**
 * Hands each request of a server to a listener, and answers 400 to those that Node's parser rejects.
 * @param toReply makes that answer, for a reason
 */
export function serveRequests(
  server: Server,
  toReply: (reason: string) => HttpReply,
  listener: RequestListener,
): Connections {
  const connections: Connections = new Map()
  // With TLS a connection has two sockets: the one that answers is on top of the other.
  const note = (socket: Duplex, latest: ServerResponse | undefined): void => {
    if (!connections.has(socket)) socket.once('close', () => connections.delete(socket))
    connections.set(socket, latest)
  }
  const accept: RequestListener = (request, response) => {
    note(request.socket, response)
    listener(request, response)
  }
  server.maxHeadersCount = 0 // their size is limited; Node would silently drop those beyond a number
  server.on('request', accept)
  server.on('checkContinue', accept) // the endpoint asks for the body when it wants it
  server.on('checkExpectation', accept) // other expectations are ignored
  server.on('connection', (socket: Socket) => note(socket, undefined))
  server.on('connect', (_request: IncomingMessage, socket: Duplex) =>
    writeRaw(socket, toReply('method CONNECT is not supported')),
  )
  server.on('clientError', (error, socket) =>
    rejectUnreadable(error, socket, connections.get(socket), toReply),
  )
  return connections
}

/**
 * Hands each request to the listener that `load` brings. While that fails (there may be no descriptor left to read a file
 * with) the answer is 500, and the next request loads again.
 */
export function onDemand(
  load: () => Promise<RequestListener>,
  events: Events,
  toErrorReply: (fault: Fault) => HttpReply = toFaultReply,
): RequestListener {
  let loaded: RequestListener | undefined
  return (request, response) => {
    if (loaded !== undefined) return loaded(request, response)
    load().then(
      (listener) => {
        loaded ??= listener
        loaded(request, response)
      },
      (cause: unknown) => {
        events.emit('failure', { what: 'a part of the server could not be loaded', cause })
        writeReply(response, toErrorReply(new Fault('internal', 'Internal Server Error')), false)
      },
    )
  }
}

// Answers and closes the connection (yandex.md F-23). `latest`: the latest response on it, which is sent first.
function rejectUnreadable(
  error: NodeJS.ErrnoException,
  socket: Duplex,
  latest: ServerResponse | undefined,
  toReply: (reason: string) => HttpReply,
): void {
  if (error.code === 'ECONNRESET' || !socket.writable) return void socket.destroy()
  const reject = (): void => writeRaw(socket, toReply(reasons[error.code ?? ''] ?? 'it is not HTTP/1.1'))
  if (latest === undefined || latest.writableFinished) return reject()
  // A pipelined request: the one before it is answered first.
  if (latest.req.complete) return void latest.once('finish', reject)
  // The body of the request itself; a response that has started was the last one.
  if (latest.headersSent) return void socket.end()
  reject()
}

function toInvalidRequest(reason: string): HttpReply {
  return toFaultReply(new Fault('invalid_request', `Invalid request: ${reason}`))
}

// Without a request Node has no response to write with.
function writeRaw(socket: Duplex, { status, headers, body }: HttpReply): void {
  if (!socket.writable) return
  const lines = [...headers, ['Content-Length', String(body.length)], ['Connection', 'close']]
  socket.end(
    `HTTP/1.1 ${status} Bad Request\r\n${lines.map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n${body.toString()}`,
  )
}

function hasBody({ method, rawHeaders }: IncomingMessage): boolean {
  return method !== 'GET' && rawHeaders.some(isLength)
}

function isLength(name: string): boolean {
  return name.length === 14 && name.toLowerCase() === 'content-length'
}

function createSecureServer(certificate: Certificate): Server {
  const https = process.getBuiltinModule('node:https') // loaded for HTTPS only
  const server = https.createServer({ ...limits, handshakeTimeout: handshakeMs })
  // Node reports a failed handshake as an unreadable request too, but its client cannot read an answer.
  server.removeAllListeners('tlsClientError')
  server.on('tlsClientError', (_error, socket) => void socket.destroy())
  certificate.shownBy(server)
  return server
}

const limits: ServerOptions = {
  // bytes of the request line and all headers: several times what browsers and proxies send
  maxHeaderSize: 64 * 1024,
  // until the headers are here
  headersTimeout: 30_000,
  // until the body is here as well: 3.5 MB take this long at 50 kbit/s
  requestTimeout: 600_000,
  // longer than the idle time of the usual proxies, so that the proxy closes first
  keepAliveTimeout: 75_000,
  // how often both timeouts are checked
  connectionsCheckingInterval: 5000,
  // checked in readRequest.ts, so that the answer is in fnbox's form
  requireHostHeader: false,
}

const handshakeMs = 10_000

// How long other connections may take to close: those that are half open, or in their handshake.
const closingMs = 500

const reasons: Readonly<Record<string, string>> = {
  HPE_HEADER_OVERFLOW: 'the header is too large',
  ERR_HTTP_REQUEST_TIMEOUT: 'it was not received in time',
  HPE_INVALID_METHOD: 'the method is not known',
  HPE_INVALID_CONTENT_LENGTH: 'the length of the body is not clear',
  HPE_UNEXPECTED_CONTENT_LENGTH: 'the length of the body is not clear',
  HPE_INVALID_TRANSFER_ENCODING: 'the length of the body is not clear',
  HPE_INVALID_HEADER_TOKEN: 'a header has a character that is not allowed',
  HPE_INVALID_CHUNK_SIZE: 'a chunk of the body has no size',
}
