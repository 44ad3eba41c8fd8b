// The routes of the jobs API (jobs.md §2.2): the table from which the Express routers and the OpenAPI description are made.

import type { ParameterName } from './parameters.ts'
import type { SchemaName } from './schemas.ts'

/** One row. */
export interface JobRoute {
  readonly methods: readonly ('GET' | 'POST')[]
  /** as Express reads it; `:id` is that of a job */
  readonly path: string
  readonly summary: string
  /** schema of the reply */
  readonly reply: SchemaName
  /** statuses of errors besides those of every route */
  readonly errors: readonly (400 | 404 | 409 | 413 | 429)[]
  readonly parameters: readonly ParameterName[]
  /** the setting that limits the body, of a route that submits a job */
  readonly limit?: 'limit' | 'syncLimit'
}

const get = ['GET'] as const
const post = ['POST'] as const
const getOrPost = ['GET', 'POST'] as const
const key = 'Idempotency-Key'

/** At the root, and below `/v2/{endpoint}` (jobs.md A-1). */
export const routes = {
  run: {
    ...row(post, '/run', 'Submits a job', 'JobStatus', [400, 409, 413, 429], key),
    limit: 'limit',
  },
  runSync: {
    ...row(post, '/runsync', 'Submits a job and waits for its end', 'Job', [400, 409, 413, 429], key, 'wait'),
    limit: 'syncLimit',
  },
  status: row(getOrPost, '/status/:id', 'The job as it is', 'Job', [400, 404], 'ttl'),
  statusSync: row(getOrPost, '/status-sync/:id', 'The job, once it has ended', 'Job', [400, 404], 'wait'),
  stream: row(
    getOrPost,
    '/stream/:id',
    'What the handler has yielded: JSON, or an event stream',
    'Stream',
    [400, 404],
    'wait',
    'from',
    'Last-Event-ID',
  ),
  cancel: row(post, '/cancel/:id', 'Stops a job', 'JobStatus', [404]),
  retry: row(post, '/retry/:id', 'Queues a FAILED or TIMED_OUT job again', 'JobStatus', [400, 404, 429]),
  purgeQueue: row(post, '/purge-queue', 'Cancels every job in the queue', 'Purged', []),
  health: row(get, '/health', 'Counts of jobs and instances', 'Health', []),
} as const satisfies Readonly<Record<string, JobRoute>>

/** Below `/_` (interface.md §4). */
export const adminRoutes = {
  job: row(get, '/jobs/:id', 'The job as it is', 'Job', [404]),
  openapi: row(get, '/openapi.json', 'This description', 'OpenApi', []),
} as const satisfies Readonly<Record<string, JobRoute>>

export type RouteName = keyof typeof routes | keyof typeof adminRoutes

function row(
  methods: JobRoute['methods'],
  path: string,
  summary: string,
  reply: SchemaName,
  errors: JobRoute['errors'],
  ...parameters: readonly ParameterName[]
): JobRoute {
  return { methods, path, summary, reply, errors, parameters }
}
