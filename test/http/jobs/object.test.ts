import { describe, expect, it } from 'vitest'
import type { Job } from '../../../src/jobs/job.ts'
import { toJobObject } from '../../../src/jobs/object.ts'
import { ask, serveJobs, submit } from '../../harness/jobServing.ts'

const job: Job = {
  id: 'a',
  origin: 'run',
  webhook: 'https://example.com/hush',
  policy: '{"hush":1}',
  executionTimeoutMs: 1000,
  ttlMs: 1000,
  retentionMs: 1000,
  lowPriority: false,
  notify: true,
  state: 'IN_QUEUE',
  revision: 1,
  submittedAt: 1000,
  attempt: 0,
  losses: 0,
  retries: 0,
  delayMs: 0,
  since: 1000,
  executionMs: 0,
  instance: '',
  nextIndex: 0,
  expiresAt: 2000,
}

function show(change: Partial<Job>, now = 1500): unknown {
  return JSON.parse(toJobObject({ ...job, ...change }, now).toString())
}

describe('the job object', () => {
  it('has id and status in the queue, and nothing that is to be kept from clients (OBJ-4, REQ-5)', () => {
    expect(show({})).toEqual({ id: 'a', status: 'IN_QUEUE' })
  })

  it('has delayTime once an attempt has started, also while the job waits for the next (§4)', () => {
    expect(show({ state: 'IN_PROGRESS', attempt: 1, delayMs: 18 })).toEqual({
      id: 'a',
      status: 'IN_PROGRESS',
      delayTime: 18,
    })
    expect(show({ attempt: 1, retries: 1, delayMs: 18, since: 1400 })).toEqual({
      id: 'a',
      status: 'IN_QUEUE',
      delayTime: 118,
      retries: 1,
    })
  })

  it('has no delayTime after a retry until an attempt has started (§4)', () => {
    expect(show({ attempt: 3 })).toEqual({ id: 'a', status: 'IN_QUEUE' })
  })

  it('has output and executionTime of a running job only beside a progress value (§4)', () => {
    const running = { state: 'IN_PROGRESS', attempt: 1, delayMs: 1, instance: 'i-1' } as const
    expect(show({ ...running, output: Buffer.from('"step 2"') })).toEqual({
      id: 'a',
      status: 'IN_PROGRESS',
      delayTime: 1,
      executionTime: 500,
      output: 'step 2',
    })
  })

  it.each(['COMPLETED', 'FAILED', 'CANCELLED', 'TIMED_OUT'] as const)(
    'is complete when it is %s (§4)',
    (state) => {
      const end = {
        state,
        attempt: 1,
        delayMs: 5,
        executionMs: 7,
        instance: 'i-2',
        error: 'why',
        output: Buffer.from('null'),
      }
      const hasError = state === 'FAILED' || state === 'TIMED_OUT'
      expect(show(end)).toEqual({
        id: 'a',
        status: state,
        delayTime: 5,
        executionTime: 7,
        workerId: 'i-2',
        output: null,
        ...(hasError ? { error: 'why' } : {}),
      })
    },
  )

  it('tells of a job that never started how long it waited (§4)', () => {
    expect(show({ state: 'CANCELLED', since: 1300 })).toEqual({
      id: 'a',
      status: 'CANCELLED',
      delayTime: 300,
      executionTime: 0,
      workerId: '',
    })
  })

  it('always has a string for the error of a failed job, and never one before (OBJ-1)', () => {
    expect(show({ state: 'FAILED' })).toMatchObject({ error: 'the job failed' })
    expect(show({ state: 'IN_PROGRESS', error: 'not yet' })).not.toHaveProperty('error')
  })

  it('has no output when there was none, and null when it was that (OBJ-3)', () => {
    expect(show({ state: 'COMPLETED' })).not.toHaveProperty('output')
    expect(show({ state: 'COMPLETED', output: Buffer.from('null') })).toHaveProperty('output', null)
  })

  it('has whole milliseconds that are never negative, whatever the clock does (OBJ-2, DUR-6)', () => {
    const early = show({ state: 'IN_PROGRESS', attempt: 1, delayMs: -3, output: Buffer.from('1') }, 10)
    expect(early).toMatchObject({ delayTime: 0, executionTime: 0 })
    const fractions = show({
      state: 'COMPLETED',
      attempt: 1,
      delayMs: 1.6,
      executionMs: 2.2,
      instance: 'i-1',
    })
    expect(fractions).toMatchObject({ delayTime: 2, executionTime: 2 })
  })

  it('shows output as it was stored (A-9)', async () => {
    await using serving = await serveJobs()
    const id = await submit(serving)
    await serving.engine.begin(id)
    await serving.engine.finish(id, {
      output: '{ "a":9007199254740993,"b":0.10000000000000000555 ,"c":"\\u00e9é"}',
    })
    const { text } = await ask(serving, 'GET', `/status/${id}`)
    expect(text).toContain('"output":{ "a":9007199254740993,"b":0.10000000000000000555 ,"c":"\\u00e9é"}')
  })

  it('is the same below /_/jobs/ (interface.md §4)', async () => {
    await using serving = await serveJobs()
    const id = await submit(serving)
    await serving.engine.begin(id)
    await serving.engine.finish(id, { state: 'FAILED', error: 'boom', output: '{"x":1}' })
    const { text } = await ask(serving, 'GET', `/_/jobs/${id}`)
    expect(text).toBe((await ask(serving, 'POST', `/status/${id}`)).text)
  })
})
