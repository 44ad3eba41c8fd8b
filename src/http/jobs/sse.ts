// `/stream` as Server-Sent Events (jobs.md §6.3): one reader's position in what happens to a job.

import type { JobService } from '../../jobs/service.ts'
import type { JobExchange } from './exchange.ts'
import type { LongPoll, PollDeadline } from '../longPoll.ts'
import { toJobEvent } from './object.ts'

/** Sends one reader everything that happens to a job, as fast as the reader takes it. */
export class EventStream {
  readonly #service: JobService
  readonly #follower: LongPoll
  readonly #exchange: JobExchange
  readonly #seen: number | undefined
  #next: number
  #status = ''
  #progress = ''
  #isWriting = false
  #silence: NodeJS.Timeout | undefined

  /**
   * @param from index of the first chunk to be sent
   * @param seen the last id that the reader has seen, which takes the place of `from` when there is one
   */
  constructor(
    service: JobService,
    follower: LongPoll,
    exchange: JobExchange,
    { from, seen }: { readonly from: number; readonly seen: number | undefined },
  ) {
    this.#service = service
    this.#follower = follower
    this.#exchange = exchange
    this.#seen = seen
    // A terminal status, which a retry has undone, has the id of a chunk that is still to come.
    this.#next = seen === undefined ? from : Math.min(seen + 1, follower.job.nextIndex)
  }

  /** Sends until the job is settled or the hold ends, then ends the answer; breaks it off when the store fails. */
  async send(hold: PollDeadline): Promise<void> {
    const { job, isSettled } = this.#follower
    if (isSettled && this.#seen !== undefined && this.#seen >= job.nextIndex)
      return this.#exchange.replyNothing() // jobs.md STR-16
    this.#exchange.start()
    this.#silence = setInterval(() => this.#breakSilence(), silenceMs)
    try {
      while (!(await this.#sendNews(hold)) && !hold.isOver()) await this.#follower.change(hold)
      this.#exchange.end()
    } catch (error) {
      this.#exchange.abort()
      throw error
    } finally {
      clearInterval(this.#silence)
    }
  }

  // Whether that was the last.
  async #sendNews(hold: PollDeadline): Promise<boolean> {
    const { isSettled } = this.#follower // chunks that are read from here on are all that there are
    if (!isSettled) await this.#sendState()
    await this.#sendChunks(hold)
    if (!isSettled) return false
    const { job } = this.#follower
    await this.#write(toEvent('status', toJobEvent(job, Date.now()), job.nextIndex))
    return true
  }

  async #sendState(): Promise<void> {
    const { job } = this.#follower
    const status = toJobEvent(job, Date.now())
    // While it waits, how long is no news.
    const news = `${job.state} ${job.attempt} ${job.retries}`
    if (news !== this.#status) await this.#write(toEvent('status', status))
    this.#status = news
    const progress = job.state === 'IN_PROGRESS' ? (job.output?.toString() ?? '') : ''
    if (progress !== '' && progress !== this.#progress)
      await this.#write(toEvent('progress', Buffer.from(`{"progress":${progress}}`)))
    this.#progress = progress
  }

  async #sendChunks(hold: PollDeadline): Promise<void> {
    let more = true
    while (more && !hold.isClientGone()) {
      const page = await this.#service.chunks(this.#follower.job.id, this.#next, pageBytes)
      for (const { index, json } of page.chunks) {
        await this.#write(toEvent('output', Buffer.concat([opening, json, closing]), index))
        this.#next = index + 1
        if (hold.isClientGone()) return
      }
      more = page.more
    }
  }

  async #write(events: Buffer): Promise<void> {
    this.#silence?.refresh()
    this.#isWriting = true
    await this.#exchange.write(events)
    this.#isWriting = false
  }

  // A reader that is not taking what it has been sent already would take no comment either.
  #breakSilence(): void {
    if (!this.#isWriting) void this.#write(comment)
  }
}

function toEvent(name: 'status' | 'output' | 'progress', data: Buffer, id?: number): Buffer {
  const head = `${id === undefined ? '' : `id: ${id}\n`}event: ${name}\ndata: `
  return Buffer.concat([Buffer.from(head), onOneLine(data), Buffer.from('\n\n')])
}

// Line feeds in JSON text are white space between its parts: within a string they are escaped.
function onOneLine(json: Buffer): Buffer {
  if (!json.includes('\n') && !json.includes('\r')) return json
  return Buffer.from(json.toString('utf8').replaceAll(/[\r\n]/g, ' '))
}

const opening = Buffer.from('{"output":')
const closing = Buffer.from('}')
const comment = Buffer.from(':\n\n')

// How long nothing may be sent, so that proxies and clients do not take the connection for dead (jobs.md STR-15).
const silenceMs = 15_000

// Read from the store at once; what a slow reader has not taken stays there.
const pageBytes = 256 * 1024
