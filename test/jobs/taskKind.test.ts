// What an instance is told of a task, and what its answer means (tasks.md §12, L4 to L6).

import { describe, expect, it } from 'vitest'
import { Fault } from '../../src/errors.ts'
import type { Outcome } from '../../src/invocation.ts'
import type { JobWithInput } from '../../src/jobs/model/job.ts'
import { taskKind } from '../../src/jobs/kinds/taskKind.ts'

const task: JobWithInput = {
  id: 't-1',
  origin: 'task',
  input: Buffer.from('{"task_path": "app.f", "args": [NaN]}'),
  executionTimeoutMs: 900_000,
  ttlMs: 1e12,
  retentionMs: 600_000,
  lowPriority: false,
  notify: false,
  state: 'IN_PROGRESS',
  revision: 1,
  submittedAt: 0,
  attempt: 1,
  losses: 0,
  retries: 0,
  delayMs: 0,
  since: 0,
  executionMs: 0,
  instance: 'i-1',
  nextIndex: 0,
  expiresAt: 1e12,
  task: {
    path: 'app.f',
    service: 'sns',
    capture: 'on',
    language: 'python',
    maxAttempts: 3,
    backoffMs: 1000,
    delayMs: 0,
    dueAt: 0,
  },
}

const kind = taskKind(1000)

function after(outcome: Outcome, differences: Partial<JobWithInput> = {}): unknown {
  return kind.afterOutcome(outcome, { ...task, ...differences }, 'i-1')
}

function answered(answer: unknown): Outcome {
  return { type: 'returned', json: Buffer.from(JSON.stringify(answer)) }
}

function threw(retry: boolean): Outcome {
  return answered({ outcome: 'failed', retry, error: { type: 'ValueError', message: 'no', stack: 'at f' } })
}

function lost(code: 'process_exit' | 'out_of_memory' | 'timeout'): Outcome {
  return { type: 'failed', fault: new Fault(code, 'it is gone'), exit: { type: 'exited', code: 3 } }
}

function failedWith(type: string): object {
  return { type: 'again', terms: { isRetry: true, error: { type } } }
}

/** After how many seconds a task that has failed so often runs again; -1: never. */
function wait(retries: number, maxAttempts: number): number {
  const stored = task.task && { ...task.task, maxAttempts }
  const next = kind.afterOutcome(threw(true), { ...task, retries, ...(stored && { task: stored }) }, 'i-1')
  return next.type === 'again' ? (next.terms.pauseMs ?? 0) / 1000 : -1
}

describe('a task', () => {
  it('is delivered with its message as it was written (§12)', () => {
    expect(JSON.parse(kind.toPayload(task, 2, 1767608100120).toString())).toEqual({
      kind: 'task',
      id: 't-1',
      attempt: 2,
      max_attempts: 3,
      service: 'sns',
      capture: 'on',
      deadline_ms: 1767608100120,
      message: '{"task_path": "app.f", "args": [NaN]}',
    })
  })

  it('is complete with the text of its result, unchanged (G4)', () => {
    const complete = { outcome: 'complete', response_text: '[NaN, 1e400]', response_omitted: null }
    expect(after(answered(complete))).toEqual({
      type: 'ends',
      end: { state: 'COMPLETED', output: Buffer.from('[NaN, 1e400]') },
    })
  })

  it('is complete without a result that could not be kept, and tells why (A4)', () => {
    const complete = { outcome: 'complete', response_text: null, response_omitted: 'not JSON' }
    expect(after(answered(complete))).toEqual({
      type: 'ends',
      end: { state: 'COMPLETED', error: 'not JSON' },
    })
  })

  it('runs again later when an attempt failed: 1 s, then 2 s, never more than 60 s (L4)', () => {
    expect([wait(0, 3), wait(1, 3), wait(2, 3)]).toEqual([1, 2, -1])
    expect([wait(6, 100), wait(7, 100), wait(98, 100), wait(99, 100)]).toEqual([60, 60, 60, -1])
  })

  it('has failed when its attempts are used up, those that a dead container has cost included (L7)', () => {
    const error = JSON.stringify({ type: 'ValueError', message: 'no', stack: 'at f' })
    expect(after(threw(true), { retries: 1, losses: 1 })).toEqual({
      type: 'ends',
      end: { state: 'FAILED', error },
    })
  })

  it('has failed at once with an error that will come again (L5)', () => {
    expect(after(threw(false))).toMatchObject({ type: 'ends', end: { state: 'FAILED' } })
  })

  it('names the exit code of an instance that died (L6)', () => {
    expect(after(lost('process_exit'))).toMatchObject({
      type: 'again',
      terms: { error: { type: 'InstanceLost', message: expect.stringContaining('3') as unknown } },
    })
    expect(after(lost('out_of_memory'))).toMatchObject(failedWith('InstanceLost'))
  })

  it('that takes too long has failed with TaskTimeout (L6)', () => {
    expect(after(lost('timeout'))).toMatchObject(failedWith('TaskTimeout'))
  })

  it.each([undefined, '', '{', '{"outcome":"complete"}', '{"outcome":"odd"}', '[]'])(
    'that is answered %j has lost its instance',
    (text) => {
      const json = text === undefined ? undefined : Buffer.from(text)
      expect(after({ type: 'returned', json })).toMatchObject(failedWith('InstanceLost'))
      expect(after({ type: 'streamed' })).toMatchObject(failedWith('InstanceLost'))
    },
  )
})
