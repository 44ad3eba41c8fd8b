// The JSON answers of `/stream` (jobs.md §6.1, §6.2). Owns whose turn it is to drain a job.

import type { StoredChunk } from '../../jobs/model/job.ts'
import type { JobService } from '../../jobs/service.ts'
import type { ChunkPage } from '../../jobs/model/store.ts'
import type { JobExchange } from './exchange.ts'
import type { LongPoll, PollDeadline } from '../longPoll.ts'
import { Turns } from './turns.ts'

/** Answers readers of jobs' chunks. */
export class Streams {
  readonly #service: JobService
  readonly #cancelledAs: string
  readonly #turns = new Turns()

  /** @param cancelledAs the state that is shown for CANCELLED (jobs.md STR-7) */
  constructor(service: JobService, cancelledAs: string) {
    this.#service = service
    this.#cancelledAs = cancelledAs
  }

  /** Answers with the chunks that nobody was given yet, and marks them when they have left (jobs.md STR-2). */
  async drain(follower: LongPoll, hold: PollDeadline, exchange: JobExchange): Promise<void> {
    const { id } = follower.job
    using place = this.#turns.join(id, hold.signal)
    while (!hold.isClientGone()) {
      const hasTurn = await place.turn(graceMs)
      if (hold.isClientGone()) return
      // Somebody else is being written to, and may turn out to have gone: it is not known what is left.
      if (!hasTurn) return void (await exchange.reply(this.#toAnswer(follower, emptyPage, false)))
      const { isSettled } = follower
      const page = await this.#service.undelivered(id, mostBytes)
      if (page.chunks.length > 0 || isSettled || hold.isOver())
        return await this.#deliver(follower, page, isSettled, exchange)
      place.pass()
      await follower.change(hold)
    }
  }

  /** Answers with the chunks from an index on, and marks nothing (jobs.md STR-11, STR-12). */
  async read(follower: LongPoll, from: number, hold: PollDeadline, exchange: JobExchange): Promise<void> {
    while (!hold.isClientGone()) {
      const isSettled = follower.isSettled
      const page = await this.#service.chunks(follower.job.id, from, mostBytes)
      const next = (page.chunks.at(-1)?.index ?? from - 1) + 1
      if (page.chunks.length > 0 || isSettled || hold.isOver())
        return void (await exchange.reply(this.#toAnswer(follower, page, isSettled, next)))
      await follower.change(hold)
    }
  }

  async #deliver(follower: LongPoll, page: ChunkPage, mayEnd: boolean, exchange: JobExchange): Promise<void> {
    const indexes = page.chunks.map(({ index }) => index)
    const hasLeft = await exchange.reply(this.#toAnswer(follower, page, mayEnd))
    if (hasLeft && indexes.length > 0) await this.#service.markDelivered(follower.job.id, indexes)
  }

  // Only an answer behind which nothing is left shows the end (jobs.md STR-5). `mayEnd`: the job was settled before the page
  // was read, so nothing has come behind it. `next`: for readers who count themselves.
  #toAnswer({ job, isSettled }: LongPoll, page: ChunkPage, mayEnd: boolean, next?: number): Buffer {
    const isEnd = mayEnd && !page.more
    const status = isSettled && !isEnd ? 'IN_PROGRESS' : job.state
    const shown = status === 'CANCELLED' ? this.#cancelledAs : status
    return toStreamObject(shown, page.chunks, next)
  }
}

function toStreamObject(status: string, chunks: readonly StoredChunk[], next: number | undefined): Buffer {
  const parts: (string | Buffer)[] = [`{"status":${JSON.stringify(status)},"stream":[`]
  for (const [at, { index, json }] of chunks.entries())
    parts.push(`${at === 0 ? '' : ','}{${next === undefined ? '' : `"index":${index},`}"output":`, json, '}')
  parts.push(next === undefined ? ']}' : `],"next":${next}}`)
  return Buffer.concat(parts.map((each) => (typeof each === 'string' ? Buffer.from(each) : each)))
}

const emptyPage: ChunkPage = { chunks: [], more: false }

// Of one answer (jobs.md STR-5).
const mostBytes = 16 * 1024 ** 2

// How long a reader whose wait is over waits for the one before it, who is often gone with what there was in a moment.
const graceMs = 250
