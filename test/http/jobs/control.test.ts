import { describe, expect, it } from 'vitest'
import { Fault } from '../../../src/errors.ts'
import { ask, serveJobs, submit } from '../../harness/jobServing.ts'

const unknown = { error: 'unknown job id; results are kept for a limited time after completion' }

describe('/cancel', () => {
  it('answers exactly id and status, for queued, running and terminal jobs (CTL-1, CTL-2)', async () => {
    await using serving = await serveJobs()
    const [queued, running, done] = [await submit(serving), await submit(serving), await submit(serving)]
    await serving.engine.begin(running)
    await serving.engine.begin(done)
    await serving.engine.finish(done, {})
    for (const [id, status] of [
      [queued, 'CANCELLED'],
      [running, 'CANCELLED'],
      [done, 'COMPLETED'],
    ])
      expect((await ask(serving, 'POST', `/cancel/${id}`)).json).toEqual({ id, status })
  })
})

describe('/retry', () => {
  it.each(['FAILED', 'TIMED_OUT'] as const)('queues a job that is %s (CTL-5)', async (state) => {
    await using serving = await serveJobs()
    const id = await submit(serving)
    await serving.engine.begin(id)
    await serving.engine.finish(id, { state, error: 'x' })
    expect((await ask(serving, 'POST', `/retry/${id}`)).json).toEqual({ id, status: 'IN_QUEUE' })
    expect((await ask(serving, 'GET', `/status/${id}`)).json).toEqual({ id, status: 'IN_QUEUE' })
  })

  it.each(['IN_QUEUE', 'IN_PROGRESS', 'COMPLETED', 'CANCELLED'] as const)(
    'rejects a job that is %s (CTL-5)',
    async (state) => {
      await using serving = await serveJobs()
      const id = await submit(serving)
      if (state !== 'IN_QUEUE') await serving.engine.begin(id)
      if (state === 'COMPLETED') await serving.engine.finish(id, {})
      if (state === 'CANCELLED') await serving.jobs.service.cancel(id)
      const { status, json } = await ask(serving, 'POST', `/retry/${id}`)
      expect([status, json]).toEqual([400, { error: expect.stringContaining(state) }])
      expect(serving.refused).toEqual(['job_not_retryable'])
    },
  )

  it('answers 429 with Retry-After when the queue is full (A-10)', async () => {
    await using serving = await serveJobs()
    const id = await submit(serving)
    await serving.engine.begin(id)
    await serving.engine.finish(id, { state: 'FAILED', error: 'x' })
    serving.engine.limitQueue(0)
    const { status, headers } = await ask(serving, 'POST', `/retry/${id}`)
    expect([status, headers.get('retry-after')]).toEqual([429, '1'])
  })
})

describe('an unknown id', () => {
  it.each([
    ['GET', '/status/x'],
    ['GET', '/status/x?ttl=1000'],
    ['POST', '/status-sync/x'],
    ['GET', '/stream/x'],
    ['GET', '/stream/x?from=0'],
    ['POST', '/cancel/x'],
    ['POST', '/retry/x'],
    ['GET', '/_/jobs/x'],
    ['GET', '/status/%ff%'],
    ['GET', '/status/a%2Fb%00'],
  ])('is 404 at %s %s', async (method, path) => {
    await using serving = await serveJobs()
    const { status, json } = await ask(serving, method, path)
    expect([status, json, serving.refused]).toEqual([404, unknown, ['unknown_job']])
  })

  it('is 404 for an event stream, too', async () => {
    await using serving = await serveJobs()
    const { status } = await ask(serving, 'GET', '/stream/x', { headers: { Accept: 'text/event-stream' } })
    expect(status).toBe(404)
  })

  it('is that of a job whose retention or ttl is over (C-5)', async () => {
    await using serving = await serveJobs()
    const [kept, alive] = [await submit(serving), await submit(serving)]
    await serving.engine.remove(kept)
    await serving.engine.expire(alive)
    for (const id of [kept, alive]) expect((await ask(serving, 'GET', `/status/${id}`)).status).toBe(404)
  })
})

describe('/status?ttl', () => {
  it.each([
    ['0', 1000],
    ['999', 1000],
    ['5000', 5000],
    ['604800001', 604_800_000],
  ])('keeps the job for %s ms, within bounds (A-14)', async (ttl, kept) => {
    await using serving = await serveJobs()
    const id = await submit(serving)
    expect((await ask(serving, 'GET', `/status/${id}?ttl=${ttl}`)).status).toBe(200)
    expect((await serving.jobs.service.find(id))?.retentionMs).toBe(kept)
  })
})

describe('/purge-queue', () => {
  it('tells how many it has cancelled, 0 included (CTL-6)', async () => {
    await using serving = await serveJobs()
    expect((await ask(serving, 'POST', '/purge-queue')).json).toEqual({ removed: 0, status: 'completed' })
    const [id] = [await submit(serving), await submit(serving)]
    expect((await ask(serving, 'POST', '/v2/x/purge-queue')).json).toEqual({
      removed: 2,
      status: 'completed',
    })
    expect((await ask(serving, 'GET', `/status/${id}`)).json).toMatchObject({ status: 'CANCELLED' })
  })
})

describe('/health', () => {
  it('counts jobs and instances, all keys always (CTL-7, CTL-8)', async () => {
    await using serving = await serveJobs()
    await submit(serving)
    serving.jobs.health = {
      instances: { idle: 1, running: 2, initializing: 3, unhealthy: 0 },
      lastError: 'not shown while nothing is unhealthy',
    }
    expect((await ask(serving, 'GET', '/health')).json).toEqual({
      jobs: { completed: 0, failed: 0, inProgress: 0, inQueue: 1, retried: 0 },
      workers: { idle: 1, initializing: 3, ready: 3, running: 2, throttled: 0, unhealthy: 0 },
    })
  })

  it('gives the reason while an instance is unhealthy (CTL-9)', async () => {
    await using serving = await serveJobs()
    serving.jobs.health = {
      instances: { idle: 0, running: 0, initializing: 0, unhealthy: 1 },
      lastError: 'No module named torch',
    }
    expect((await ask(serving, 'GET', '/v2/x/health')).json).toMatchObject({
      lastError: 'No module named torch',
    })
  })

  it('answers 503 when the store cannot be read', async () => {
    await using serving = await serveJobs()
    serving.jobs.trouble = new Fault('store_unavailable', 'disk I/O error')
    for (const path of ['/health', '/status/x', '/stream/x', '/status-sync/x'])
      expect((await ask(serving, 'GET', path)).status).toBe(503)
  })
})
