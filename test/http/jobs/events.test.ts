import { once } from 'node:events'
import { connect } from 'node:net'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { Fault } from '../../../src/errors.ts'
import { openEvents, type SentEvent } from '../../harness/eventClient.ts'
import { eventually } from '../../harness/calling.ts'
import { ask, serveJobs, submit, watched, type JobServing } from '../../harness/jobServing.ts'

function open(serving: JobServing, id: string, query = '', headers: Readonly<Record<string, string>> = {}) {
  return openEvents(`${serving.url}/v2/x/stream/${id}${query}`, headers)
}

async function finished(serving: JobServing, ...texts: readonly string[]): Promise<string> {
  const id = await submit(serving)
  await serving.engine.begin(id)
  await serving.engine.yields(id, ...texts)
  await serving.engine.finish(id, { output: '[]' })
  return id
}

const names = (events: readonly SentEvent[]): readonly string[] =>
  events.map(({ event, id }) => `${id ?? '-'} ${event}`)

describe('an event stream', () => {
  it('tells everything that happens to a job, and ends with it (STR-13, STR-14, STR-15)', async () => {
    await using serving = await serveJobs()
    const id = await submit(serving)
    await using client = await open(serving, id)
    expect(Object.fromEntries(client.response.headers)).toMatchObject({
      'content-type': 'text/event-stream',
      'cache-control': 'no-store',
    })
    expect(await client.next()).toEqual({ event: 'status', id: undefined, data: { id, status: 'IN_QUEUE' } })
    await serving.engine.begin(id)
    expect(await client.next()).toMatchObject({
      event: 'status',
      id: undefined,
      data: { status: 'IN_PROGRESS' },
    })
    await serving.engine.progress(id, '"step 1"')
    expect(await client.next()).toEqual({ event: 'progress', id: undefined, data: { progress: 'step 1' } })
    await serving.engine.yields(id, '"Hello"')
    expect(await client.next()).toEqual({ event: 'output', id: '0', data: { output: 'Hello' } })
    await serving.engine.yields(id, '1', '2')
    expect(await client.next()).toMatchObject({ id: '1' })
    expect(await client.next()).toMatchObject({ id: '2' })
    await serving.engine.finish(id, { output: '["x"]' })
    const last = {
      id,
      status: 'COMPLETED',
      output: ['x'],
      workerId: 'i-1',
      executionTime: expect.any(Number),
    }
    expect(await client.rest()).toEqual([{ event: 'status', id: '3', data: expect.objectContaining(last) }])
    await eventually(() => serving.jobs.watchers(id) === 0)
  })

  it('of a terminal job has its chunks and then its status (STR-15)', async () => {
    await using serving = await serveJobs()
    const id = await finished(serving, '"Hello"')
    await using client = await open(serving, id)
    expect(names(await client.rest())).toEqual(['0 output', '1 status'])
  })

  it('gives a new reader the latest progress, and status without output before the end (STR-14, STR-15)', async () => {
    await using serving = await serveJobs()
    const id = await submit(serving)
    await serving.engine.begin(id)
    await serving.engine.progress(id, '1')
    await serving.engine.progress(id, '{"at":2}')
    await using client = await open(serving, id)
    expect((await client.next())?.data).toEqual({ id, status: 'IN_PROGRESS', delayTime: expect.any(Number) })
    expect((await client.next())?.data).toEqual({ progress: { at: 2 } })
  })

  it('has its data on one line, as it was sent otherwise (STR-14, A-9)', async () => {
    await using serving = await serveJobs()
    const id = await finished(serving, '{\r\n "a": 9007199254740993,\n"b":"\\n\u2028"}')
    const response = await fetch(`${serving.url}/stream/${id}`, { headers: { Accept: 'text/event-stream' } })
    expect(await response.text()).toContain(
      'data: {"output":{   "a": 9007199254740993, "b":"\\n\u2028"}}\n\n',
    )
  })

  it.each([
    ['?from=1', {}, ['1 output', '2 output', '3 status']],
    ['', { 'Last-Event-ID': '0' }, ['1 output', '2 output', '3 status']],
    ['?from=0', { 'Last-Event-ID': '1' }, ['2 output', '3 status']],
    ['?from=2', { 'Last-Event-ID': 'not ours' }, ['2 output', '3 status']],
    ['', { 'Last-Event-ID': '2' }, ['3 status']],
    ['?from=99', {}, ['3 status']],
  ])('starts behind what the reader has seen: %s %o (STR-13)', async (query, headers, events) => {
    await using serving = await serveJobs()
    const id = await finished(serving, '"a"', '"b"', '"c"')
    await using client = await open(serving, id, query, headers)
    expect(names(await client.rest())).toEqual(events)
  })

  it('answers 204 to a reader that has seen the end (STR-16)', async () => {
    await using serving = await serveJobs()
    const id = await finished(serving, '"a"', '"b"')
    const headers = { Accept: 'text/event-stream', 'Last-Event-ID': '2' }
    const { status, text } = await ask(serving, 'GET', `/stream/${id}`, { headers })
    expect([status, text]).toEqual([204, ''])
  })

  it('continues for a reader that has seen an end that a retry has undone (STR-10, STR-16)', async () => {
    await using serving = await serveJobs()
    const id = await submit(serving)
    await serving.engine.begin(id)
    await serving.engine.yields(id, '"a"')
    await serving.engine.finish(id, { state: 'FAILED', error: 'x' })
    await serving.jobs.service.retry(id)
    await using client = await open(serving, id, '', { 'Last-Event-ID': '1' })
    expect(await client.next()).toMatchObject({ event: 'status', data: { status: 'IN_QUEUE' } })
    await serving.engine.begin(id)
    await serving.engine.yields(id, '"b"')
    await client.next()
    expect(await client.next()).toMatchObject({ event: 'output', id: '1', data: { output: 'b' } })
  })

  it('tells of a further attempt, whose chunks have new indexes (STR-10)', async () => {
    await using serving = await serveJobs()
    const id = await submit(serving)
    await serving.engine.begin(id)
    await serving.engine.yields(id, '"a"')
    await using client = await open(serving, id)
    await client.next()
    await client.next()
    await serving.engine.requeue(id)
    expect(await client.next()).toMatchObject({ event: 'status', data: { status: 'IN_QUEUE', retries: 1 } })
    await serving.engine.begin(id)
    await serving.engine.yields(id, '"b"')
    expect(await client.next()).toMatchObject({ event: 'status', data: { status: 'IN_PROGRESS' } })
    expect(await client.next()).toMatchObject({ event: 'output', id: '1' })
  })

  it.each([
    ['text/event-stream', true],
    ['application/json;q=0.5, Text/Event-Stream ; q=0.9', true],
    ['*/*', false],
    ['text/*', false],
    ['text/event-stream;q=0, application/json', false],
  ])('is what Accept: %s asks for: %s (STR-13)', async (accept, isAsked) => {
    await using serving = await serveJobs()
    const id = await finished(serving)
    const response = await fetch(`${serving.url}/stream/${id}`, { headers: { Accept: accept } })
    expect(response.headers.get('content-type')).toBe(isAsked ? 'text/event-stream' : 'application/json')
    await response.text()
  })

  it('marks nothing as delivered (STR-13)', async () => {
    await using serving = await serveJobs()
    const id = await finished(serving, '"a"')
    await using client = await open(serving, id)
    await client.rest()
    expect((await ask(serving, 'GET', `/stream/${id}`)).json).toMatchObject({ stream: [{ output: 'a' }] })
  })

  it('ends with TIMED_OUT when the ttl ends (C-5)', async () => {
    await using serving = await serveJobs()
    const id = await submit(serving)
    await using client = await open(serving, id)
    await client.next()
    await watched(serving, id)
    await serving.engine.expire(id)
    expect(await client.rest()).toMatchObject([{ event: 'status', data: { status: 'TIMED_OUT' } }])
  })

  it('ends when the server drains, so that the reader reconnects elsewhere (SYN-4)', async () => {
    await using serving = await serveJobs()
    const id = await submit(serving)
    await using client = await open(serving, id)
    await client.next()
    serving.engine.drain()
    expect(await client.rest()).toEqual([])
  })

  it('breaks off when the store fails on the way', async () => {
    await using serving = await serveJobs()
    const id = await submit(serving)
    await using client = await open(serving, id)
    await client.next()
    serving.jobs.trouble = new Fault('store_unavailable', 'disk I/O error')
    await serving.engine.begin(id)
    await expect(client.rest()).rejects.toThrow('terminated')
    expect(serving.refused).toEqual(['store_unavailable'])
  })

  it('forgets a reader that disconnects (STR-13)', async () => {
    await using serving = await serveJobs()
    const id = await submit(serving)
    const client = await open(serving, id)
    await client.next()
    await client[Symbol.asyncDispose]()
    await eventually(() => serving.jobs.watchers(id) === 0)
    expect(serving.refused).toEqual([])
  })

  it('leaves in the store what a slow reader has not taken', async () => {
    await using serving = await serveJobs()
    const id = await submit(serving)
    await serving.engine.begin(id)
    const chunk = JSON.stringify('x'.repeat(200 * 1024))
    await serving.engine.yields(id, ...Array.from({ length: 200 }, () => chunk))
    const socket = connect(Number(new URL(serving.url).port), '127.0.0.1').pause()
    socket.write(`GET /stream/${id} HTTP/1.1\r\nHost: x\r\nAccept: text/event-stream\r\n\r\n`)
    await watched(serving, id)
    const pagesAfter = async (turns: number): Promise<number> => {
      for (let turn = 0; turn < turns; turn++) await new Promise((settle) => setImmediate(settle))
      return serving.jobs.pagesRead.length
    }
    let pages = await pagesAfter(100)
    while (pages !== (pages = await pagesAfter(500)));
    expect(pages).toBeLessThan(150) // of 200: the system's buffers hold the rest of what was read
    let bytes = 0
    socket.on('data', (data) => (bytes += data.length)).resume()
    await eventually(() => bytes > 200 * chunk.length)
    socket.destroy()
  })
})

describe('silence', () => {
  afterEach(() => void vi.useRealTimers())

  it('is broken by a comment after 15 s, and again (STR-15)', async () => {
    await using serving = await serveJobs()
    const id = await submit(serving)
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] })
    const socket = connect(Number(new URL(serving.url).port), '127.0.0.1').setEncoding('utf8')
    let text = ''
    socket.on('data', (data) => (text += String(data)))
    socket.write(`GET /stream/${id} HTTP/1.1\r\nHost: x\r\nAccept: text/event-stream\r\n\r\n`)
    const received = async (what: string): Promise<void> => {
      while (!text.includes(what)) await once(socket, 'data')
      text = ''
    }
    await received('IN_QUEUE')
    vi.advanceTimersByTime(14_999)
    await serving.engine.begin(id)
    await received('IN_PROGRESS')
    vi.advanceTimersByTime(14_999)
    expect(text).toBe('')
    vi.advanceTimersByTime(1)
    await received(':\n\n')
    vi.advanceTimersByTime(15_000)
    await received(':\n\n')
    socket.destroy()
  })
})
