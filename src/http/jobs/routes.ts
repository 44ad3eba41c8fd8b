// The routes of the jobs API (jobs.md §2.2): the table from which the Express routers and the OpenAPI description are made.

import type { ParameterName } from './parameters.ts'
import type { SchemaName } from './schemas.ts'

/** One row. */
export interface JobRoute {
  /** as Express reads it, `:id` is that of a job */
  readonly path: string
  readonly methods: readonly ('GET' | 'POST')[]
  readonly summary: string
  /** schema of the reply */
  readonly reply: SchemaName
  readonly parameters: readonly ParameterName[]
  /** statuses of errors besides those that every route has */
  readonly errors: readonly (400 | 404 | 409 | 413 | 429)[]
  /** the setting that limits the body, of a route that submits a job */
  readonly limit?: 'limit' | 'syncLimit'
}

/** At the root, and below `/v2/{endpoint}` (jobs.md A-1). */
export const routes = {
  run: {
    path: '/run',
    methods: ['POST'],
    summary: 'Submits a job',
    reply: 'JobStatus',
    parameters: ['Idempotency-Key'],
    errors: [400, 409, 413, 429],
    limit: 'limit',
  },
  runSync: {
    path: '/runsync',
    methods: ['POST'],
    summary: 'Submits a job and waits for its end',
    reply: 'Job',
    parameters: ['Idempotency-Key', 'wait'],
    errors: [400, 409, 413, 429],
    limit: 'syncLimit',
  },
  status: {
    path: '/status/:id',
    methods: ['GET', 'POST'],
    summary: 'The job as it is',
    reply: 'Job',
    parameters: ['ttl'],
    errors: [400, 404],
  },
  statusSync: {
    path: '/status-sync/:id',
    methods: ['GET', 'POST'],
    summary: 'The job, as soon as it has ended',
    reply: 'Job',
    parameters: ['wait'],
    errors: [400, 404],
  },
  stream: {
    path: '/stream/:id',
    methods: ['GET', 'POST'],
    summary: 'What the handler has yielded: JSON, or an event stream',
    reply: 'Stream',
    parameters: ['wait', 'from', 'Last-Event-ID'],
    errors: [400, 404],
  },
  cancel: {
    path: '/cancel/:id',
    methods: ['POST'],
    summary: 'Stops a job',
    reply: 'JobStatus',
    parameters: [],
    errors: [404],
  },
  retry: {
    path: '/retry/:id',
    methods: ['POST'],
    summary: 'Queues a job again that is FAILED or TIMED_OUT',
    reply: 'JobStatus',
    parameters: [],
    errors: [400, 404, 429],
  },
  purgeQueue: {
    path: '/purge-queue',
    methods: ['POST'],
    summary: 'Cancels every job in the queue',
    reply: 'Purged',
    parameters: [],
    errors: [],
  },
  health: {
    path: '/health',
    methods: ['GET'],
    summary: 'Counts of jobs and instances',
    reply: 'Health',
    parameters: [],
    errors: [],
  },
} as const satisfies Readonly<Record<string, JobRoute>>

/** Below `/_` (interface.md §4). */
export const adminRoutes = {
  job: {
    path: '/jobs/:id',
    methods: ['GET'],
    summary: 'The job as it is',
    reply: 'Job',
    parameters: [],
    errors: [404],
  },
  openapi: {
    path: '/openapi.json',
    methods: ['GET'],
    summary: 'This description',
    reply: 'OpenApi',
    parameters: [],
    errors: [],
  },
} as const satisfies Readonly<Record<string, JobRoute>>

export type RouteName = keyof typeof routes | keyof typeof adminRoutes
