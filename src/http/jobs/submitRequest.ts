// The body of a submit → NewJob (jobs.md §3). `input`, `policy` and `s3Config` keep their text (jobs.md A-9).

import { isUtf8 } from 'node:buffer'
import { randomUUID } from 'node:crypto'
import { z } from 'zod'
import { Fault } from '../../errors.ts'
import type { NewJob } from '../../jobs/model/job.ts'
import { parseJson } from '../../json/json.ts'
import { memberTexts } from '../../json/members.ts'

/** What the operator has chosen for submits (jobs.md §9). Durations are in milliseconds. */
export interface SubmitSettings {
  /** of one attempt, when the request names none */
  readonly executionTimeoutMs: number
  /** of a job that is not terminal, when the request names none */
  readonly ttlMs: number
  /** of a terminal job of `/run` */
  readonly retentionMs: number
  /** of a terminal job of `/runsync` */
  readonly syncRetentionMs: number
}

/**
 * Makes a job from a request, with a new id (jobs.md A-13).
 * @param origin `run` or `sync`, after the route
 * @throws Fault invalid_job that names the problem
 */
export function toNewJob(body: Buffer, origin: 'run' | 'sync', settings: SubmitSettings): NewJob {
  const json = withoutMark(body)
  const { webhook, policy } = parseJob(json)
  const texts = memberTexts(json)
  const input = texts.get('input') ?? texts.get('input_data')
  if (input === undefined) throw invalid('input is missing; send an object such as {"input": {…}}')
  const policyText = textOf(texts, 'policy')
  const s3Text = textOf(texts, 's3Config')
  return {
    id: origin === 'run' ? randomUUID() : `sync-${randomUUID()}`,
    origin,
    input,
    ...(typeof webhook === 'string' ? { webhook } : {}),
    ...(policyText === undefined ? {} : { policy: policyText }),
    ...(s3Text === undefined ? {} : { s3Config: s3Text }),
    executionTimeoutMs: policy?.executionTimeout ?? settings.executionTimeoutMs,
    ttlMs: policy?.ttl ?? settings.ttlMs,
    retentionMs: origin === 'run' ? settings.retentionMs : settings.syncRetentionMs,
    lowPriority: policy?.lowPriority ?? false,
    notify: typeof webhook === 'string',
  }
}

/** A body without its byte order mark. */
export function withoutMark(body: Buffer): Buffer {
  return body.subarray(0, mark.length).equals(mark) ? body.subarray(mark.length) : body
}

function parseJob(json: Buffer): z.output<typeof jobRequest> {
  if (!isUtf8(json)) throw invalid('the body is not UTF-8; send JSON in UTF-8')
  const value = parseJson(json.toString('utf8'))
  if (value === undefined) throw invalid('the body is not JSON; send an object such as {"input": {…}}')
  const parsed = jobRequest.safeParse(value)
  if (parsed.success) return parsed.data
  const [issue] = parsed.error.issues
  const field = issue?.path.join('.') ?? ''
  throw invalid(field === '' ? notAnObject : `${field} ${issue?.message ?? 'is not valid'}`)
}

// An optional field that is null counts as absent (jobs.md REQ-2).
function textOf(texts: ReadonlyMap<string, Buffer>, name: string): string | undefined {
  const found = texts.get(name)?.toString('utf8')
  return found === 'null' ? undefined : found
}

function invalid(message: string): Fault {
  return new Fault('invalid_job', message)
}

function milliseconds(description: string) {
  const error = 'must be a whole number of milliseconds from 1 to 604800000 (7 days)'
  return z.int({ error }).min(1, { error }).max(longestMs, { error }).describe(description).nullish()
}

function isWebUrl(value: string): boolean {
  const url = URL.parse(value)
  return url !== null && /^https?:$/.test(url.protocol)
}

const longestMs = 7 * 24 * 60 * 60 * 1000
const notAnObject = 'the body must be a JSON object such as {"input": {…}}'
const mark = Buffer.from([0xef, 0xbb, 0xbf])

const mustBeObject = { error: 'must be an object' }
const text = z.string({ error: 'must be a string' })

const policy = z.object(
  {
    executionTimeout: milliseconds('Limit of one attempt, in milliseconds.'),
    ttl: milliseconds('Life of a job that has not ended, from submission, in milliseconds.'),
    lowPriority: z
      .boolean({ error: 'must be true or false' })
      .describe('Never start another instance for this job.')
      .nullish(),
  },
  mustBeObject,
)

const s3Keys = ['accessId', 'accessSecret', 'bucketName', 'endpointUrl', 'objectPath'] as const

/** The body of a submit; other keys are discarded (jobs.md REQ-1). */
export const jobRequest = z
  .object(
    {
      // Checked with their texts.
      input: z.unknown().describe('Any JSON; the handler gets it as it was sent.').optional(),
      input_data: z.unknown().describe('Another name for `input`, read only when that is absent.').optional(),
      webhook: text
        .refine(isWebUrl, 'must be an absolute http or https URL')
        .meta({ format: 'uri', description: 'An http or https URL that is told of the end.' })
        .nullish(),
      webhookV2: text.describe('Accepted and ignored.').nullish(),
      policy: policy.nullish(),
      s3Config: z
        .object(Object.fromEntries(s3Keys.map((each) => [each, text.nullish()])), mustBeObject)
        .describe('Handed to the handler as it is, never shown to clients.')
        .nullish(),
    },
    { error: notAnObject },
  )
  .meta({
    description: 'Other keys are discarded. A key that is null counts as absent, except `input`.',
    anyOf: [{ required: ['input'] }, { required: ['input_data'] }],
  })
