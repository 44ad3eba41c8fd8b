import { describe, expect, it } from 'vitest'
import type { Job } from '../../src/jobs/model/job.ts'
import { toJobObject, toJsonObject } from '../../src/jobs/model/jobJson.ts'
import { endedJob } from './endedJob.ts'

function shown(changed: Partial<Job>, now = 2000): unknown {
  return JSON.parse(toJobObject(endedJob(changed), now).toString())
}

const { output: _, ...withoutOutput } = endedJob()
const id = withoutOutput.id

describe('the job object (jobs.md §4)', () => {
  it('of a completed job has its output and who made it, and nothing of what was asked (OBJ-4)', () => {
    const secret = { webhook: 'https://example.com', policy: '{}', s3Config: '{"accessSecret":"x"}' }
    expect(shown(secret)).toEqual({
      delayTime: 12,
      executionTime: 840,
      id,
      output: { text: 'Hi' },
      status: 'COMPLETED',
      workerId: 'i-1',
    })
  })

  it('has no output when the handler gave none, and null when it gave null (OBJ-3)', () => {
    expect(JSON.parse(toJobObject(withoutOutput, 0).toString())).not.toHaveProperty('output')
    expect(shown({ output: Buffer.from('null') })).toHaveProperty('output', null)
  })

  it('carries output as it came, to the last digit (A-9)', () => {
    const output = Buffer.from('{ "n": 12345678901234567890.10, "s": "\\u00e4ä" }')
    expect(toJobObject(endedJob({ output }), 0).toString()).toContain(`"output":${output.toString()}`)
  })

  it.each(['FAILED', 'TIMED_OUT'] as const)('of a job that is %s says why, as a string (OBJ-1)', (state) => {
    expect(shown({ state, error: 'boom' })).toMatchObject({ status: state, error: 'boom' })
    expect(shown({ state })).toHaveProperty('error', expect.any(String))
  })

  it.each(['COMPLETED', 'CANCELLED', 'IN_PROGRESS', 'IN_QUEUE'] as const)(
    'of one %s has no error',
    (state) => {
      expect(shown({ state, error: 'of an earlier attempt' })).not.toHaveProperty('error')
    },
  )

  it('of a running job is short, and has the elapsed time beside a progress value only', () => {
    const running = { ...withoutOutput, state: 'IN_PROGRESS', executionMs: 0 } as const
    expect(JSON.parse(toJobObject(running, 2449).toString())).toEqual({
      delayTime: 12,
      id,
      status: 'IN_PROGRESS',
    })
    const output = Buffer.from('"step 2 of 3"')
    expect(JSON.parse(toJobObject({ ...running, output }, 2449).toString())).toEqual({
      delayTime: 12,
      executionTime: 449,
      id,
      output: 'step 2 of 3',
      status: 'IN_PROGRESS',
    })
  })

  it('of a queued job has a delay only when an attempt has started, and never an output', () => {
    const queued = { state: 'IN_QUEUE', delayMs: 0, since: 1990 } as const
    expect(shown(queued)).toEqual({ id, status: 'IN_QUEUE' })
    expect(shown({ ...queued, delayMs: 5, retries: 1 })).toEqual({
      delayTime: 15,
      id,
      retries: 1,
      status: 'IN_QUEUE',
    })
  })

  it('of a job that never started has zeros and no instance', () => {
    const never = { state: 'CANCELLED', attempt: 0, delayMs: 0, executionMs: 0, instance: '' } as const
    expect(JSON.parse(toJobObject({ ...withoutOutput, ...never }, 0).toString())).toEqual({
      delayTime: 1000,
      executionTime: 0,
      id,
      status: 'CANCELLED',
      workerId: '',
    })
  })

  it('has whole times that are never negative (OBJ-2)', () => {
    expect(shown({ delayMs: -3, executionMs: 1.6 })).toMatchObject({ delayTime: 0, executionTime: 2 })
    const clockBack = shown({ state: 'IN_PROGRESS', since: 9000 }, 1000)
    expect(clockBack).toHaveProperty('executionTime', 0)
  })
})

it('no members make an empty object', () => {
  expect(toJsonObject([]).toString()).toBe('{}')
})
