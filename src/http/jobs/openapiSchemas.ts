// The shapes of requests and answers of the jobs API, as JSON Schema 2020-12 (jobs.md §3, §4, §6, §7). The tests hold real
// answers against them.

const id = { type: 'string', description: 'Opaque. `/run` gives a UUID, `/runsync` the same behind `sync-`.' }
const milliseconds = { type: 'integer', minimum: 0 }
const count = { type: 'integer', minimum: 0 }
const limit = { type: ['integer', 'null'], minimum: 1, maximum: 604_800_000 }
const text = { type: ['string', 'null'] }
const status = { $ref: '#/components/schemas/Status' }
const chunk = { description: 'A value that the handler yielded, as it was yielded.' }

/** Name → schema. */
export const schemas = {
  Status: {
    type: 'string',
    enum: ['IN_QUEUE', 'IN_PROGRESS', 'COMPLETED', 'FAILED', 'CANCELLED', 'TIMED_OUT'],
  },
  JobRequest: {
    type: 'object',
    description: 'Other keys are discarded. A key that is null counts as absent, except `input`.',
    anyOf: [{ required: ['input'] }, { required: ['input_data'] }],
    properties: {
      input: { description: 'Any JSON; the handler gets it as it was sent.' },
      input_data: { description: 'Another name for `input`, read only when that is absent.' },
      webhook: { ...text, format: 'uri', description: 'An http or https URL that is told of the end.' },
      webhookV2: { ...text, description: 'Accepted and ignored.' },
      policy: {
        type: ['object', 'null'],
        properties: {
          executionTimeout: { ...limit, description: 'Limit of one attempt, in milliseconds.' },
          ttl: {
            ...limit,
            description: 'Life of a job that has not ended, from submission, in milliseconds.',
          },
          lowPriority: {
            type: ['boolean', 'null'],
            description: 'Never start another instance for this job.',
          },
        },
      },
      s3Config: {
        type: ['object', 'null'],
        description: 'Handed to the handler as it is, never shown to clients.',
        properties: {
          accessId: text,
          accessSecret: text,
          bucketName: text,
          endpointUrl: text,
          objectPath: text,
        },
      },
    },
  },
  JobStatus: {
    type: 'object',
    required: ['id', 'status'],
    additionalProperties: false,
    properties: { id, status },
  },
  Job: {
    type: 'object',
    required: ['id', 'status'],
    additionalProperties: false,
    properties: {
      id,
      status,
      delayTime: {
        ...milliseconds,
        description: 'Time in the queue, once an attempt has started or the job has ended.',
      },
      executionTime: { ...milliseconds, description: 'Of the last attempt.' },
      workerId: { type: 'string', description: 'The instance of the last attempt; empty without one.' },
      output: { description: 'Any JSON: the result, or the latest progress value of a running job.' },
      error: { type: 'string', description: 'Only of jobs that are FAILED or TIMED_OUT.' },
      retries: { type: 'integer', minimum: 1, description: 'Automatic re-queues.' },
    },
    allOf: [
      {
        if: { properties: { status: { enum: ['FAILED', 'TIMED_OUT'] } } },
        else: { properties: { error: false } },
      },
      {
        if: { not: { properties: { status: { const: 'IN_QUEUE' } } } },
        else: { properties: { output: false, executionTime: false, workerId: false } },
      },
    ],
  },
  Stream: {
    type: 'object',
    required: ['status', 'stream'],
    additionalProperties: false,
    properties: {
      status,
      stream: {
        type: 'array',
        items: {
          type: 'object',
          required: ['output'],
          additionalProperties: false,
          properties: { output: chunk, index: { ...count, description: 'Only with `from`.' } },
        },
      },
      next: { ...count, description: 'Only with `from`: the value for the following `from`.' },
    },
  },
  Purged: {
    type: 'object',
    required: ['removed', 'status'],
    additionalProperties: false,
    properties: { removed: count, status: { const: 'completed' } },
  },
  Health: {
    type: 'object',
    required: ['jobs', 'workers'],
    additionalProperties: false,
    properties: {
      jobs: countsOf(['completed', 'failed', 'inProgress', 'inQueue', 'retried']),
      workers: countsOf(['idle', 'initializing', 'ready', 'running', 'throttled', 'unhealthy']),
      lastError: { type: 'string', description: 'Why instances are unhealthy.' },
    },
  },
  Error: {
    type: 'object',
    required: ['error'],
    additionalProperties: false,
    properties: { error: { type: 'string', description: 'What to do.' } },
  },
}

function countsOf(names: readonly string[]) {
  return {
    type: 'object',
    required: names,
    additionalProperties: false,
    properties: Object.fromEntries(names.map((name) => [name, count])),
  }
}
