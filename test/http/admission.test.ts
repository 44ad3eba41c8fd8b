import { once } from 'node:events'
import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type request from 'supertest'
import { describe, expect, it } from 'vitest'
import { callRaw, eventually } from '../harness/calling.ts'
import { bothLanguages, serve, type Serving } from '../harness/serving.ts'

interface Turn {
  readonly id: string
  readonly pid: number
  /** how many ran at once in the process, as the function has counted */
  readonly inside: number
  readonly began: number
  readonly ended: number
  /** of its context, Unix time in ms as all of these */
  readonly deadline: number
}

// Sends a call and waits until the server has it, so that the order of arrival is known.
async function send(serving: Serving, wish: object): Promise<{ readonly answer: Promise<request.Response> }> {
  const arrived = new Promise<void>((settle) => serving.app.events.once('invocation-arrived', () => settle()))
  const answer = callRaw(serving, wish).then((response) => response)
  await arrived
  return { answer }
}

function turn({ body }: request.Response): Turn {
  return body as Turn // what the function returns
}

function meeting(): string {
  return mkdtempSync(join(tmpdir(), 'fnbox-test-'))
}

// Lets the call end that waits for 'go'.
function go(folder: string): void {
  writeFileSync(join(folder, 'go'), '')
}

describe.each(bothLanguages)('admission to a %s function', (language) => {
  it('runs one call at a time, in order of arrival, and answers 429 to the third with --queue 1 (S-1, S-2, F-28, TV-34, TV-35)', async () => {
    await using serving = await serve(language, 'turns.handler', { queue: '1' })
    const folder = meeting()
    const first = await send(serving, { id: 'first', folder, others: ['go'] })
    const second = await send(serving, { id: 'second' })
    const third = await callRaw(serving, { id: 'third' })
    expect(third.status).toBe(429)
    expect(third.headers['retry-after']).toBe('1')
    expect(third.headers['x-fnbox-fault']).toBe('queue_full')
    expect(third.body).toEqual({
      errorCode: 429,
      errorType: 'TooManyRequests',
      errorMessage: 'No node can serve the request: Concurrent requests exceeded',
    })
    go(folder)
    const [one, two] = [turn(await first.answer), turn(await second.answer)]
    expect([one.inside, two.inside]).toEqual([1, 1])
    expect(two.pid).toBe(one.pid)
    expect(two.began).toBeGreaterThanOrEqual(one.ended)
  })

  it('runs two calls at once with --instances 2 (S-2)', async () => {
    await using serving = await serve(language, 'turns.handler', { instances: '2' })
    const folder = meeting()
    // Each waits inside the function until the other one is there as well.
    const both = await Promise.all([
      callRaw(serving, { id: 'a', folder, others: ['b'] }),
      callRaw(serving, { id: 'b', folder, others: ['a'] }),
    ])
    expect(new Set(both.map((each) => turn(each).pid)).size).toBe(2)
    expect(both.map((each) => each.status)).toEqual([200, 200])
  })

  it('answers 429 to a call that has waited longer than --queue-timeout (F-28, TV-35)', async () => {
    await using serving = await serve(language, 'turns.handler', { 'queue-timeout': '50ms' })
    const folder = meeting()
    const first = await send(serving, { id: 'first', folder, others: ['go'] })
    const late = await callRaw(serving, { id: 'late' })
    expect(late.status).toBe(429)
    expect(late.body).toMatchObject({
      errorMessage: 'No node can serve the request: Queue wait time exceeded',
    })
    go(folder)
    expect((await first.answer).status).toBe(200)
  })

  it('stamps the deadline when the call starts, not when it arrives (C-7, TV-34)', async () => {
    await using serving = await serve(language, 'turns.handler', { timeout: '1m' })
    const folder = meeting()
    const first = await send(serving, { id: 'first', folder, others: ['go'] })
    const second = await send(serving, { id: 'second' })
    const arrived = Date.now()
    await eventually(() => Date.now() > arrived) // so that the two deadlines differ
    const went = Date.now()
    go(folder)
    const [one, two] = [turn(await first.answer), turn(await second.answer)]
    expect(one.deadline).toBeLessThan(went + 60_000)
    expect(two.deadline).toBeGreaterThanOrEqual(went + 60_000)
  })

  it('forgets a call whose client disconnects while it waits', async () => {
    await using serving = await serve(language, 'turns.handler', { queue: '1' })
    const folder = meeting()
    const first = await send(serving, { id: 'first', folder, others: ['go'] })
    const gone = new AbortController()
    const left = fetch(`${serving.url}/?integration=raw`, {
      method: 'POST',
      body: '{"id":"gone"}',
      signal: gone.signal,
    }).catch(() => 'left')
    await eventually(async () => (await callRaw(serving, { id: 'refused' })).status === 429)
    gone.abort()
    expect(await left).toBe('left')
    await eventually(() => serving.app.invoker.waiting === 0)
    const next = send(serving, { id: 'next' })
    go(folder)
    expect((await first.answer).status).toBe(200)
    expect((await (await next).answer).status).toBe(200)
  })
})

