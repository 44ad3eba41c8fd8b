// What the container's platform asks: is the server alive, can it take calls (interface.md §4).

import { Router, type Response } from 'express'
import type { Invoker } from '../invoker/invoker.ts'

/** The routes below `/_/`. They never touch an instance, so they answer whatever the function does. */
export function probes(invoker: Invoker): Router {
  const router = Router({ caseSensitive: true })
  router.get('/healthz', (_request, response) => {
    send(response, 200, { status: 'ok' })
  })
  router.get('/readyz', (request, response) => {
    const { status, reason, idle, busy, token } = invoker.status
    const wantsIdle = new URLSearchParams(request.url.split('?')[1]).has('idle')
    const ready = status === 'ready' && (!wantsIdle || idle > 0)
    send(response, ready ? 200 : 503, {
      status,
      ...(reason === undefined ? {} : { reason }),
      instances: { idle, busy },
      ...(token === undefined ? {} : { token }),
    })
  })
  return router
}

function send(response: Response, status: number, body: object): void {
  response.writeHead(status, { 'Content-Type': 'application/json', 'Cache-Control': 'no-store' })
  response.end(JSON.stringify(body))
}
