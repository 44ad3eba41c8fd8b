import { describe, expect, it } from 'vitest'
import { App } from '../../src/app.ts'
import { readConfig } from '../harness/config.ts'
import { Fault } from '../../src/errors.ts'
import { everyone } from '../../src/http/auth/auth.ts'
import { HttpServer } from '../../src/http/server.ts'
import type { NewJob } from '../../src/jobs/model/job.ts'
import type { JobService } from '../../src/jobs/service.ts'
import { eventually } from '../harness/calling.ts'
import { anyJobSettings } from '../harness/jobSettings.ts'
import { bothLanguages, functionsIn, serve, type Serving } from '../harness/serving.ts'
import { endedJob } from '../jobs/endedJob.ts'
import { queueService } from '../jobs/queueService.ts'

const terms = { executionTimeoutMs: 10_000, ttlMs: 86_400_000, retentionMs: 1_800_000, notify: true }
const uuid = '6e8356f9-489b-4c7b-8ba6-c8cd74f25455'

/** A function with asynchronous invocations in front of an engine of jobs that only stores. */
interface AsyncServing extends AsyncDisposable {
  readonly url: string
  readonly serving: Serving
  readonly stored: readonly NewJob[]
}

type Submit = JobService['submit']

async function serveAsync(
  handler = 'echo.handler',
  submit?: Submit,
  find?: JobService['find'],
): Promise<AsyncServing> {
  const serving = await serve('node', handler, { concurrency: '4' })
  const stored: NewJob[] = []
  const service: JobService = {
    ...notForThisTest,
    submit:
      submit ??
      (async (job) => {
        stored.push(job)
        return { type: 'accepted', job: { ...endedJob(), ...job, state: 'IN_QUEUE' } }
      }),
    find:
      find ??
      (async (id) => {
        const found = stored.find((job) => job.id === id)
        return found === undefined ? undefined : { ...endedJob(), ...found }
      }),
  }
  const server = new HttpServer(
    serving.app.invoker,
    { ...serving.app.endpoint, host: '127.0.0.1', port: 0, adminPort: undefined },
    {
      authorizer: everyone,
      certificate: undefined,
      metrics: { contentType: '', read: async () => '' },
      events: serving.app.events,
      jobs: { service, settings: anyJobSettings },
      async: terms,
    },
  )
  const { url } = await server.start()
  return {
    url,
    serving,
    stored,
    [Symbol.asyncDispose]: async () => {
      await server.stop(0)
      await serving[Symbol.asyncDispose]()
    },
  }
}

async function call(
  { url }: AsyncServing,
  body: string | Uint8Array<ArrayBuffer>,
  id?: string,
  query = 'integration=async',
): Promise<Response> {
  const headers: Record<string, string> = id === undefined ? {} : { 'X-Request-Id': id }
  return fetch(`${url}?${query}`, { method: 'POST', body, headers })
}

describe('?integration=async', () => {
  it('is answered 202 without a body, with the platform headers, when the invocation is stored (M-4, M-11, TV-17)', async () => {
    await using server = await serveAsync()
    const response = await call(server, '{"name": "test"}')
    expect([response.status, await response.text()]).toEqual([202, ''])
    const requestId = response.headers.get('x-request-id')
    expect(response.headers.get('x-function-id')).toBe(server.serving.app.endpoint.functionId)
    expect(response.headers.get('x-function-version-id')).toBe(server.serving.app.endpoint.functionVersion)
    expect(response.headers.get('content-length')).toBe('0')
    expect(server.stored).toEqual([
      {
        ...terms,
        id: requestId,
        origin: 'async',
        input: Buffer.from('{"name": "test"}'),
        lowPriority: false,
      },
    ])
  })

  it.each([
    ['empty', Buffer.alloc(0)],
    ['not UTF-8', Buffer.from([0xff, 0xfe])],
    ['no JSON', Buffer.from('hello')],
  ])('stores a body that is %s as it came (M-7, M-8)', async (_, body) => {
    await using server = await serveAsync()
    expect((await call(server, new Uint8Array(body))).status).toBe(202)
    expect(server.stored[0]?.input).toEqual(body)
  })

  it('waits for the store, and for nothing else (DUR-1)', async () => {
    const { promise, resolve } = Promise.withResolvers<void>()
    let submitted = 0
    await using server = await serveAsync('echo.handler', async (job) => {
      submitted++
      await promise
      return { type: 'accepted', job: { ...endedJob(), ...job } }
    })
    let answered = false
    const response = call(server, '{}').finally(() => (answered = true))
    await eventually(() => submitted === 1)
    expect(answered).toBe(false)
    resolve()
    expect((await response).status).toBe(202)
  })

  it('takes 3.5 MB, and answers 413 to more (L-1, F-27)', async () => {
    await using server = await serveAsync()
    const limit = 3_670_016
    expect((await call(server, 'x'.repeat(limit))).status).toBe(202)
    const beyond = await call(server, 'x'.repeat(limit + 1))
    expect([beyond.status, beyond.headers.get('x-fnbox-fault')]).toEqual([413, 'request_too_large'])
    expect(server.stored).toHaveLength(1)
  })

  it('is rejected where it is turned off (F-24)', async () => {
    await using serving = await serve('node', 'echo.handler')
    const server = new HttpServer(
      serving.app.invoker,
      { ...serving.app.endpoint, host: '127.0.0.1', port: 0, adminPort: undefined },
      {
        authorizer: everyone,
        certificate: undefined,
        metrics: { contentType: '', read: async () => '' },
        events: serving.app.events,
      },
    )
    const { url } = await server.start()
    const response = await fetch(`${url}?integration=async`, { method: 'POST' })
    expect([response.status, await response.json()]).toEqual([
      400,
      {
        errorCode: 400,
        errorType: 'ProxyIntegrationError',
        errorMessage: 'Asynchronous invocation is not configured',
      },
    ])
    await server.stop(0)
  })
})

