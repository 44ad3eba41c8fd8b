// The metadata service for functions: the current token, on a loopback address (yandex.md T-2, T-3). A separate server, since
// callers must not reach it.

import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { TokenSource } from '../invoker/token/source.ts'

/** Serves tokens to functions as the cloud's metadata service does. */
export class MetadataServer {
  readonly #tokens: TokenSource
  readonly #server: Server
  #stopped = false

  constructor(tokens: TokenSource) {
    this.#tokens = tokens
    this.#server = createServer(
      { headersTimeout: requestMs, requestTimeout: requestMs },
      (request, response) => this.#answer(request, response),
    )
    this.#server.maxConnections = mostConnections
    this.#server.unref()
  }

  /**
   * Starts to listen on a free port.
   * @throws the system's error
   */
  async start(): Promise<void> {
    if (this.#stopped) return
    await new Promise<void>((settle, fail) => {
      this.#server.on('error', fail) // later errors concern single connections
      this.#server.once('close', settle) // stopped before it listened
      this.#server.listen(0, '127.0.0.1', settle)
    })
  }

  /** Closes the port and every connection. May be called twice, or before `start`. */
  stop(): void {
    this.#stopped = true
    this.#server.close()
    this.#server.closeAllConnections()
  }

  /**
   * Variables with the address of the service; empty while nothing listens. The official Go and Python SDKs read host and port
   * from YC_METADATA_ADDR; a Node.js function gives the URL to its SDK.
   */
  get variables(): Readonly<Record<string, string>> {
    if (!this.#server.listening) return {}
    const { address, port } = this.#server.address() as AddressInfo // listening on a port, not on a path
    return { YC_METADATA_ADDR: `${address}:${port}` }
  }

  #answer({ method, url, headers }: IncomingMessage, response: ServerResponse): void {
    if (method !== 'GET' || url?.split('?')[0] !== tokenPath) return send(response, 404)
    if (headers['metadata-flavor'] !== 'Google') return send(response, 403)
    const token = this.#tokens.current()
    return token === undefined ? send(response, 404) : send(response, 200, token)
  }
}

function send(response: ServerResponse, status: number, body?: object): void {
  response.writeHead(status, { 'Metadata-Flavor': 'Google', 'Content-Type': 'application/json' })
  response.end(JSON.stringify(body))
}

const tokenPath = '/computeMetadata/v1/instance/service-accounts/default/token'
const mostConnections = 100

// Time limit of receiving a request.
const requestMs = 5000
