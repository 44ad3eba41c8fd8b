// `/stream` as Server-Sent Events (jobs.md §6.3). Owns one reader's position among the chunks.

import { isTerminal, type Job } from '../../jobs/model/job.ts'
import { toJobMembers, toJobObject, toJsonObject } from '../../jobs/model/jobJson.ts'
import type { JobService } from '../../jobs/service.ts'
import type { ApiExchange } from '../apiExchange.ts'
import type { LongPoll, PollDeadline } from '../longPoll.ts'

/** Sends one reader the states, chunks and progress of a job, as fast as the reader reads. */
export class EventStream {
  readonly #service: JobService
  readonly #poll: LongPoll
  readonly #exchange: ApiExchange
  readonly #seen: number | undefined
  #next: number
  #status = ''
  #progress = ''
  #isWriting = false
  #keepAlive: NodeJS.Timeout | undefined

  /**
   * @param from index of the first chunk to be sent
   * @param seen the last event id that the reader has received; wins over `from`
   */
  constructor(
    service: JobService,
    poll: LongPoll,
    exchange: ApiExchange,
    { from, seen }: { readonly from: number; readonly seen: number | undefined },
  ) {
    this.#service = service
    this.#poll = poll
    this.#exchange = exchange
    this.#seen = seen
    // The id of a terminal status that a retry has undone is that of a later chunk.
    this.#next = seen === undefined ? from : Math.min(seen + 1, poll.job.nextIndex)
  }

  /** Sends until the job is settled or the deadline passes; cuts the stream when the store fails. */
  async send(deadline: PollDeadline): Promise<void> {
    const { job, isSettled } = this.#poll
    if (isSettled && this.#seen !== undefined && this.#seen >= job.nextIndex)
      return void (await this.#exchange.sendNoContent()) // jobs.md STR-16
    this.#exchange.startEvents()
    this.#keepAlive = setInterval(() => this.#sendComment(), silenceMs)
    try {
      while (!(await this.#sendNews(deadline)) && !deadline.isOver()) await this.#poll.change(deadline)
      this.#exchange.endEvents()
    } catch (error) {
      this.#exchange.cutEvents()
      throw error
    } finally {
      clearInterval(this.#keepAlive)
    }
  }

  // Returns whether that was the last.
  async #sendNews(deadline: PollDeadline): Promise<boolean> {
    const { isSettled } = this.#poll // then the chunks that are read below are the last ones
    if (!isSettled) await this.#sendState()
    await this.#sendChunks(deadline)
    if (!isSettled) return false
    const { job } = this.#poll
    await this.#write(toEvent('status', toJobEvent(job, Date.now()), job.nextIndex))
    return true
  }

  async #sendState(): Promise<void> {
    const { job } = this.#poll
    const status = toJobEvent(job, Date.now())
    // The time in the queue changes always, and is no news.
    const news = `${job.state} ${job.attempt} ${job.retries}`
    if (news !== this.#status) await this.#write(toEvent('status', status))
    this.#status = news
    const progress = job.state === 'IN_PROGRESS' ? (job.output?.toString() ?? '') : ''
    if (progress !== '' && progress !== this.#progress)
      await this.#write(toEvent('progress', Buffer.from(`{"progress":${progress}}`)))
    this.#progress = progress
  }

  async #sendChunks(deadline: PollDeadline): Promise<void> {
    let more = true
    while (more && !deadline.isClientGone()) {
      const page = await this.#service.chunks(this.#poll.job.id, this.#next, pageBytes)
      for (const { index, json } of page.chunks) {
        await this.#write(toEvent('output', Buffer.concat([opening, json, closing]), index))
        this.#next = index + 1
        if (deadline.isClientGone()) return
      }
      more = page.more
    }
  }

  async #write(events: Buffer): Promise<void> {
    this.#keepAlive?.refresh()
    this.#isWriting = true
    await this.#exchange.writeEvents(events)
    this.#isWriting = false
  }

  // A reader that is still reading needs no comment.
  #sendComment(): void {
    if (!this.#isWriting) void this.#write(comment)
  }
}

// The job object without progress, which has an event of its own (jobs.md STR-15).
function toJobEvent(job: Job, now: number): Buffer {
  if (isTerminal(job.state)) return toJobObject(job, now)
  const { output: _progress, ...rest } = job
  return toJsonObject(toJobMembers(rest, now))
}

function toEvent(name: 'status' | 'output' | 'progress', data: Buffer, id?: number): Buffer {
  const head = `${id === undefined ? '' : `id: ${id}\n`}event: ${name}\ndata: `
  return Buffer.concat([Buffer.from(head), onOneLine(data), Buffer.from('\n\n')])
}

// Line feeds in JSON text are white space: within a string they are escaped.
function onOneLine(json: Buffer): Buffer {
  if (!json.includes('\n') && !json.includes('\r')) return json
  return Buffer.from(json.toString('utf8').replaceAll(/[\r\n]/g, ' '))
}

const opening = Buffer.from('{"output":')
const closing = Buffer.from('}')
const comment = Buffer.from(':\n\n')

// After so long a comment keeps proxies and clients from closing the connection (jobs.md STR-15).
const silenceMs = 15_000

// Bytes in memory for one reader; the next page is read when the client has read this one.
const pageBytes = 256 * 1024
