// Which route is answered by whom, where the path decides. It brings Express, so it is loaded with the first request that
// needs it: calls of the root path and probes do not. Owns nothing.

import type { RequestListener } from 'node:http'
import express, { Router, type Express, type Request, type Response } from 'express'
import { Fault } from '../errors.ts'
import { toFaultReply } from '../event/faultReply.ts'
import type { Events } from '../events.ts'
import type { Invoker } from '../invoker/invoker.ts'
import type { JobService } from '../jobs/service.ts'
import type { Tasks } from '../jobs/model/tasks.ts'
import { everyone, type Authorizer } from './auth/auth.ts'
import { JobsApi } from './jobs/api.ts'
import { jobRoutes, ownJobRoutes } from './jobs/router.ts'
import type { JobSettings } from './jobs/settings.ts'
import { metricsRoute, type Exposition } from './metrics.ts'
import { answerHealth, answerReadiness } from './probes.ts'
import { taskRoute } from './tasks/route.ts'
import { writeReply } from './exchange.ts'

/** Who answers on routes of their own. */
export interface RouteParts {
  readonly authorizer: Authorizer
  readonly metrics: Exposition
  readonly events: Events
  /** the jobs API; undefined: there is none */
  readonly jobs?: { readonly service: JobService; readonly settings: JobSettings } | undefined
  /** undefined: there are none */
  readonly tasks?: Tasks | undefined
}

/**
 * The routes of the function's port.
 * @param hasAdminPort whether those below `/_/` are served elsewhere
 * @param toFunction answers all that is nobody else's
 */
export function mainRoutes(
  invoker: Invoker,
  parts: RouteParts,
  hasAdminPort: boolean,
  toFunction: RequestListener,
): RequestListener {
  const app = plainExpress()
  const jobs = toJobsApi(parts)
  if (!hasAdminPort) app.use('/_', ...ownRoutes(invoker, parts, parts.authorizer), ...own(jobs))
  app.use('/_', answerNotFound)
  if (jobs !== undefined) app.use(jobRoutes(jobs))
  app.use(toFunction)
  return app
}

/** The routes of the port for everything below `/_/`. */
export function adminRoutes(invoker: Invoker, parts: RouteParts): RequestListener {
  const app = plainExpress()
  app.use('/_', ...ownRoutes(invoker, parts, everyone), ...own(toJobsApi(parts)))
  app.use(answerNotFound)
  return app
}

function ownRoutes(
  invoker: Invoker,
  { metrics, tasks, events, authorizer: callers }: RouteParts,
  authorizer: Authorizer,
): readonly Router[] {
  const ofTasks = tasks === undefined ? [] : [taskRoute(tasks, callers, events)]
  return [probes(invoker), metricsRoute(metrics, authorizer), ...ofTasks]
}

// Probes in a form that is not the usual one: HEAD, a slash at the end.
function probes(invoker: Invoker): Router {
  const router = Router({ caseSensitive: true })
  router.get('/healthz', (_request, response) => answerHealth(response))
  router.get('/readyz', (request, response) => answerReadiness(invoker, request, response))
  return router
}

function toJobsApi({ jobs, authorizer, events }: RouteParts): JobsApi | undefined {
  return jobs && new JobsApi(jobs.service, jobs.settings, authorizer, events)
}

function own(jobs: JobsApi | undefined): readonly Router[] {
  return jobs === undefined ? [] : [ownJobRoutes(jobs)]
}

function plainExpress(): Express {
  const app = express()
  app.disable('x-powered-by')
  return app
}

function answerNotFound(_request: Request, response: Response): void {
  writeReply(response, toFaultReply(new Fault('not_found', 'Not Found')), false)
}