describe('the id of an asynchronous invocation', () => {
  it("is the client's UUID, in lower case (U-9, M-11)", async () => {
    await using server = await serveAsync()
    const response = await call(server, '{}', uuid.toUpperCase())
    expect(response.headers.get('x-request-id')).toBe(uuid)
    expect(server.stored[0]?.id).toBe(uuid)
  })

  it.each([
    ['asynchronous', 'integration=async', uuid],
    ['asynchronous, in capitals', 'integration=async', uuid.toUpperCase()],
    ['raw', 'integration=raw', uuid],
    ['raw, in capitals', 'integration=raw', uuid.toUpperCase()],
    ['normal', '', uuid],
  ])('is rejected for a second invocation: %s (F-22)', async (_, query, id) => {
    await using server = await serveAsync()
    await call(server, '{}', uuid)
    const second = await call(server, '{}', id, query)
    expect([second.status, second.headers.get('x-fnbox-fault')]).toEqual([400, 'duplicate_request_id'])
    expect(second.headers.get('x-request-id')).toBe(id)
    expect(server.stored).toHaveLength(1)
  })

  it('is rejected while an invocation with it runs (F-22)', async () => {
    await using server = await serveAsync('waits_for_cancel.handler')
    const client = new AbortController()
    const running = fetch(`${server.url}?integration=raw`, {
      method: 'POST',
      headers: { 'X-Request-Id': uuid },
      signal: client.signal,
    })
    await eventually(() => server.serving.app.invoker.has(uuid))
    expect((await call(server, '{}', uuid)).headers.get('x-fnbox-fault')).toBe('duplicate_request_id')
    expect(server.stored).toEqual([])
    await running
    client.abort()
  })

  it('is stored once when two requests with it come at a time (F-22)', async () => {
    await using server = await serveAsync()
    const responses = await Promise.all([call(server, '{}', uuid), call(server, '{}', uuid)])
    expect(new Set(responses.map(({ status }) => status))).toEqual(new Set([202, 400]))
    expect(server.stored).toHaveLength(1)
  })
})

describe('when the store cannot take an asynchronous invocation', () => {
  const cannot = new Fault('store_unavailable', 'the store of jobs does not work: disk full')

  it.each<[string, number, Submit]>([
    ['job_queue_full', 429, async () => ({ type: 'full' })],
    ['store_unavailable', 503, () => Promise.reject(cannot)],
    ['draining', 503, () => Promise.reject(new Fault('draining', 'Service Unavailable'))],
  ])('the answer is %s, %d, with Retry-After', async (code, status, submit) => {
    await using server = await serveAsync('echo.handler', submit)
    const response = await call(server, '{}')
    expect([response.status, response.headers.get('x-fnbox-fault')]).toEqual([status, code])
    expect(response.headers.get('retry-after')).toMatch(/^\d+$/)
  })

  it('invocations that need no store go on', async () => {
    await using server = await serveAsync('echo.handler', undefined, () => Promise.reject(cannot))
    expect((await call(server, '{"a":1}', uuid, 'integration=raw')).status).toBe(200)
    expect((await call(server, '{"a":1}', uuid)).status).toBe(503)
  })
})

describe('targets of asynchronous invocations', () => {
  it.each(bothLanguages)('hear of the ends of a %s function (FN-6, M-13, M-14)', async (language) => {
    await using queues = await queueService()
    const flags = {
      root: functionsIn(language),
      port: '0',
      'job-store': 'memory',
      'async-success-target': queues.queue('good'),
      'async-failure-target': queues.queue('bad'),
    }
    const key = { AWS_ACCESS_KEY_ID: 'an-id', AWS_SECRET_ACCESS_KEY: 'hush', PATH: process.env['PATH'] }
    for (const handler of ['echo.handler', 'missing.handler']) {
      const app = new App(readConfig(handler, { ...flags, runtime: language }, key))
      const url = await app.serve()
      await fetch(`${url}?integration=async`, { method: 'POST', body: '{"n": 1}' })
      const before = queues.messages().length
      await eventually(() => queues.messages().length > before)
      await app.stop()
    }
    const [good, bad] = queues.messages()
    expect([good?.QueueUrl, bad?.QueueUrl]).toEqual([queues.queue('good'), queues.queue('bad')])
    expect(JSON.parse(good?.MessageBody ?? '')).toEqual({ n: 1 })
    expect(JSON.parse(bad?.MessageBody ?? '')).toMatchObject({
      request: '{"n": 1}',
      error: { errorType: expect.any(String), errorMessage: expect.any(String) },
    })
  })
})

function never(): never {
  throw new Error('not for this test')
}

const notForThisTest: JobService = {
  submit: never,
  find: never,
  findRemoved: never,
  cancel: never,
  retry: never,
  purge: never,
  keepFor: never,
  chunks: never,
  undelivered: never,
  markDelivered: never,
  health: never,
  watch: never,
  draining: new AbortController().signal,
}
