// The jobs API as Express knows it: which requests go through its door.

import { Router } from 'express'
import type { JobsApi } from './api.ts'
import { toJobExchange } from './exchange.ts'

/** The routes at the root and below `/v2/` (jobs.md A-1); passes on what is none of them. */
export function jobRoutes(door: JobsApi): Router {
  return Router().use((request, response, next) => {
    if (!door.admit(toJobExchange(request, response, door.draining))) next()
  })
}

/** The routes below `/_/`, where it is to be mounted; passes on what is none of them. */
export function ownJobRoutes(door: JobsApi): Router {
  return Router().use((request, response, next) => {
    if (!door.admitOwn(toJobExchange(request, response, door.draining))) next()
  })
}
