import { connect } from 'node:net'
import request from 'supertest'
import { describe, expect, it } from 'vitest'
import { Fault } from '../../../src/errors.ts'
import type { Authorizer } from '../../../src/http/auth/auth.ts'
import { eventually } from '../../harness/calling.ts'
import { serveTasks, type TaskServing } from '../../harness/taskServing.ts'

const path = '/_/tasks/t-1'
const find = (serving: TaskServing, query = ''): request.Test => request(serving.url).get(`${path}${query}`)

const withKey: Authorizer = {
  accepts: async (credential) => credential?.value === 'right',
  start: () => {},
  stop: () => {},
}

describe('GET /_/tasks/{id}', () => {
  it('has all keys at all times, in the order of the specification (V1)', async () => {
    await using serving = await serveTasks()
    const keys =
      'id task_path service language state status captured response response_encoding response_omitted progress error max_attempts attempts created_at due_at finished_at expires_at'
    const queued = await find(serving)
    serving.tasks.begin('t-1')
    const running = await find(serving)
    serving.tasks.fail('t-1', { type: 'ValueError', message: 'no', stack: 'secret place' })
    const failed = await find(serving)
    for (const { status, body } of [queued, running, failed])
      expect([status, Object.keys(body as object).join(' ')]).toEqual([200, keys])
    const nothing = { response: null, response_encoding: 'json', response_omitted: null, progress: null }
    const unended = { ...nothing, captured: true, error: null, finished_at: null, expires_at: null }
    expect(queued.body).toMatchObject({ ...unended, state: 'queued', status: 'in progress', attempts: [] })
    const attempt = { number: 1, instance: 'i-1', ended_at: null, outcome: null, error: null }
    expect(running.body).toMatchObject({
      ...unended,
      state: 'running',
      status: 'in progress',
      attempts: [attempt],
    })
    const error = { type: 'ValueError', message: 'no' }
    const ended = { number: 1, ended_at: expect.any(String), outcome: 'failed', error }
    expect(failed.body).toMatchObject({ ...nothing, status: 'failed', error, attempts: [ended] })
    expect(failed.body).toMatchObject({ finished_at: expect.any(String), expires_at: expect.any(String) })
  })

  it('shows neither arguments nor stack traces (tasks.md §13)', async () => {
    await using serving = await serveTasks()
    serving.tasks.begin('t-1')
    serving.tasks.fail('t-1', { type: 'ValueError', message: 'no', stack: 'secret place' })
    expect((await find(serving)).text).not.toMatch(/an argument|secret place|stack/)
  })

  it('says when to ask again, while that makes sense (tasks.md §13)', async () => {
    await using serving = await serveTasks()
    const { headers } = await find(serving)
    expect([headers['retry-after'], headers['cache-control'], headers['content-type']]).toEqual([
      '1',
      'no-store',
      'application/json',
    ])
    serving.tasks.begin('t-1')
    serving.tasks.complete('t-1', '5')
    const final = await find(serving)
    expect([final.headers['retry-after'], final.headers['cache-control']]).toEqual([undefined, 'no-store'])
  })

  it.each([
    ['json', `[${'9'.repeat(2568)}, 1.50, "\\u00e9"]`],
    ['json', '{"a" : null}'],
    ['text', 'NaN'],
    ['text', '[1, -Infinity]'],
  ])('gives results as %s, unchanged: %.12s (V2)', async (encoding, text) => {
    await using serving = await serveTasks()
    serving.tasks.begin('t-1')
    const shown = encoding === 'json' ? text : JSON.stringify(text)
    await serving.tasks.progress('t-1', 1, text)
    const running = await find(serving)
    expect(running.text).toContain(`"response":null,"response_encoding":"${encoding}",`)
    expect(running.text).toContain(`"progress":${shown},"error":null`)
    serving.tasks.complete('t-1', text)
    expect((await find(serving)).text).toContain(`"response":${shown},"response_encoding":"${encoding}",`)
  })

  it('shows no result of a task whose capture is off, and why another one has none (V1, A4)', async () => {
    await using off = await serveTasks({ task: { capture: 'off' } })
    off.tasks.begin('t-1')
    off.tasks.complete('t-1', '5')
    expect((await find(off)).body).toMatchObject({ status: 'complete', captured: false, response: null })
    await using omitted = await serveTasks()
    omitted.tasks.begin('t-1')
    omitted.tasks.complete('t-1', undefined, 'not serialisable')
    const { body } = await find(omitted)
    expect(body).toMatchObject({ captured: true, response: null, response_omitted: 'not serialisable' })
  })

  it('answers HEAD with the headers alone', async () => {
    await using serving = await serveTasks()
    const answer = await fetch(serving.url + path, { method: 'HEAD' })
    expect([answer.status, answer.headers.get('content-type'), await answer.text()]).toEqual([
      200,
      'application/json',
      '',
    ])
    expect(Number(answer.headers.get('content-length'))).toBe((await find(serving)).text.length)
  })

  it.each(['/_/tasks/other', '/_/tasks/%ff', '/_/tasks/a%2Fb', '/_/tasks/', '/_/tasks', '/_/tasks/t-1/x'])(
    'is 404 for %s (F-26)',
    async (unknown) => {
      await using serving = await serveTasks()
      const { status, body, headers } = await request(serving.url).get(unknown)
      expect([status, headers['x-fnbox-fault']]).toEqual([404, 'not_found'])
      expect(body).toEqual({ errorCode: 404, errorMessage: 'Not Found', errorType: 'ClientError' })
    },
  )

  it.each(['POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS'])('is 405 for %s (tasks.md §13)', async (method) => {
    await using serving = await serveTasks()
    const { status, headers } = await fetch(`${serving.url}${path}`, { method })
    expect([status, headers.get('allow'), headers.get('x-fnbox-fault')]).toEqual([
      405,
      'GET, HEAD',
      'method_not_allowed',
    ])
  })

  it.each(['31', '-1', 'soon', ''])('rejects wait=%s', async (wait) => {
    await using serving = await serveTasks()
    const { status, headers, body } = await find(serving, `?wait=${wait}`)
    expect([status, headers['x-fnbox-fault']]).toEqual([400, 'invalid_parameter'])
    expect((body as { errorMessage: string }).errorMessage).toContain('from 0 to 30')
    expect(serving.refused).toEqual(['invalid_parameter'])
  })

  it('is 503 when the store does not work', async () => {
    await using serving = await serveTasks()
    serving.tasks.trouble = new Fault('store_unavailable', 'the disk is full')
    const { status, headers } = await find(serving)
    expect([status, headers['x-fnbox-fault'], headers['retry-after']]).toEqual([
      503,
      'store_unavailable',
      '1',
    ])
  })
})

