// What each route of the jobs API does (jobs.md §2.2): one function for each row of the table.

import { Fault } from '../../errors.ts'
import type { Job, NewJob } from '../../jobs/model/job.ts'
import { toJobObject } from '../../jobs/model/jobJson.ts'
import type { SubmitTerms } from '../../jobs/model/store.ts'
import type { Health, JobService } from '../../jobs/service.ts'
import { jsonDigest } from '../../json/digest.ts'
import type { ApiExchange } from '../apiExchange.ts'
import { LongPoll, PollDeadline } from '../longPoll.ts'
import type { ChunkPolling } from './chunkPolling.ts'
import { idempotencyKey, lastEventId, wantsEvents, type Parameters } from './parameters.ts'
import type { RouteName } from './routes.ts'
import { sendEvents } from './sse.ts'
import { toNewJob, withoutMark, type SubmitSettings } from './submitRequest.ts'

/** What the operator has chosen for the jobs API (jobs.md §9). */
export interface JobSettings extends SubmitSettings {
  /** most bytes of a request to `/run` */
  readonly limit: number
  /** most bytes of a request to `/runsync` */
  readonly syncLimit: number
  /** milliseconds that `/stream` waits for chunks, when the request does not say */
  readonly streamHoldMs: number
  /** the state that the JSON replies of `/stream` show for CANCELLED (jobs.md STR-7) */
  readonly cancelledAs: 'CANCELLED' | 'FAILED'
  /** the only endpoint that is served below `/v2/`; undefined: any (jobs.md A-1) */
  readonly endpointId: string | undefined
  /** whether the entry is a script: then the root belongs to the jobs API (jobs.md A-11) */
  readonly isScript: boolean
}

/** A request that has passed the checks of its route. */
export interface JobRequest {
  readonly exchange: ApiExchange
  /** "" where the route has none */
  readonly id: string
  readonly parameters: Parameters
  /** of a submit; else empty */
  readonly body: Buffer
}

/** What all requests share. */
export interface JobContext {
  readonly service: JobService
  readonly settings: JobSettings
  readonly chunkPolling: ChunkPolling
}

/** Replies to a request. @throws Fault */
export type JobHandler = (request: JobRequest, context: JobContext) => Promise<unknown>

/** Route → what it does. */
export const handlers: Readonly<Record<RouteName, JobHandler>> = {
  run,
  runSync,
  status,
  statusSync,
  stream,
  cancel,
  retry,
  purgeQueue,
  health: async ({ exchange }, { service }) => exchange.sendJson(toHealthObject(await service.health())),
  job: status,
  openapi: async ({ exchange }) => exchange.sendJson((await import('./openapi.ts')).description),
}

async function run(request: JobRequest, context: JobContext): Promise<unknown> {
  const { id, status: state } = await submit(
    toNewJob(request.body, 'run', context.settings),
    request,
    context,
  )
  return request.exchange.sendJson({ id, status: state })
}

async function runSync(request: JobRequest, context: JobContext): Promise<unknown> {
  const job = toNewJob(request.body, 'sync', context.settings)
  const submitting = submit(job, request, context)
  using poll = await LongPoll.of(context.service, job.id, async () => (await submitting).fresh)
  if (poll !== undefined) return await answerSettled(poll, request, context)
  const { id, status: state, isKept } = await submitting
  if (isKept) return await statusSync({ ...request, id }, context)
  return await request.exchange.sendJson({ id, status: state }) // its result has expired (jobs.md REQ-7)
}

async function submit(
  job: NewJob,
  { exchange, body }: JobRequest,
  { service }: JobContext,
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
  { exchange, id, parameters: { ttl } }: JobRequest,
  { service }: JobContext,
): Promise<unknown> {
  const job = ttl === undefined ? await service.find(id) : await service.keepFor(id, ttl)
  if (job === undefined) throw unknownJob()
  return exchange.sendJson(toJobObject(job, Date.now()))
}

async function statusSync(request: JobRequest, context: JobContext): Promise<unknown> {
  using poll = await watch(context.service, request.id)
  return await answerSettled(poll, request, context)
}

// Replies when the job is terminal or the wait is over (jobs.md §5).
async function answerSettled(
  poll: LongPoll,
  { exchange, parameters }: JobRequest,
  { service }: JobContext,
): Promise<unknown> {
  using deadline = new PollDeadline(exchange.client, service.draining, parameters.wait ?? defaultWaitMs)
  const job = await poll.settled(deadline)
  return await exchange.sendJson(toJobObject(job, Date.now()))
}

async function stream(request: JobRequest, { service, settings, chunkPolling }: JobContext): Promise<void> {
  const { exchange, id, parameters } = request
  const { headers } = exchange.head
  using poll = await watch(service, id)
  if (wantsEvents(headers)) {
    using deadline = new PollDeadline(exchange.client, service.draining, undefined)
    const start = { from: parameters.from ?? 0, seen: lastEventId(headers) }
    return await sendEvents(service, poll, deadline, exchange, start)
  }
  using deadline = new PollDeadline(
    exchange.client,
    service.draining,
    parameters.wait ?? settings.streamHoldMs,
  )
  if (parameters.from !== undefined) return await chunkPolling.read(poll, parameters.from, deadline, exchange)
  return await chunkPolling.drain(poll, deadline, exchange)
}

async function cancel({ exchange, id }: JobRequest, { service }: JobContext): Promise<unknown> {
  const job = await service.cancel(id)
  if (job === undefined) throw unknownJob()
  return exchange.sendJson({ id: job.id, status: job.state })
}

async function retry({ exchange, id }: JobRequest, { service }: JobContext): Promise<unknown> {
  const retried = await service.retry(id)
  switch (retried.type) {
    case 'queued':
      return exchange.sendJson({ id: retried.job.id, status: 'IN_QUEUE' })
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

async function purgeQueue({ exchange }: JobRequest, { service }: JobContext): Promise<unknown> {
  const removed = await service.purge()
  return exchange.sendJson({ removed, status: 'completed' })
}

async function watch(service: JobService, id: string): Promise<LongPoll> {
  const poll = await LongPoll.of(service, id)
  if (poll === undefined) throw unknownJob()
  return poll
}

// jobs.md CTL-7 to CTL-9. Here, and nowhere else, an instance is called a worker.
function toHealthObject({ jobs, instances, lastError }: Health): object {
  const { idle, running, initializing, unhealthy } = instances
  const { completed, failed, inProgress, inQueue, retried } = jobs
  return {
    jobs: { completed, failed, inProgress, inQueue, retried },
    workers: { idle, initializing, ready: idle + running, running, throttled: 0, unhealthy },
    ...(unhealthy > 0 && lastError !== undefined ? { lastError } : {}),
  }
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
