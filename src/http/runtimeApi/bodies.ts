// Bodies of requests to the runtime API (tasks.md §12): checked, and made what the engine takes.

import { isUtf8 } from 'node:buffer'
import { z } from 'zod'
import type { NewTask, OwnTask } from '../../jobs/model/tasks.ts'
import { isJsonObject, parseJson } from '../../json/json.ts'
import { isTaskId } from '../tasks/taskJson.ts'
import { ApiError } from './errors.ts'

/** A dispatch. @throws ApiError bad_request that says what is wrong with it */
export function toNewTask(body: Buffer, language: NewTask['language']): NewTask {
  const { id, service, capture, message, ...terms } = parse(body, dispatchBody)
  const { delay_seconds: delay, max_attempts: maxAttempts, timeout_seconds: timeout } = terms
  const path = readTaskPath(message)
  return {
    ...{ id, path, service, capture, language, delayMs: Math.ceil(delay * 1000), message },
    ...(maxAttempts === undefined ? {} : { maxAttempts }),
    ...(timeout === undefined ? {} : { timeoutMs: Math.ceil(timeout * 1000) }),
  }
}

/** A progress value, JSON text. @throws ApiError as above */
export function toProgress(body: Buffer): { readonly attempt: number; readonly text: string } {
  const { attempt, value_text: text } = parse(body, progressBody)
  return { attempt, text }
}

/** The record of a task that an invocation executes by itself. @throws ApiError as above */
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

// The task path in a message (tasks.md §5), whose text is kept as it is; it may have NaN and Infinity in it.
function readTaskPath(json: string): string {
  if (!json.isWellFormed()) throw bad('message must be text that UTF-8 can hold')
  const message = parseJson(json) ?? parseJson(withoutConstants(json))
  if (message === undefined) throw bad('message must be JSON text')
  if (!isJsonObject(message)) throw bad('message must be the JSON text of an object')
  const { task_path: path, args, kwargs } = message
  if (typeof path !== 'string') throw bad('message must have a task_path that is a string')
  if (!Array.isArray(args)) throw bad('message must have args that are a list')
  if (!isJsonObject(kwargs)) throw bad('message must have kwargs that are an object')
  return path.toWellFormed()
}

// Replaces what Python writes for numbers that JSON does not have with null. In one pass, string by string.
function withoutConstants(json: string): string {
  const parts: string[] = []
  for (let at = 0; at < json.length;) {
    const quote = json.indexOf('"', at)
    const from = quote === -1 ? json.length : quote
    const to = endOfString(json, from)
    parts.push(json.slice(at, from).replaceAll(constants, 'null'), json.slice(from, to))
    at = to
  }
  return parts.join('')
}

function endOfString(json: string, from: number): number {
  let at = from + 1
  while (at < json.length && json[at] !== '"') at += json[at] === '\\' ? 2 : 1
  return at + 1
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

function bad(problem: string): ApiError {
  return new ApiError('bad_request', problem)
}

// Python's texts can hold half of a surrogate pair, for one in names of files. UTF-8 cannot.
function wellFormed() {
  return z.string({ error: 'must be a string' }).transform((input) => input.toWellFormed())
}

function oneOf<const Values extends readonly [string, ...string[]]>(values: Values) {
  return z.enum(values, { error: `must be one of ${values.join(', ')}` })
}

const constants = /-?Infinity|NaN/g
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