describe('a Node.js function with --concurrency 2', () => {
  it('runs two calls in one process, and one deadline ends both (S-1, S-4, F-13)', async () => {
    await using serving = await serve('node', 'turns.handler', { concurrency: '2', timeout: '1500ms' })
    const folder = meeting()
    const [a, b] = await Promise.all([
      callRaw(serving, { id: 'a', folder, others: ['b'] }),
      callRaw(serving, { id: 'b', folder, others: ['a'] }),
    ])
    expect(turn(a).pid).toBe(turn(b).pid)
    const endless = await send(serving, { id: 'endless', folder, others: ['never'] })
    await eventually(async () => (await callRaw(serving, { id: 'x', ms: 100 })).status === 200)
    const along = callRaw(serving, { id: 'along', folder, others: ['never'] }).then((answer) => answer)
    expect((await endless.answer).status).toBe(504)
    expect((await along).body).toEqual({
      errorType: 'ProcessExit',
      errorMessage: 'Function process exited without answering: signal SIGKILL',
    })
    expect((await callRaw(serving, { id: 'next' })).status).toBe(200)
  })
})

describe.each(bothLanguages)('an invocation whose %s instance dies', (language) => {
  it('runs again with --reschedule, and is then answered 429 (F-11, TV-31)', async () => {
    await using serving = await serve(language, 'hostile.handler', { reschedule: '2' })
    const gone: string[] = []
    serving.app.events.on('instance-gone', ({ instance }) => gone.push(instance))
    const answer = await callRaw(serving, { do: 'exit' })
    expect(answer.status).toBe(429)
    expect(answer.body).toMatchObject({ errorMessage: 'No node can serve the request: Too many reschedules' })
    expect(gone).toEqual(['i-1', 'i-2', 'i-3'])
    expect((await callRaw(serving)).status).toBe(200)
  })
})

describe('a request id', () => {
  const id = '6e8356f9-489b-4c7b-8ba6-c8cd74f25455'

  it('that is in flight is rejected (F-22, TV-36)', async () => {
    await using serving = await serve('node', 'turns.handler', {})
    const arrived = once(serving.app.events, 'invocation-arrived')
    const first = await send(serving, { id: 'first', ms: 200 })
    const [{ requestId: taken }] = await arrived
    const again = await callRaw(serving).set('X-Request-Id', taken ?? '')
    expect(again.status).toBe(400)
    expect(again.headers['x-request-id']).toBe(taken)
    expect(again.body).toEqual({
      errorCode: 400,
      errorType: 'ClientError',
      errorMessage: `Duplicate RequestID: ${taken}`,
    })
    expect((await first.answer).status).toBe(200)
  })

  it('may be used again when its invocation is over (U-9)', async () => {
    await using serving = await serve('node', 'turns.handler', {})
    for (let time = 0; time < 2; time++) {
      const answer = await callRaw(serving, { id: 'x' }).set('X-Request-Id', id)
      expect([answer.status, answer.headers['x-request-id']]).toEqual([200, id])
    }
  })
})
