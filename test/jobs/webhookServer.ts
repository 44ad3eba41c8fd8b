// A receiver of webhooks on 127.0.0.1 that behaves as a test says.

import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

/** What has come in. */
export interface Received {
  readonly method: string | undefined
  readonly path: string | undefined
  readonly headers: IncomingHttpHeaders
  readonly body: string
}

/** A running receiver; disposing of it closes it and every connection. */
export interface WebhookServer extends AsyncDisposable {
  readonly port: number
  /** without a slash at its end */
  readonly url: string
  readonly received: readonly Received[]
  /** connections so far */
  readonly connections: () => number
  /** connections that are open */
  readonly open: () => number
}

/** @param answer is called when a request was read whole */
export async function webhookServer(
  answer: (response: ServerResponse, count: number) => void = (response) => response.end(),
): Promise<WebhookServer> {
  const received: Received[] = []
  const take = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const parts: Buffer[] = []
    for await (const part of request) parts.push(Buffer.from(part))
    const { method, url: path, headers } = request
    received.push({ method, path, headers, body: Buffer.concat(parts).toString() })
    answer(response, received.length)
  }
  // Who sends may break off.
  const server = createServer((request, response) => void take(request, response).catch(() => {}))
  let connections = 0
  let open = 0
  server.on('connection', (socket) => {
    connections++
    open++
    socket.on('close', () => open--)
  })
  await new Promise<void>((settle) => server.listen(0, '127.0.0.1', settle))
  const { port } = server.address() as AddressInfo // it listens on a port
  return {
    port,
    url: `http://127.0.0.1:${port}`,
    received,
    connections: () => connections,
    open: () => open,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections()
      await new Promise((settle) => server.close(settle))
    },
  }
}
