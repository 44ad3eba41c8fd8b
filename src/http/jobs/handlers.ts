// What each route of the jobs API does (jobs.md §2.2): one function for each row of the table.

import { Fault } from '../../errors.ts'
import type { Job, NewJob } from '../../jobs/model/job.ts'
import type { JobService } from '../../jobs/service.ts'
import type { SubmitTerms } from '../../jobs/model/store.ts'
import { jsonDigest } from '../../json/digest.ts'
import { EventStream } from './sse.ts'
import type { JobExchange } from './exchange.ts'
import { LongPoll, PollDeadline } from '../longPoll.ts'
import { toHealthObject } from './health.ts'
import { toJobObject } from '../../jobs/model/jobJson.ts'
import { toJobStatus } from './object.ts'
import { description } from './openapi.ts'
import { idempotencyKey, lastEventId, wantsEvents, type Parameters } from './parameters.ts'
import { toNewJob, withoutMark } from './submitRequest.ts'
import type { RouteName } from './routes.ts'
import type { JobSettings } from './settings.ts'
import type { Streams } from './chunkPolling.ts'

/** A request whose route, method, credential, size and parameters are fine. */
export interface JobCall {
  readonly exchange: JobExchange
  /** "" where the route takes none */
  readonly id: string
  readonly parameters: Parameters
  /** of a submit; else empty */
  readonly body: Buffer
}

/** What the routes work with. */
export interface JobParts {
  readonly service: JobService
  readonly settings: JobSettings
  readonly streams: Streams
}

/** Answers a call. @throws Fault */
export type Answer = (call: JobCall, parts: JobParts) => Promise<unknown>

/** Route → what it does. */
export const answers: Readonly<Record<RouteName, Answer>> = {
  run,
  runsync: runSync,
  status,
  'status-sync': statusSync,
  stream,
  cancel,
  retry,
  'purge-queue': purge,
  health: async ({ exchange }, { service }) => exchange.reply(toHealthObject(await service.health())),
  jobs: status,
  'openapi.json': async ({ exchange }) => exchange.reply(Buffer.from(JSON.stringify(description))),
}

async function run(call: JobCall, parts: JobParts): Promise<unknown> {
  const { id, status: state } = await submit(toNewJob(call.body, 'run', parts.settings), call, parts)
  return call.exchange.reply(toJobStatus(id, state))
}

async function runSync(call: JobCall, parts: JobParts): Promise<unknown> {
  const job = toNewJob(call.body, 'sync', parts.settings)
  const submitting = submit(job, call, parts)
  using follower = await LongPoll.of(parts.service, job.id, async () => (await submitting).fresh)
  if (follower !== undefined) return await answerSettled(follower, call, parts)
  const { id, status: state, isKept } = await submitting
  if (isKept) return await statusSync({ ...call, id }, parts)
  return await call.exchange.reply(toJobStatus(id, state)) // its result has expired (jobs.md REQ-7)
}

async function submit(
  job: NewJob,
  { exchange, body }: JobCall,
  { service }: JobParts,
): Promise<{ readonly id: string; readonly status: string; readonly fresh?: Job; readonly isKept: boolean }> {
  const key = idempotencyKey(exchange.head.headers)
  const terms: SubmitTerms['idempotency'] =
    key === undefined ? undefined : { key, digest: await jsonDigest(withoutMark(body)), keptMs: keyKeptMs }
  const submitted = await service.submit(job, terms)
  switch (submitted.type) {
    case 'accepted':
      return { id: job.id, status: 'IN_QUEUE', fresh: submitted.job, isKept: true } // even if it runs already (jobs.md A-12)
    case 'known':
      return {
        id: submitted.id,
        status: submitted.job?.state ?? submitted.state,
        isKept: submitted.job !== undefined,
      }
    case 'conflict':
      throw new Fault(
        'idempotency_conflict',
        'this Idempotency-Key was used for another request; use a new one',
      )
    case 'full':
      throw queueFull()
    default:
      return submitted satisfies never
  }
}

async function status(
  { exchange, id, parameters: { ttl } }: JobCall,
  { service }: JobParts,
): Promise<unknown> {
  const job = ttl === undefined ? await service.find(id) : await service.keepFor(id, ttl)
  if (job === undefined) throw unknownJob()
  return exchange.reply(toJobObject(job, Date.now()))
}

async function statusSync(call: JobCall, parts: JobParts): Promise<unknown> {
  using follower = await follow(parts.service, call.id)
  return await answerSettled(follower, call, parts)
}

// Holds the answer until the job is terminal or the wait is over (jobs.md §5).
async function answerSettled(
  follower: LongPoll,
  { exchange, parameters }: JobCall,
  { service }: JobParts,
): Promise<unknown> {
  using hold = new PollDeadline(exchange.client, service.draining, parameters.wait ?? defaultWaitMs)
  const job = await follower.settled(hold)
  return await exchange.reply(toJobObject(job, Date.now()))
}

async function stream(call: JobCall, { service, settings, streams }: JobParts): Promise<void> {
  const { exchange, id, parameters } = call
  const { headers } = exchange.head
  using follower = await follow(service, id)
  if (wantsEvents(headers)) {
    using hold = new PollDeadline(exchange.client, service.draining, undefined)
    const start = { from: parameters.from ?? 0, seen: lastEventId(headers) }
    return await new EventStream(service, follower, exchange, start).send(hold)
  }
  using hold = new PollDeadline(exchange.client, service.draining, parameters.wait ?? settings.streamHoldMs)
  if (parameters.from !== undefined) return await streams.read(follower, parameters.from, hold, exchange)
  return await streams.drain(follower, hold, exchange)
}

async function cancel({ exchange, id }: JobCall, { service }: JobParts): Promise<unknown> {
  const job = await service.cancel(id)
  if (job === undefined) throw unknownJob()
  return exchange.reply(toJobStatus(job.id, job.state))
}

async function retry({ exchange, id }: JobCall, { service }: JobParts): Promise<unknown> {
  const retried = await service.retry(id)
  switch (retried.type) {
    case 'queued':
      return exchange.reply(toJobStatus(retried.job.id, 'IN_QUEUE'))
    case 'refused':
      throw new Fault(
        'job_not_retryable',
        `the job is ${retried.job.state}; only FAILED and TIMED_OUT jobs can be retried`,
      )
    case 'full':
      throw queueFull()
    case 'unknown':
      throw unknownJob()
    default:
      return retried satisfies never
  }
}

async function purge({ exchange }: JobCall, { service }: JobParts): Promise<unknown> {
  const removed = await service.purge()
  return exchange.reply(Buffer.from(JSON.stringify({ removed, status: 'completed' })))
}

async function follow(service: JobService, id: string): Promise<LongPoll> {
  const follower = await LongPoll.of(service, id)
  if (follower === undefined) throw unknownJob()
  return follower
}

function unknownJob(): Fault {
  return new Fault('unknown_job', 'unknown job id; results are kept for a limited time after completion')
}

function queueFull(): Fault {
  return new Fault('job_queue_full', 'the queue of jobs is full; retry later')
}

// jobs.md SYN-1
const defaultWaitMs = 90_000

// jobs.md REQ-6
const keyKeptMs = 24 * 60 * 60 * 1000
