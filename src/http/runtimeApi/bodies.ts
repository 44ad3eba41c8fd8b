// What instances send to the runtime API (tasks.md §12), checked once. Owns nothing.

import { isUtf8 } from 'node:buffer'
import { z } from 'zod'
import type { NewTask, OwnTask } from '../../jobs/model/tasks.ts'
import { isJsonObject, parseJson } from '../../json/json.ts'
import { isTaskId } from '../tasks/waiting.ts'
import { readTaskPath } from './message.ts'
import { Refusal } from './errors.ts'

/** A dispatch. @throws Refusal bad_request that says what is wrong with it */
export function toNewTask(body: Buffer, language: NewTask['language']): NewTask {
  const { id, service, capture, message, ...terms } = parse(body, dispatchBody)
  const { delay_seconds: delay, max_attempts: maxAttempts, timeout_seconds: timeout } = terms
  const path = readTaskPath(message)
  return {
    id,
    path,
    service,
    capture,
    language,
    delayMs: Math.ceil(delay * 1000),
    message,
    ...(maxAttempts === undefined ? {} : { maxAttempts }),
    ...(timeout === undefined ? {} : { timeoutMs: Math.ceil(timeout * 1000) }),
  }
}

/** A progress value, JSON text. @throws Refusal as above */
export function toProgress(body: Buffer): { readonly attempt: number; readonly text: string } {
  const { attempt, value_text: text } = parse(body, progressBody)
  return { attempt, text }
}

/** The record of a task that an invocation executes by itself. @throws Refusal as above */
export function toOwnTask(id: string, body: Buffer, language: NewTask['language']): OwnTask {
  if (!isTaskId(id)) throw bad(`id ${ofTaskId}`)
  const record = parse(body, ownBody)
  const { task_path: path, status } = record
  const task = { id, path, language }
  switch (status) {
    case 'in progress':
      return { ...task, status }
    case 'complete':
      return { ...task, status, response: record.response_text }
    case 'failed': {
      const { type, message, stack } = record.error
      return { ...task, status, error: { type, message, ...(typeof stack !== 'string' ? {} : { stack }) } }
    }
    default:
      return status satisfies never
  }
}

function parse<Schema extends z.ZodType>(body: Buffer, schema: Schema): z.output<Schema> {
  if (!isUtf8(body)) throw bad('the body is not UTF-8')
  const value = parseJson(body.toString())
  if (value === undefined) throw bad('the body is not JSON')
  const parsed = schema.safeParse(value)
  if (parsed.success) return parsed.data
  const [issue] = parsed.error.issues
  const field = issue?.path.join('.') ?? ''
  throw bad(field === '' ? notAnObject : `${field} ${issue?.message ?? 'is not valid'}`)
}

function bad(problem: string): Refusal {
  return new Refusal('bad_request', problem)
}

// Texts may hold what UTF-8 cannot: half of a surrogate pair, which Python has in the names of files.
function wellFormed() {
  return z.string({ error: 'must be a string' }).transform((input) => input.toWellFormed())
}

function oneOf<const Values extends readonly [string, ...string[]]>(values: Values) {
  return z.enum(values, { error: `must be one of ${values.join(', ')}` })
}

const notAnObject = 'the body must be a JSON object'
const ofTaskId = 'must be 1 to 128 letters, digits, ., _ or -'
const ofDelay = 'must be a number of seconds from 0 to 604800 (7 days)'
const ofMaxAttempts = 'must be a whole number from 1 to 100'
const ofTimeout = 'must be a number of seconds above 0, up to 604800 (7 days)'
const ofAttempt = 'must be the number of an attempt'

const dispatchBody = z.object(
  {
    id: z.string({ error: ofTaskId }).refine(isTaskId, ofTaskId),
    service: oneOf(['lambda', 'sns']),
    capture: oneOf(['on', 'default', 'off']),
    delay_seconds: z.number({ error: ofDelay }).min(0, ofDelay).max(604_800, ofDelay).default(0),
    max_attempts: z.int({ error: ofMaxAttempts }).min(1, ofMaxAttempts).max(100, ofMaxAttempts).optional(),
    timeout_seconds: z.number({ error: ofTimeout }).positive(ofTimeout).max(604_800, ofTimeout).optional(),
    message: z.string({ error: 'must be JSON text in a string' }),
  },
  { error: notAnObject },
)

const progressBody = z.object(
  { attempt: z.int({ error: ofAttempt }).min(1, ofAttempt), value_text: wellFormed() },
  { error: notAnObject },
)

const ownBody = z.discriminatedUnion(
  'status',
  [
    z.object({ task_path: wellFormed(), status: z.literal('in progress') }),
    z.object({ task_path: wellFormed(), status: z.literal('complete'), response_text: wellFormed() }),
    z.object({
      task_path: wellFormed(),
      status: z.literal('failed'),
      error: z.object(
        { type: wellFormed(), message: wellFormed(), stack: wellFormed().nullish() },
        { error: 'must be an object with type and message' },
      ),
    }),
  ],
  {
    error: ({ input }) =>
      isJsonObject(input) ? 'must be one of in progress, complete, failed' : notAnObject,
  },
)
