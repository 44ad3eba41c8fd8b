// The jobs API (jobs.md §2): Express routers for its routes, and the checks of each request in the order of jobs.md A-7.

import { Router, type RequestHandler } from 'express'
import { asFault, Fault } from '../../errors.ts'
import type { Header, HttpReply } from '../../event/http.ts'
import type { Events } from '../../events.ts'
import type { JobService } from '../../jobs/service.ts'
import { allowHeader, apiHandler, toJsonReply, type ApiExchange, type ApiTerms } from '../apiExchange.ts'
import { toCredential, type Authorizer, type Credential } from '../auth/auth.ts'
import { ChunkPolling } from './chunkPolling.ts'
import { handlers, type JobContext, type JobSettings } from './handlers.ts'
import { readParameters } from './parameters.ts'
import { adminRoutes, routes, type JobRoute, type RouteName } from './routes.ts'

/** What serves jobs, and who may ask. */
export interface JobsApiParts {
  readonly service: JobService
  readonly settings: JobSettings
  readonly authorizer: Authorizer
  readonly events: Events
}

/** Makes the routers of the jobs API: for the root and `/v2` (jobs.md A-1), and for `/_`. */
export function jobRouters(parts: JobsApiParts): { readonly main: Router; readonly admin: Router } {
  const { service, settings, events } = parts
  const context = { service, settings, chunkPolling: new ChunkPolling(service, settings.cancelledAs) }
  const terms: ApiTerms = {
    draining: service.draining,
    toErrorReply: (error) => {
      const fault = asFault(error)
      events.emit('request-refused', { fault })
      return toErrorReply(fault)
    },
  }
  const toRouter = (table: Readonly<Partial<Record<RouteName, JobRoute>>>): Router => {
    const router = Router({ caseSensitive: true })
    for (const [name, route] of Object.entries(table))
      router.all(
        route.path,
        apiHandler(terms, (exchange, id) =>
          answer(exchange, id, name as RouteName, route, parts.authorizer, context),
        ),
      )
    return router
  }
  const jobs = toRouter(routes)
  const rejectUnknown = apiHandler(terms, async () => {
    throw unknownRoute()
  })
  const main = Router({ caseSensitive: true })
  main.use('/v2/:endpoint', belowEndpoint(jobs, settings.endpointId), rejectUnknown)
  main.use(jobs)
  if (settings.isScript) main.use(rejectUnknown) // jobs.md A-11
  return { main, admin: toRouter(adminRoutes) }
}

function belowEndpoint(jobs: Router, endpointId: string | undefined): RequestHandler<{ endpoint: string }> {
  return (request, response, next) => {
    if (endpointId === undefined || request.params.endpoint === endpointId) jobs(request, response, next)
    else next()
  }
}

async function answer(
  exchange: ApiExchange,
  id: string,
  name: RouteName,
  { methods, limit, parameters }: JobRoute,
  authorizer: Authorizer,
  context: JobContext,
): Promise<void> {
  exchange.checkMethod(methods)
  const { headers, query } = exchange.head
  if (!(await authorizer.accepts(toJobCredential(headers)))) throw unauthenticated()
  const body =
    limit === undefined ? withoutBody(exchange) : await readJobBody(exchange, context.settings[limit])
  await handlers[name]({ exchange, id, parameters: readParameters(query, parameters), body }, context)
}

function withoutBody(exchange: ApiExchange): Buffer {
  exchange.discardBody()
  return Buffer.alloc(0)
}

async function readJobBody(exchange: ApiExchange, limit: number): Promise<Buffer> {
  try {
    return await exchange.readBody(limit)
  } catch (error) {
    if (!(error instanceof Fault) || error.code !== 'request_too_large') throw error
    throw new Fault(
      'job_too_large',
      `the body is larger than the limit of ${limit} bytes; send a link to the data instead`,
    )
  }
}

// jobs.md A-5
function toErrorReply(fault: Fault): HttpReply {
  const { code, message, row } = fault
  const headers: Header[] = [['X-Fnbox-Fault', code], ...allowHeader(fault)]
  if (code === 'unauthenticated') headers.push(['WWW-Authenticate', 'Bearer'])
  if (row.status === 429 || row.status === 503) headers.push(['Retry-After', '1'])
  return toJsonReply({ error: message }, row.status, headers)
}

// Bearer as everywhere, or the bare key as the whole header (jobs.md A-2).
function toJobCredential(headers: readonly Header[]): Credential | undefined {
  const lines = headers.filter(([name]) => name.toLowerCase() === 'authorization')
  const value = lines.length === 1 ? (lines[0]?.[1] ?? '').trim() : ''
  return toCredential(headers) ?? (value === '' ? undefined : { scheme: 'api-key', value })
}

function unauthenticated(): Fault {
  return new Fault('unauthenticated', 'missing or wrong key; send Authorization: Bearer <key>')
}

// Names the paths that there are (jobs.md A-11).
function unknownRoute(): Fault {
  const paths = Object.values(routes).map(({ path }) => path.replace(':id', '{id}'))
  return new Fault(
    'unknown_route',
    `not found; the routes are ${paths.join(', ')}, all of them also below /v2/{endpoint}`,
  )
}
