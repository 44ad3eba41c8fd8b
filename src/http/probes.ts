// What the container's platform asks: is the server alive, can it take calls (interface.md §4). Owns nothing.

import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Invoker } from '../invoker/invoker.ts'

/** Answers a probe in the form in which platforms send it, which needs no router; false when the request is something else. */
export function answerProbe(invoker: Invoker, request: IncomingMessage, response: ServerResponse): boolean {
  if (request.method !== 'GET') return false
  const path = request.url?.split('?')[0]
  if (path === '/_/healthz') answerHealth(response)
  else if (path === '/_/readyz') answerReadiness(invoker, request, response)
  else return false
  return true
}

/** Whether the server is alive. Never touches an instance, so it answers whatever the function does. */
export function answerHealth(response: ServerResponse): void {
  send(response, 200, { status: 'ok' })
}

/** Whether the server can take calls. Never touches an instance either. */
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

function send(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'Content-Type': 'application/json', 'Cache-Control': 'no-store' })
  response.end(JSON.stringify(body))
}
