// `/stream` as Server-Sent Events (jobs.md §6.3). Owns one reader's position among the chunks.

import { isTerminal, type Job } from '../../jobs/model/job.ts'
import { toJobMembers, toJobObject, toJsonObject } from '../../jobs/model/jobJson.ts'
import type { JobService } from '../../jobs/service.ts'
import type { ApiExchange } from '../apiExchange.ts'
import type { LongPoll, PollDeadline } from '../longPoll.ts'

/**
 * Sends the states, chunks and progress of a job until it is settled or the deadline passes, as fast as the reader reads. Cuts
 * the stream when the store fails.
 * @param from index of the first chunk to send
 * @param seen the last event id that the reader has received; wins over `from`
 */
export async function sendEvents(
  service: JobService,
  poll: LongPoll,
  deadline: PollDeadline,
  exchange: ApiExchange,
  { from, seen }: { readonly from: number; readonly seen: number | undefined },
): Promise<void> {
  const { nextIndex } = poll.job
  if (poll.isSettled && seen !== undefined && seen >= nextIndex) return void (await exchange.sendNoContent()) // jobs.md STR-16
  // The id of a terminal status that a retry has undone is that of a later chunk.
  let next = seen === undefined ? from : Math.min(seen + 1, nextIndex)
  let shown = { state: '', progress: '' }
  let isWriting = false

  const write = async (events: Buffer): Promise<void> => {
    keepAlive.refresh()
    isWriting = true
    await exchange.writeEvents(events)
    isWriting = false
  }
  const sendState = async (): Promise<void> => {
    const { job } = poll
    const event = toEvent('status', toJobEvent(job, Date.now()))
    const progress = job.state === 'IN_PROGRESS' ? (job.output?.toString() ?? '') : ''
    const before = shown
    // The time in the queue changes always, and is no news.
    shown = { state: `${job.state} ${job.attempt} ${job.retries}`, progress }
    if (shown.state !== before.state) await write(event)
    if (progress !== '' && progress !== before.progress)
      await write(toEvent('progress', Buffer.from(`{"progress":${progress}}`)))
  }
  const sendChunks = async (): Promise<void> => {
    for (let more = true; more && !deadline.isClientGone();) {
      const page = await service.chunks(poll.job.id, next, pageBytes)
      for (const { index, json } of page.chunks) {
        await write(toEvent('output', Buffer.concat([opening, json, closing]), index))
        next = index + 1
        if (deadline.isClientGone()) return
      }
      more = page.more
    }
  }

  exchange.startEvents()
  // A reader that is still reading needs no comment.
  const keepAlive = setInterval(() => {
    if (!isWriting) void write(comment)
  }, silenceMs)
  try {
    for (let isLast = false; !isLast;) {
      const { isSettled } = poll // then the chunks that are read below are the last ones
      if (!isSettled) await sendState()
      await sendChunks()
      const { job } = poll
      if (isSettled) await write(toEvent('status', toJobEvent(job, Date.now()), job.nextIndex))
      isLast = isSettled || deadline.isOver()
      if (!isLast) await poll.change(deadline)
    }
    exchange.endEvents()
  } catch (error) {
    exchange.cutEvents()
    throw error
  } finally {
    clearInterval(keepAlive)
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
