import { once } from 'node:events'
import { connect } from 'node:net'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { eventually } from '../../harness/calling.ts'
import { ask, serveJobs, submit, watched, type JobAnswer, type JobServing } from '../../harness/jobServing.ts'

const body = '{"input":1}'
const runSync = (serving: JobServing, query = ''): Promise<JobAnswer> =>
  ask(serving, 'POST', `/runsync${query}`, { body })

// The id of the job that the first request has made.
async function submittedId(serving: JobServing): Promise<string> {
  await eventually(() => serving.jobs.submitted.length > 0)
  const id = serving.jobs.submitted[0]?.id ?? ''
  await watched(serving, id)
  return id
}

describe('/runsync', () => {
  it('is answered when the job ends, with an id that begins with sync- (SYN-1, A-13)', async () => {
    await using serving = await serveJobs()
    const answer = runSync(serving)
    const id = await submittedId(serving)
    await serving.engine.begin(id)
    await serving.engine.yields(id, '1')
    await serving.engine.finish(id, { output: '{"text":"Hi"}' })
    expect((await answer).json).toMatchObject({
      id,
      status: 'COMPLETED',
      output: { text: 'Hi' },
      workerId: 'i-1',
    })
    expect(id).toMatch(/^sync-[0-9a-f-]{36}$/)
    expect(serving.jobs.submitted).toMatchObject([{ origin: 'sync', retentionMs: 60_000 }])
    await eventually(() => serving.jobs.watchers(id) === 0)
  })

  it('is a 200 when the job fails (SYN-2)', async () => {
    await using serving = await serveJobs()
    const answer = runSync(serving)
    const id = await submittedId(serving)
    await serving.engine.begin(id)
    await serving.engine.finish(id, { state: 'FAILED', error: 'boom' })
    expect(await answer).toMatchObject({ status: 200, json: { status: 'FAILED', error: 'boom' } })
  })

  it('shows the current job when the wait is over; the job continues (SYN-3)', async () => {
    await using serving = await serveJobs()
    const { json } = await runSync(serving, '?wait=0')
    expect(json).toEqual({ id: expect.any(String), status: 'IN_QUEUE' })
    const short = ask(serving, 'GET', `/status-sync/${(json as { id: string }).id}?wait=1`)
    expect((await short).json).toMatchObject({ status: 'IN_QUEUE' })
  })

  it('lets the job continue when the client disconnects (SYN-3)', async () => {
    await using serving = await serveJobs()
    const socket = connect(Number(new URL(serving.url).port), '127.0.0.1')
    socket.write(`POST /runsync HTTP/1.1\r\nHost: x\r\nContent-Length: ${body.length}\r\n\r\n${body}`)
    const id = await submittedId(serving)
    socket.destroy()
    await eventually(() => serving.jobs.watchers(id) === 0)
    expect((await ask(serving, 'GET', `/status/${id}`)).json).toEqual({ id, status: 'IN_QUEUE' })
    expect(serving.refused).toEqual([])
  })
})

describe('/status-sync', () => {
  it('is answered at once for a terminal job (SYN-2)', async () => {
    await using serving = await serveJobs()
    const id = await submit(serving)
    await serving.engine.begin(id)
    await serving.engine.finish(id, { output: '1' })
    expect((await ask(serving, 'GET', `/status-sync/${id}`)).json).toMatchObject({
      status: 'COMPLETED',
      output: 1,
    })
  })

  it('is answered with the current object when the server drains, on a connection that closes (SYN-4)', async () => {
    await using serving = await serveJobs()
    const id = await submit(serving)
    const held = [
      ask(serving, 'GET', `/status-sync/${id}`),
      ask(serving, 'POST', `/v2/x/status-sync/${id}?wait=300000`),
    ]
    await watched(serving, id, 2)
    await serving.engine.begin(id)
    serving.engine.drain()
    for (const { status, json, headers } of await Promise.all(held)) {
      expect([status, headers.get('connection')]).toEqual([200, 'close'])
      expect(json).toEqual({ id, status: 'IN_PROGRESS', delayTime: expect.any(Number) })
    }
    expect((await ask(serving, 'GET', `/status-sync/${id}`)).json).toMatchObject({ status: 'IN_PROGRESS' })
  })

  it('is answered with TIMED_OUT when the ttl ends (C-5)', async () => {
    await using serving = await serveJobs()
    const id = await submit(serving)
    const held = ask(serving, 'GET', `/status-sync/${id}`)
    await watched(serving, id)
    await serving.engine.expire(id)
    expect(await held).toMatchObject({
      status: 200,
      json: { id, status: 'TIMED_OUT', error: expect.any(String) },
    })
  })

  it('waits for a hundred clients at once', async () => {
    await using serving = await serveJobs()
    const id = await submit(serving)
    const warned = vi.fn<(warning: Error) => void>()
    process.on('warning', warned)
    const held = Array.from({ length: 100 }, () => ask(serving, 'GET', `/status-sync/${id}`))
    await watched(serving, id, 100)
    await serving.engine.begin(id)
    await serving.engine.finish(id, { output: '1' })
    for (const { json } of await Promise.all(held)) expect(json).toMatchObject({ output: 1 })
    process.off('warning', warned)
    expect(warned.mock.calls.flat().map(({ message }) => message)).toEqual([])
  })
})

describe('the longest wait', () => {
  afterEach(() => {
    vi.restoreAllMocks()
    vi.useRealTimers()
  })

  it.each([
    ['/status-sync/ID', 90_000],
    ['/status-sync/ID?wait=20000', 20_000],
    ['/status-sync/ID?wait=99999999', 300_000],
    ['/stream/ID', 9000],
    ['/stream/ID?from=0', 9000],
    ['/stream/ID?wait=300001', 300_000],
  ])('at %s is %i ms (SYN-1, STR-4, A-8)', async (path, ms) => {
    await using serving = await serveJobs()
    const id = await submit(serving)
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    const timers = vi.spyOn(globalThis, 'setTimeout')
    const socket = connect(Number(new URL(serving.url).port), '127.0.0.1').setEncoding('utf8')
    let answer = ''
    socket.on('data', (text) => (answer += String(text)))
    socket.write(`GET ${path.replace('ID', id)} HTTP/1.1\r\nHost: x\r\n\r\n`)
    await eventually(() => timers.mock.calls.some(([, delay]) => delay === ms))
    vi.advanceTimersByTime(ms - 1)
    for (let turn = 0; turn < 20; turn++) await new Promise((settle) => setImmediate(settle))
    expect(answer).toBe('')
    vi.advanceTimersByTime(1)
    await once(socket, 'data')
    expect(answer).toContain('"status":"IN_QUEUE"')
    socket.destroy()
  })
})
