// GET /_/metrics: what Prometheus scrapes (interface.md §4).

import { Router } from 'express'

/** The metrics as text, read anew for each scrape. */
export interface Exposition {
  readonly contentType: string
  readonly read: () => Promise<string>
}

/** The route. Unlike the probes it is open to callers only, or moves to the admin port with the rest of `/_/`. */
export function metricsRoute(exposition: Exposition): Router {
  const router = Router()
  router.get('/metrics', async (_request, response) => {
    const text = await exposition.read()
    response.writeHead(200, { 'Content-Type': exposition.contentType, 'Cache-Control': 'no-store' })
    response.end(text)
  })
  return router
}
