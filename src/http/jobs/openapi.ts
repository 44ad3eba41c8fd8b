// The OpenAPI 3.1 description of the jobs API, made from its routes, parameters and schemas: the reply of GET /_/openapi.json.

import manifest from '../../../package.json' with { type: 'json' }
import { headerParameters, queryParameters, type ParameterName } from './parameters.ts'
import { adminRoutes, routes, type JobRoute } from './routes.ts'
import { toJsonSchemas, toSchemaUri, type SchemaName } from './schemas.ts'

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

const wholeNumber = { type: 'integer', minimum: 0 }

// `/stream` has two forms of a reply.
const eventStream = {
  200: {
    description: 'Chunks that no reader was given yet, or those from an index on',
    content: {
      'application/json': { schema: refTo('Stream') },
      'text/event-stream': {
        schema: { type: 'string', description: 'Events `status`, `output` and `progress`.' },
      },
    },
  },
  204: { description: 'An event stream that has ended before: do not reconnect' },
}

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
    ...toPaths(routes, '', {}),
    ...toPaths(adminRoutes, '/_', { servers: [{ url: '/' }] }),
  },
  components: {
    schemas: toJsonSchemas(),
    securitySchemes: {
      key: {
        type: 'http',
        scheme: 'bearer',
        description: 'Or the bare key as the whole header. Not needed where everyone may call.',
      },
    },
  },
}

function toPaths(
  table: Readonly<Record<string, JobRoute>>,
  prefix: string,
  more: object,
): Readonly<Record<string, object>> {
  const paths = Object.entries(table).map(([name, route]) => {
    const operations = route.methods.map((method) => [
      method.toLowerCase(),
      toOperation(route.methods.length === 1 ? name : withMethod(method, name), route),
    ])
    return [prefix + route.path.replace(':id', '{id}'), { ...more, ...Object.fromEntries(operations) }]
  })
  return Object.fromEntries(paths) as Record<string, object>
}

function withMethod(method: string, name: string): string {
  return method.toLowerCase() + name.charAt(0).toUpperCase() + name.slice(1)
}

function toOperation(operationId: string, { path, summary, reply, parameters, errors, limit }: JobRoute) {
  const id = { name: 'id', in: 'path', required: true, schema: { type: 'string' } }
  const codes = [...errors, 401, 500, 503] as const
  return {
    operationId,
    summary,
    parameters: [...(path.includes(':id') ? [id] : []), ...parameters.map(toParameter)],
    ...(limit === undefined ? {} : { requestBody: { required: true, ...jsonOf('JobRequest') } }),
    responses: {
      200: { description: 'Success', ...jsonOf(reply) },
      ...Object.fromEntries(codes.map((code) => [code, { description: reasons[code], ...jsonOf('Error') }])),
      ...(reply === 'Stream' ? eventStream : {}),
    },
  }
}

function toParameter(name: ParameterName) {
  if (name === 'wait' || name === 'from' || name === 'ttl')
    return { name, in: 'query', description: queryParameters[name].description, schema: wholeNumber }
  const { pattern, ...rest } = headerParameters[name]
  return { name, in: 'header', ...rest, schema: { type: 'string', ...(pattern === '' ? {} : { pattern }) } }
}

function jsonOf(name: SchemaName) {
  return { content: { 'application/json': { schema: refTo(name) } } }
}

function refTo(name: SchemaName) {
  return { $ref: toSchemaUri(name) }
}
