// Tasks: what an instance is told of one, and what its answer means (tasks.md §12, L4 to L6). Pure.

import { z } from 'zod'
import type { Fault } from '../../errors.ts'
import { describeExit } from '../../exit.ts'
import type { Outcome } from '../../invocation.ts'
import { parseJson } from '../../json/json.ts'
import type { JobKind, NextStep } from './kind.ts'
import type { StoredTask, TaskError, JobWithInput } from '../model/job.ts'
import { pauseAfter } from '../model/tasks.ts'

/** The kind of tasks. @param resultLimit most characters of a result, which is ASCII */
export function taskKind(resultLimit: number): JobKind {
  return {
    mode: 'task',
    resultLimit: () => resultLimit,
    waitsForLoad: true,
    toPayload,
    afterOutcome: (outcome, job) => toNextStep(readOutcome(outcome, job), job),
  }
}

function toPayload(job: JobWithInput, attempt: number, deadlineMs: number): Buffer {
  const { service, capture, maxAttempts } = taskOf(job)
  return Buffer.from(
    JSON.stringify({
      kind: 'task',
      id: job.id,
      attempt,
      max_attempts: maxAttempts,
      service,
      capture,
      deadline_ms: deadlineMs,
      message: job.input.toString(),
    }),
  )
}

function toNextStep(answer: Answer, job: JobWithInput): NextStep {
  if (answer.outcome === 'complete') {
    const { response_text: text, response_omitted: omitted } = answer
    const output = text === null ? {} : { output: Buffer.from(text) }
    return {
      type: 'ends',
      end: { state: 'COMPLETED', ...output, ...(omitted === null ? {} : { error: omitted }) },
    }
  }
  const { error, retry } = answer
  const pauseMs = retry ? pauseAfter(taskOf(job), job.retries + job.losses + 1) : undefined
  return pauseMs === undefined
    ? { type: 'ends', end: { state: 'FAILED', error: JSON.stringify(error) } }
    : { type: 'again', terms: { isRetry: true, pauseMs, error } }
}

function readOutcome(outcome: Outcome, job: JobWithInput): Answer {
  switch (outcome.type) {
    case 'returned':
      return readAnswer(outcome.json)
    case 'threw':
      return failure(outcome.error.errorType, outcome.error.errorMessage)
    case 'streamed':
      return unusable
    case 'failed':
      return readFault(outcome.fault, job, outcome.exit && describeExit(outcome.exit))
    default:
      return outcome satisfies never
  }
}

function readFault(fault: Fault, job: JobWithInput, exit: string | undefined): Answer {
  if (fault.code === 'timeout') return failure('TaskTimeout', tooLong(job))
  return failure('InstanceLost', fault.code === 'process_exit' ? (exit ?? fault.message) : fault.message)
}

function readAnswer(json: Buffer | undefined): Answer {
  return answer.safeParse(parseJson(json?.toString() ?? '')).data ?? unusable
}

function failure(type: string, message: string): Answer {
  return { outcome: 'failed', retry: true, error: { type, message } }
}

function tooLong({ executionTimeoutMs }: JobWithInput): string {
  return `the attempt took longer than ${executionTimeoutMs} ms (--task-timeout)`
}

function taskOf({ id, task }: JobWithInput): StoredTask {
  if (task === undefined) throw new Error(`job ${id} is no task`)
  return task
}

// tasks.md H3
const answer = z.discriminatedUnion('outcome', [
  z.object({
    outcome: z.literal('complete'),
    response_text: z.string().nullable(),
    response_omitted: z.string().nullable(),
  }),
  z.object({
    outcome: z.literal('failed'),
    retry: z.boolean(),
    error: z.object({ type: z.string(), message: z.string(), stack: z.string().optional() }),
  }),
])

type Answer =
  | Extract<z.output<typeof answer>, { outcome: 'complete' }>
  | { readonly outcome: 'failed'; readonly retry: boolean; readonly error: TaskError }

const unusable = failure('InstanceLost', 'the instance has given an answer that is not one of a task')
