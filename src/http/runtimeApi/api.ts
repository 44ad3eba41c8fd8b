// The runtime API of one instance (tasks.md §12) as an Express application. Loaded with the first request: most functions never
// send one.

import type { RequestListener } from 'node:http'
import express, { type ErrorRequestHandler } from 'express'
import type { Events } from '../../events.ts'
import type { Tasks } from '../../jobs/model/tasks.ts'
import { apiHandler, type ApiTerms } from '../apiExchange.ts'
import { ApiError, asApiError, toErrorReply } from './errors.ts'
import {
  dispatch,
  progress,
  read,
  write,
  type ApiHandler,
  type ClientInstance,
  type RuntimeApiSettings,
} from './handlers.ts'

/** What the API works with. */
export interface RuntimeApiParts {
  /** a function, since instances can start before the tasks' engine */
  readonly tasks: () => Tasks
  readonly settings: RuntimeApiSettings
  readonly events: Events
}

/** Makes the API of an instance. */
export function runtimeApi(
  caller: ClientInstance,
  { tasks, settings, events }: RuntimeApiParts,
): RequestListener {
  const terms: ApiTerms = {
    toErrorReply: (error) => {
      const { code, cause } = asApiError(error)
      if (code === 'internal')
        events.emit('failure', { what: `the runtime API of ${caller.instance} has failed`, cause })
      return toErrorReply(error)
    },
  }
  const app = express()
  app.disable('x-powered-by').enable('case sensitive routing').enable('strict routing')
  for (const [path, byMethod] of Object.entries(routes))
    app.all(
      path,
      apiHandler(terms, async (exchange, id) => {
        exchange.checkMethod(Object.keys(byMethod))
        await byMethod[exchange.head.method]?.({ exchange, id, caller, tasks: tasks(), settings })
      }),
    )
  const rejectUnknown = apiHandler(terms, async () => {
    throw new ApiError('not_found', 'there is no such route; see PROTOCOL.md, "The runtime API"')
  })
  // An id with a malformed escape, which Express reports as an error.
  const onMalformedId: ErrorRequestHandler = (_error, request, response, next) =>
    rejectUnknown(request, response, next)
  app.use(rejectUnknown, onMalformedId)
  return app
}

const routes: Readonly<Record<string, Readonly<Record<string, ApiHandler>>>> = {
  '/v1/tasks': { POST: dispatch },
  '/v1/tasks/:id': { GET: read, PUT: write },
  '/v1/tasks/:id/progress': { POST: progress },
}
