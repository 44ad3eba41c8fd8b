// Health, readiness and metrics for the container's platform (interface.md §4).

import type { IncomingMessage, ServerResponse } from 'node:http'
import { toFaultReply } from '../event/faultReply.ts'
import type { Invoker } from '../invoker/invoker.ts'
import { notAuthorized, toCredential, type Authorizer } from './auth/auth.ts'
import { writeReply } from './exchange.ts'
import { readHead } from './readRequest.ts'

/** The metrics as text, read anew for each scrape. */
export interface Exposition {
  readonly contentType: string
  readonly read: () => Promise<string>
}

/** Answers a probe as platforms usually send it, without a router. @returns false for any other request */
export function answerProbe(invoker: Invoker, request: IncomingMessage, response: ServerResponse): boolean {
  if (request.method !== 'GET') return false
  const path = request.url?.split('?')[0]
  if (path === '/_/healthz') answerHealth(response)
  else if (path === '/_/readyz') answerReadiness(invoker, request, response)
  else return false
  return true
}

/** Answers that the server is alive. It never waits for an instance. */
export function answerHealth(response: ServerResponse): void {
  send(response, 200, { status: 'ok' })
}

/** Answers whether the server accepts calls. It never waits for an instance. */
export function answerReadiness(invoker: Invoker, request: IncomingMessage, response: ServerResponse): void {
  const { status, reason, idle, busy, token } = invoker.status
  const wantsIdle = new URLSearchParams(request.url?.split('?')[1]).has('idle')
  const ready = status === 'ready' && (!wantsIdle || idle > 0)
  send(response, ready ? 200 : 503, {
    status,
    ...(reason === undefined ? {} : { reason }),
    instances: { idle, busy },
    ...(token === undefined ? {} : { token }),
  })
}

/** Answers GET /_/metrics. Unlike a probe it needs a credential that `authorizer` accepts. */
export async function answerMetrics(
  exposition: Exposition,
  authorizer: Authorizer,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  if (!(await authorizer.accepts(toCredential(readHead(request).headers))))
    return writeReply(response, toFaultReply(notAuthorized()), false)
  const text = await exposition.read()
  response.writeHead(200, { 'Content-Type': exposition.contentType, 'Cache-Control': 'no-store' })
  response.end(text)
}

function send(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'Content-Type': 'application/json', 'Cache-Control': 'no-store' })
  response.end(JSON.stringify(body))
}
