// GET /_/metrics: what Prometheus scrapes (interface.md §4).

import { Router } from 'express'
import { toFaultReply } from '../event/faultReply.ts'
import { notAuthorized, toCredential, type Authorizer } from './auth/auth.ts'
import { readHead } from './readRequest.ts'
import { writeReply } from './exchange.ts'

/** The metrics as text, read anew for each scrape. */
export interface Exposition {
  readonly contentType: string
  readonly read: () => Promise<string>
}

/** The route. Unlike the probes it is not for strangers: `authorizer` says who may ask. */
export function metricsRoute(exposition: Exposition, authorizer: Authorizer): Router {
  const router = Router()
  // oxlint-disable-next-line oxc/no-async-endpoint-handlers -- Express 5 takes what it rejects with
  router.get('/metrics', async (request, response) => {
    if (!(await authorizer.accepts(toCredential(readHead(request).headers))))
      return writeReply(response, toFaultReply(notAuthorized()), false)
    const text = await exposition.read()
    response.writeHead(200, { 'Content-Type': exposition.contentType, 'Cache-Control': 'no-store' })
    response.end(text)
  })
  return router
}
