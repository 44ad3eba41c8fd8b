// The JSON replies of `/stream` (jobs.md §6.1, §6.2). Owns the queue of readers of each job.

import type { StoredChunk } from '../../jobs/model/job.ts'
import type { ChunkPage } from '../../jobs/model/store.ts'
import type { JobService } from '../../jobs/service.ts'
import type { ApiExchange } from '../apiExchange.ts'
import type { LongPoll, PollDeadline } from '../longPoll.ts'

/** Replies to readers of chunks. */
export class ChunkPolling {
  readonly #service: JobService
  readonly #cancelledAs: string
  readonly #queues = new Map<string, ReaderQueue>()

  /** @param cancelledAs the state that is shown for CANCELLED (jobs.md STR-7) */
  constructor(service: JobService, cancelledAs: string) {
    this.#service = service
    this.#cancelledAs = cancelledAs
  }

  /** Replies with the chunks that were not delivered yet, and marks them when they were sent (jobs.md STR-2). */
  async drain(poll: LongPoll, deadline: PollDeadline, exchange: ApiExchange): Promise<void> {
    const { id } = poll.job
    using reader = this.#join(id, deadline.signal)
    while (!deadline.isClientGone()) {
      const hasTurn = await reader.turn()
      if (deadline.isClientGone()) return
      // Another reader is being written to, and may disconnect: what is left is not known yet.
      if (!hasTurn) return void (await exchange.sendJson(this.#toReply(poll, emptyPage, false)))
      const { isSettled } = poll
      const page = await this.#service.undelivered(id, pageBytes)
      if (page.chunks.length > 0 || isSettled || deadline.isOver()) {
        const isSent = await exchange.sendJson(this.#toReply(poll, page, isSettled))
        if (isSent && page.chunks.length > 0)
          await this.#service.markDelivered(
            id,
            page.chunks.map(({ index }) => index),
          )
        return
      }
      reader.endTurn()
      await poll.change(deadline)
    }
  }

  /** Replies with the chunks from an index on, and marks nothing (jobs.md STR-11, STR-12). */
  async read(poll: LongPoll, from: number, deadline: PollDeadline, exchange: ApiExchange): Promise<void> {
    while (!deadline.isClientGone()) {
      const { isSettled } = poll
      const page = await this.#service.chunks(poll.job.id, from, pageBytes)
      const next = (page.chunks.at(-1)?.index ?? from - 1) + 1
      if (page.chunks.length > 0 || isSettled || deadline.isOver())
        return void (await exchange.sendJson(this.#toReply(poll, page, isSettled, next)))
      await poll.change(deadline)
    }
  }

  #join(id: string, deadline: AbortSignal): Reader {
    const queue = this.#queues.get(id) ?? { readers: [], current: undefined }
    this.#queues.set(id, queue)
    return new Reader(queue, deadline, () => {
      if (queue.readers.length === 0) this.#queues.delete(id)
    })
  }

  // Only a reply after which no chunks are left shows the end (jobs.md STR-5). `mayEnd`: the job was settled before the page
  // was read, so no later chunks exist. `next`: of readers from an index.
  #toReply({ job, isSettled }: LongPoll, page: ChunkPage, mayEnd: boolean, next?: number): Buffer {
    const isEnd = mayEnd && !page.more
    const status = isSettled && !isEnd ? 'IN_PROGRESS' : job.state
    return toStreamObject(status === 'CANCELLED' ? this.#cancelledAs : status, page.chunks, next)
  }
}

// The readers of one job: one at a time has the turn, the most recent first (jobs.md STR-3).
interface ReaderQueue {
  /** the most recent last */
  readers: readonly Reader[]
  /** has the turn */
  current: Reader | undefined
}

// One reader; disposing of it leaves the queue.
class Reader implements Disposable {
  readonly #queue: ReaderQueue
  readonly #deadline: AbortSignal
  readonly #onLeave: () => void
  #resume: (() => void) | undefined

  constructor(queue: ReaderQueue, deadline: AbortSignal, onLeave: () => void) {
    this.#queue = queue
    this.#deadline = deadline
    this.#onLeave = onLeave
    queue.readers = [...queue.readers, this]
  }

  /**
   * Waits for the turn. When its deadline has passed, a reader need not be the most recent one.
   * @returns false when another reader has kept the turn for too long after that
   */
  async turn(): Promise<boolean> {
    let timer: NodeJS.Timeout | undefined
    const hasTurn = await new Promise<boolean>((settle) => {
      const onDeadline = (): void => {
        timer = setTimeout(() => settle(false), turnGraceMs)
        giveTurn(this.#queue)
      }
      this.#resume = () => {
        this.#deadline.removeEventListener('abort', onDeadline)
        settle(true)
      }
      if (this.#deadline.aborted) return onDeadline()
      this.#deadline.addEventListener('abort', onDeadline, { once: true })
      giveTurn(this.#queue)
    })
    clearTimeout(timer)
    this.#resume = undefined
    return hasTurn
  }

  /** Ends the turn and stays in the queue. */
  endTurn(): void {
    if (this.#queue.current === this) this.#queue.current = undefined
    giveTurn(this.#queue)
  }

  /** Whether it waits for the turn and may have it. */
  get isReady(): boolean {
    return this.#resume !== undefined && (this.#queue.readers.at(-1) === this || this.#deadline.aborted)
  }

  startTurn(): void {
    this.#queue.current = this
    this.#resume?.()
  }

  [Symbol.dispose](): void {
    this.#queue.readers = this.#queue.readers.filter((each) => each !== this)
    this.endTurn()
    this.#onLeave()
  }
}

function giveTurn({ current, readers }: ReaderQueue): void {
  if (current === undefined) readers.findLast((each) => each.isReady)?.startTurn()
}

function toStreamObject(status: string, chunks: readonly StoredChunk[], next: number | undefined): Buffer {
  const parts: (string | Buffer)[] = [`{"status":${JSON.stringify(status)},"stream":[`]
  for (const [at, { index, json }] of chunks.entries())
    parts.push(`${at === 0 ? '' : ','}{${next === undefined ? '' : `"index":${index},`}"output":`, json, '}')
  parts.push(next === undefined ? ']}' : `],"next":${next}}`)
  return Buffer.concat(parts.map((each) => (typeof each === 'string' ? Buffer.from(each) : each)))
}

const emptyPage: ChunkPage = { chunks: [], more: false }

// Of one reply (jobs.md STR-5).
const pageBytes = 16 * 1024 ** 2

// How long a reader whose deadline has passed waits for the one before it, which is often done in a moment.
const turnGraceMs = 250
