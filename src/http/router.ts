// Routes by path, with Express: loaded with the first request that is neither a call of the root path nor a usual probe.

import type { RequestListener } from 'node:http'
import express, {
  Router,
  type ErrorRequestHandler,
  type Express,
  type Request,
  type RequestHandler,
  type Response,
} from 'express'
import { Fault } from '../errors.ts'
import { toFaultReply } from '../event/faultReply.ts'
import { unescaped } from '../event/http.ts'
import type { Events } from '../events.ts'
import type { Invoker } from '../invoker/invoker.ts'
import type { Tasks } from '../jobs/model/tasks.ts'
import type { JobService } from '../jobs/service.ts'
import { everyone, type Authorizer } from './auth/auth.ts'
import { writeReply } from './exchange.ts'
import { jobRouters } from './jobs/api.ts'
import type { JobSettings } from './jobs/handlers.ts'
import { answerHealth, answerMetrics, answerReadiness, type Exposition } from './probes.ts'
import { readHead } from './readRequest.ts'
import { taskRouter } from './tasks/route.ts'

/** What is served besides the function. */
export interface RouteParts {
  readonly authorizer: Authorizer
  readonly metrics: Exposition
  readonly events: Events
  /** undefined: no jobs API */
  readonly jobs?: { readonly service: JobService; readonly settings: JobSettings } | undefined
  /** undefined: no tasks */
  readonly tasks?: Tasks | undefined
}

/**
 * The routes of the function's port.
 * @param hasAdminPort whether another port serves the routes below `/_/`
 * @param toFunction answers every path that no route has
 */
export function mainRoutes(
  invoker: Invoker,
  parts: RouteParts,
  hasAdminPort: boolean,
  toFunction: RequestListener,
): RequestListener {
  const app = plainExpress()
  const jobs = toJobRouters(parts)
  if (!hasAdminPort) app.use('/_', adminRouter(invoker, parts, parts.authorizer, jobs?.admin))
  app.use('/_', answerNotFound)
  if (jobs !== undefined) app.use(jobs.main)
  app.use((request, response) => {
    request.url = request.originalUrl
    toFunction(request, response)
  })
  app.use(toErrorHandler(parts.events))
  return app
}

/** The routes of the admin port. */
export function adminRoutes(invoker: Invoker, parts: RouteParts): RequestListener {
  const app = plainExpress()
  app.use('/_', adminRouter(invoker, parts, everyone, toJobRouters(parts)?.admin))
  app.use(answerNotFound, toErrorHandler(parts.events))
  return app
}

// `mayScrape`: of metrics; jobs and tasks are open to callers on every port (interface.md §4).
function adminRouter(
  invoker: Invoker,
  { metrics, tasks, events, authorizer }: RouteParts,
  mayScrape: Authorizer,
  jobs: Router | undefined,
): Router {
  const router = Router({ caseSensitive: true })
  router.get('/healthz', (_request, response) => answerHealth(response))
  router.get('/readyz', (request, response) => answerReadiness(invoker, request, response))
  router.get('/metrics', (request, response) => answerMetrics(metrics, mayScrape, request, response))
  if (tasks !== undefined) router.use(taskRouter(tasks, authorizer, events))
  if (jobs !== undefined) router.use(jobs)
  return router
}

function toJobRouters({ jobs, authorizer, events }: RouteParts): ReturnType<typeof jobRouters> | undefined {
  return jobs && jobRouters({ ...jobs, authorizer, events })
}

function plainExpress(): Express {
  const app = express()
  app.disable('x-powered-by')
  app.use(normalizePath)
  return app
}

// Empty segments do not count (jobs.md A-1), and a malformed escape stands for itself: Express would answer it with an error.
const normalizePath: RequestHandler = (request, _response, next) => {
  const [, query = ''] = /(\?.*)/s.exec(request.url) ?? []
  const segments = readHead(request)
    .path.split('/')
    .filter((each) => each !== '')
  request.url = `/${segments.map((each) => encodeURIComponent(unescaped(each))).join('/')}${query}`
  next()
}

// Express would show the stack to the client.
function toErrorHandler(events: Events): ErrorRequestHandler {
  return (cause, _request, response, _next) => {
    events.emit('trouble', { what: 'a route of the server has failed', cause })
    writeReply(response, toFaultReply(new Fault('internal', 'Internal Server Error')), false)
  }
}

function answerNotFound(_request: Request, response: Response): void {
  writeReply(response, toFaultReply(new Fault('not_found', 'Not Found')), false)
}
