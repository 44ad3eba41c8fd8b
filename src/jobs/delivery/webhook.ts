// A job's end → a POST to the URL that its submitter named (jobs.md §8).

import type { ClientRequest, RequestOptions } from 'node:http'
import type { SsrfGuard } from './ssrfGuard.ts'
import type { JobWithInput } from '../model/job.ts'
import { toJobMembers, toJsonObject } from '../model/jobJson.ts'
import type { Receiver } from './receiver.ts'

/** The receiver at `url`, which was checked when the job was submitted: an absolute http or https URL. */
export function webhookReceiver(url: string, guard: SsrfGuard): Receiver {
  const target = new URL(url)
  return {
    name: `webhook at ${target.origin}`,
    send: async (job, signal) => {
      guard.checkLiteral(target.hostname)
      const status = await post(target, toWebhookMessage(job, url), {
        headers: { 'Content-Type': 'application/json', 'X-Request-ID': job.id },
        lookup: guard.lookup,
        signal,
      })
      if (status < 200 || status > 299) throw new Error(toReason(status))
    },
  }
}

/** What a webhook gets: the object of `/status`, and whose end it is (jobs.md WH-1). Not `s3Config` (REQ-5). */
export function toWebhookMessage(job: JobWithInput, url: string): Buffer {
  return toJsonObject([
    ...toJobMembers(job, job.since),
    ['input', job.input],
    ['webhook', JSON.stringify(url)],
  ])
}

function toReason(status: number): string {
  return status >= 300 && status < 400
    ? `it answered ${status}, and redirects are not followed`
    : `it answered ${status}`
}

// Settles with the status when the exchange is over: a receiver that we cut off in the middle of its answer might not have read
// the whole message yet.
function post(url: URL, body: Buffer, options: RequestOptions): Promise<number> {
  return new Promise((settle, fail) => {
    let status: number | undefined
    const protocol = url.protocol === 'https:' ? 'node:https' : 'node:http'
    // A connection of its own: one that is kept was checked for another job.
    const request = process
      .getBuiltinModule(protocol)
      .request(url, { ...options, method: 'POST', agent: false })
    const finish = (error?: Error): void => {
      if (status === undefined) fail(error ?? new Error('it closed the connection without an answer'))
      else settle(status)
      request.destroy()
    }
    request.on('error', finish).on('close', finish)
    request.on('response', (response) => {
      status = response.statusCode
      let size = 0
      response.on('data', (part: Buffer) => {
        size += part.length
        if (size > longestAnswer) finish()
      })
      response.on('error', finish).on('end', () => whenSent(request, finish))
    })
    request.end(body)
  })
}

function whenSent(request: ClientRequest, done: () => void): void {
  if (request.writableFinished) done()
  else request.once('finish', () => done())
}

// Bytes of an answer that are read, and thrown away.
const longestAnswer = 65_536