describe('?wait', () => {
  it('waits until the task is final (tasks.md §13)', async () => {
    await using serving = await serveTasks()
    const held = find(serving, '?wait=30').then(({ body }) => body as unknown)
    await eventually(() => serving.tasks.watchers('t-1') === 1)
    serving.tasks.begin('t-1')
    serving.tasks.complete('t-1', '5')
    expect(await held).toMatchObject({ status: 'complete', response: 5 })
  })

  it('ends with its time', async () => {
    await using serving = await serveTasks()
    expect((await find(serving, '?wait=0.01')).body).toMatchObject({ status: 'in progress' })
  })

  it('ends when the server drains, on a connection that closes', async () => {
    await using serving = await serveTasks()
    const held = find(serving, '?wait=30').then((answer) => answer)
    await eventually(() => serving.tasks.watchers('t-1') === 1)
    serving.tasks.drain()
    const { status, body, headers } = await held
    expect([status, headers['connection']]).toEqual([200, 'close'])
    expect(body).toMatchObject({ status: 'in progress' })
  })

  it('ends when the client disconnects', async () => {
    await using serving = await serveTasks()
    const client = connect(Number(new URL(serving.url).port), '127.0.0.1')
    client.write(`GET ${path}?wait=30 HTTP/1.1\r\nHost: x\r\n\r\n`)
    await eventually(() => serving.tasks.watchers('t-1') === 1)
    client.destroy()
    await eventually(() => serving.tasks.watchers('t-1') === 0)
    expect(serving.refused).toEqual([])
  })
})

describe('a caller that asks for a task', () => {
  it('needs a credential; a stranger learns nothing, not even which tasks exist (F-25)', async () => {
    await using serving = await serveTasks({ authorizer: withKey })
    for (const [method, unknown] of [
      ['GET', path],
      ['GET', '/_/tasks/other'],
      ['POST', path],
      ['GET', `${path}?wait=x`],
    ] as const) {
      const { status, headers } = await fetch(`${serving.url}${unknown}`, { method })
      expect([status, headers.get('x-fnbox-fault')]).toEqual([403, 'not_authorized'])
    }
    expect((await find(serving).set('Authorization', 'Bearer right')).status).toBe(200)
  })

  it('needs it on the admin port as well, and finds nothing on the other port (interface.md §4)', async () => {
    await using serving = await serveTasks({ authorizer: withKey, adminPort: 0 })
    expect((await request(serving.adminUrl ?? '').get(path)).status).toBe(403)
    expect(
      (
        await request(serving.adminUrl ?? '')
          .get(path)
          .set('Authorization', 'Bearer right')
      ).status,
    ).toBe(200)
    expect((await find(serving).set('Authorization', 'Bearer right')).status).toBe(404)
  })
})
