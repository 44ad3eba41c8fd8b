// The description of the jobs API for programs, OpenAPI 3.1: what `GET /_/openapi.json` answers. A test compares it with the
// routes.

import manifest from '../../../package.json' with { type: 'json' }
import { schemas } from './openapiSchemas.ts'

const idInPath = { name: 'id', in: 'path', required: true, schema: { type: 'string' } }
const wait = query('wait', 'How long the answer may be held, in milliseconds; above 300000 counts as 300000.')
const from = query('from', 'Index of the first chunk: reads without marking chunks as delivered.')
const ttl = query('ttl', 'Keep the result for so long from now, in milliseconds; 1000 to 604800000.')
const lastEventId = header('Last-Event-ID', 'Where an event stream goes on; set by browsers.', {
  type: 'string',
})
const idempotencyKey = header(
  'Idempotency-Key',
  'For 24 hours the same key gives the same job, and submits nothing.',
  { type: 'string', pattern: '^[!-~]{1,255}$' },
)

const reasons = {
  400: 'The request is not understood, or the job is in another state',
  401: 'Missing or wrong key',
  404: 'Unknown, expired or removed job',
  409: 'The Idempotency-Key was used for another request',
  413: 'The body is above the limit of its route',
  429: 'The queue is full; see Retry-After',
  500: 'A fault of fnbox',
  503: 'The container is stopping, or the store cannot be used; see Retry-After',
}

const submitFaults = [400, 409, 413, 429] as const

/** The whole document. */
export const description = {
  openapi: '3.1.0',
  info: {
    title: 'fnbox jobs',
    version: manifest.version,
    description: 'Run a function in the background, wait for it, stream what it yields.',
    license: { name: 'MIT', identifier: 'MIT' },
  },
  servers: [
    { url: '/' },
    { url: '/v2/{endpoint}', variables: { endpoint: { default: 'endpoint', description: 'Any name.' } } },
  ],
  security: [{ key: [] }],
  paths: {
    '/run': { post: submit('run', 'Submits a job', 'JobStatus', []) },
    '/runsync': { post: submit('runSync', 'Submits a job and waits for its end', 'Job', [wait]) },
    '/status/{id}': readable('Status', 'The job as it is', 'Job', [ttl]),
    '/status-sync/{id}': readable('StatusSync', 'The job, as soon as it has ended', 'Job', [wait]),
    '/stream/{id}': {
      get: stream('getStream'),
      post: stream('postStream'),
    },
    '/cancel/{id}': { post: operation('cancel', 'Stops a job', 'JobStatus', [idInPath], [404]) },
    '/retry/{id}': {
      post: operation(
        'retry',
        'Queues a job again that is FAILED or TIMED_OUT',
        'JobStatus',
        [idInPath],
        [400, 404, 429],
      ),
    },
    '/purge-queue': { post: operation('purgeQueue', 'Cancels every job in the queue', 'Purged', [], []) },
    '/health': { get: operation('health', 'Counts of jobs and instances', 'Health', [], []) },
    '/_/jobs/{id}': {
      servers: [{ url: '/' }],
      get: operation('job', 'The job as it is', 'Job', [idInPath], [404]),
    },
    '/_/openapi.json': {
      servers: [{ url: '/' }],
      get: {
        operationId: 'openapi',
        summary: 'This description',
        responses: { 200: json('The description', { type: 'object' }), ...faults([]) },
      },
    },
  },
  components: {
    schemas,
    securitySchemes: {
      key: {
        type: 'http',
        scheme: 'bearer',
        description: 'Or the bare key as the whole header. Not needed where everyone may call.',
      },
    },
  },
}

function query(name: string, text: string) {
  return { name, in: 'query', description: text, schema: { type: 'integer', minimum: 0 } }
}

function header(name: string, text: string, schema: object) {
  return { name, in: 'header', description: text, schema }
}

function submit(
  operationId: string,
  summary: string,
  answer: keyof typeof schemas,
  parameters: readonly object[],
) {
  return {
    ...operation(operationId, summary, answer, [idempotencyKey, ...parameters], submitFaults),
    requestBody: { required: true, content: { 'application/json': { schema: refTo('JobRequest') } } },
  }
}

function readable(
  name: string,
  summary: string,
  answer: keyof typeof schemas,
  parameters: readonly object[],
) {
  const all = [idInPath, ...parameters]
  return {
    get: operation(`get${name}`, summary, answer, all, [400, 404]),
    post: operation(`post${name}`, summary, answer, all, [400, 404]),
  }
}

function stream(operationId: string) {
  const { responses, ...rest } = operation(
    operationId,
    'What the handler has yielded: JSON, or an event stream',
    'Stream',
    [idInPath, wait, from, lastEventId],
    [400, 404],
  )
  const events = { schema: { type: 'string', description: 'Events `status`, `output` and `progress`.' } }
  return {
    ...rest,
    responses: {
      ...responses,
      200: {
        description: 'Chunks that nobody was given yet, or those from an index on',
        content: { 'application/json': { schema: refTo('Stream') }, 'text/event-stream': events },
      },
      204: { description: 'An event stream that has nothing more to say: do not reconnect' },
    },
  }
}

function operation(
  operationId: string,
  summary: string,
  answer: keyof typeof schemas,
  parameters: readonly object[],
  own: readonly (keyof typeof reasons)[],
) {
  return {
    operationId,
    summary,
    parameters,
    responses: { 200: json('Success', refTo(answer)), ...faults(own) },
  }
}

function faults(own: readonly (keyof typeof reasons)[]) {
  const codes = [...own, 401, 500, 503] as const
  return Object.fromEntries(codes.map((code) => [code, json(reasons[code], refTo('Error'))]))
}

function json(reason: string, schema: object) {
  return { description: reason, content: { 'application/json': { schema } } }
}

function refTo(name: keyof typeof schemas) {
  return { $ref: `#/components/schemas/${name}` }
}
