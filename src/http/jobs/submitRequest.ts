// The body of a submit → a job (jobs.md §3). `input`, `policy` and `s3Config` keep their text (jobs.md A-9).

import { isUtf8 } from 'node:buffer'
import { randomUUID } from 'node:crypto'
import { z } from 'zod'
import { Fault } from '../../errors.ts'
import type { NewJob } from '../../jobs/model/job.ts'
import { parseJson } from '../../json/json.ts'
import type { JobSettings } from './settings.ts'
import { memberTexts } from '../../json/members.ts'

/**
 * Makes a job of a request, under a new id (jobs.md A-13).
 * @param origin `run` or `sync`, after the route
 * @throws Fault invalid_job that names what is wrong with it
 */
export function toNewJob(body: Buffer, origin: 'run' | 'sync', settings: JobSettings): NewJob {
  const json = withoutMark(body)
  const request = parseJob(json)
  const webhook = request.webhook ?? undefined
  const { policy } = request
  const texts = memberTexts(json)
  const input = texts.get('input') ?? texts.get('input_data')
  if (input === undefined) throw invalid('input is missing; send an object such as {"input": {…}}')
  const policyText = textOf(texts, 'policy')
  const s3Text = textOf(texts, 's3Config')
  return {
    id: origin === 'run' ? randomUUID() : `sync-${randomUUID()}`,
    origin,
    input,
    ...(webhook === undefined ? {} : { webhook }),
    ...(policyText === undefined ? {} : { policy: policyText }),
    ...(s3Text === undefined ? {} : { s3Config: s3Text }),
    executionTimeoutMs: policy?.executionTimeout ?? settings.executionTimeoutMs,
    ttlMs: policy?.ttl ?? settings.ttlMs,
    retentionMs: origin === 'run' ? settings.retentionMs : settings.syncRetentionMs,
    lowPriority: policy?.lowPriority ?? false,
    notify: webhook !== undefined,
  }
}

/** The text of a body: UTF-8, with or without a byte order mark, which is no part of it. */
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

function text() {
  return z.string({ error: 'must be a string' }).nullish()
}

function milliseconds() {
  const error = 'must be a whole number of milliseconds from 1 to 604800000 (7 days)'
  return z.int({ error }).min(1, { error }).max(longestMs, { error }).nullish()
}

function isWebAddress(value: string): boolean {
  const url = URL.parse(value)
  return url !== null && /^https?:$/.test(url.protocol)
}

const longestMs = 7 * 24 * 60 * 60 * 1000
const notAnObject = 'the body must be a JSON object such as {"input": {…}}'
const mark = Buffer.from([0xef, 0xbb, 0xbf])

// Other keys are discarded (jobs.md REQ-1).
const jobRequest = z.object(
  {
    webhook: z
      .string({ error: 'must be a string' })
      .refine(isWebAddress, 'must be an absolute http or https URL')
      .nullish(),
    webhookV2: text(),
    policy: z
      .object(
        {
          executionTimeout: milliseconds(),
          ttl: milliseconds(),
          lowPriority: z.boolean({ error: 'must be true or false' }).nullish(),
        },
        { error: 'must be an object' },
      )
      .nullish(),
    s3Config: z
      .object(
        {
          accessId: text(),
          accessSecret: text(),
          bucketName: text(),
          endpointUrl: text(),
          objectPath: text(),
        },
        { error: 'must be an object' },
      )
      .nullish(),
  },
  { error: notAnObject },
)
