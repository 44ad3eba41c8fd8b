// Replies of the jobs API as schemas (jobs.md §4, §6, §7), for the OpenAPI description; tests check real replies with them.

import { z } from 'zod'
import { jobRequest } from './submitRequest.ts'

const count = z.int().min(0)
const id = z.string().describe('Opaque. `/run` gives a UUID, `/runsync` the same behind `sync-`.')
const jobState = z.enum(['IN_QUEUE', 'IN_PROGRESS', 'COMPLETED', 'FAILED', 'CANCELLED', 'TIMED_OUT'])

// Keys that only some states have.
const byState = [
  {
    if: { properties: { status: { enum: ['FAILED', 'TIMED_OUT'] } } },
    else: { properties: { error: false } },
  },
  {
    if: { not: { properties: { status: { const: 'IN_QUEUE' } } } },
    else: { properties: { output: false, executionTime: false, workerId: false } },
  },
]

const job = z
  .strictObject({
    id,
    status: jobState,
    delayTime: count
      .describe('Time in the queue, once an attempt has started or the job has ended.')
      .optional(),
    executionTime: count.describe('Of the last attempt.').optional(),
    workerId: z.string().describe('The instance of the last attempt; empty without one.').optional(),
    output: z
      .unknown()
      .describe('Any JSON: the result, or the latest progress value of a running job.')
      .optional(),
    error: z.string().describe('Only of jobs that are FAILED or TIMED_OUT.').optional(),
    retries: z.int().min(1).describe('Automatic re-queues.').optional(),
  })
  .meta({ allOf: byState })

const stream = z.strictObject({
  status: jobState,
  stream: z.array(
    z.strictObject({
      output: z.unknown().describe('A value that the handler yielded, as it was yielded.'),
      index: count.describe('Only with `from`.').optional(),
    }),
  ),
  next: count.describe('Only with `from`: the value for the following `from`.').optional(),
})

const health = z.strictObject({
  jobs: countsOf('completed', 'failed', 'inProgress', 'inQueue', 'retried'),
  workers: countsOf('idle', 'initializing', 'ready', 'running', 'throttled', 'unhealthy'),
  lastError: z.string().describe('Why instances are unhealthy.').optional(),
})

const schemas = {
  Status: jobState,
  JobRequest: jobRequest,
  JobStatus: z.strictObject({ id, status: jobState }),
  Job: job,
  Stream: stream,
  Purged: z.strictObject({ removed: count, status: z.literal('completed') }),
  Health: health,
  OpenApi: z.looseObject({}),
  Error: z.strictObject({ error: z.string().describe('What to do.') }),
}

export type SchemaName = keyof typeof schemas

/** Name → JSON Schema 2020-12. */
export function toJsonSchemas(): Readonly<Record<string, object>> {
  const registry = z.registry<{ id: string }>()
  for (const [name, schema] of Object.entries(schemas)) registry.add(schema, { id: name })
  const made = z.toJSONSchema(registry, { uri: toSchemaUri, io: 'input' })
  return Object.fromEntries(
    Object.entries(made.schemas).map(([name, { $schema: _draft, $id: _uri, ...schema }]) => [name, schema]),
  )
}

/** The reference to a schema within the description. */
export function toSchemaUri(name: string): string {
  return `#/components/schemas/${name}`
}

function countsOf(...names: readonly string[]) {
  return z.strictObject(Object.fromEntries(names.map((each) => [each, count])))
}
