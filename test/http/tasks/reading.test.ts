import { connect } from 'node:net'
import { describe, expect, it } from 'vitest'
import { eventually } from '../../harness/calling.ts'
import { askApi, dispatchBody, openApi, type ApiAnswer, type ServedApi } from '../../harness/runtimeApi.ts'

const find = (served: ServedApi, query = '', id = 't-1'): Promise<ApiAnswer> =>
  askApi(served, 'GET', `/v1/tasks/${id}${query}`)

async function openWithTask(settings: Parameters<typeof openApi>[0] = {}): Promise<ServedApi> {
  const served = openApi(settings)
  await askApi(served, 'POST', '/v1/tasks', dispatchBody)
  return served
}

const tell = (served: ServedApi, body: object | string, id = 't-1'): Promise<ApiAnswer> =>
  askApi(served, 'POST', `/v1/tasks/${id}/progress`, body)

describe('GET /v1/tasks/{id}', () => {
  it('is the record with the texts as strings, the capture mode and the stack (H2)', async () => {
    await using served = await openWithTask()
    served.tasks.begin('t-1')
    served.tasks.fail('t-1', { type: 'ValueError', message: 'no', stack: 'at 1' }, true)
    served.tasks.begin('t-1')
    served.tasks.fail('t-1', { type: 'ValueError', message: 'no', stack: 'at 2' })
    const { status, headers, json } = await find(served)
    expect([status, headers['content-type']]).toEqual([200, 'application/json'])
    const time = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/)
    const attempt = (number: number): object => ({
      number,
      instance: 'i-1',
      started_at: time,
      ended_at: time,
      outcome: 'failed',
      error: { type: 'ValueError', message: 'no' },
    })
    expect(json).toEqual({
      id: 't-1',
      task_path: 'app.f',
      service: 'lambda',
      language: 'python',
      state: 'failed',
      status: 'failed',
      captured: true,
      capture: 'default',
      response_text: null,
      response_omitted: null,
      progress_text: null,
      error: { type: 'ValueError', message: 'no', stack: 'at 2' },
      max_attempts: 3,
      attempts: [attempt(1), attempt(2)],
      created_at: time,
      due_at: time,
      finished_at: time,
      expires_at: time,
    })
  })

  it.each(['[NaN, "\\u00e9"]', '9'.repeat(2568), 'null', '""'])(
    'gives the text of a result as it was written: %.20s (G4)',
    async (text) => {
      await using served = await openWithTask()
      served.tasks.begin('t-1')
      await served.tasks.progress('t-1', 1, text)
      expect((await find(served)).json).toMatchObject({ state: 'running', progress_text: text })
      served.tasks.complete('t-1', text)
      expect((await find(served)).json).toMatchObject({
        status: 'complete',
        response_text: text,
        progress_text: null,
      })
    },
  )

  it.each(['unknown', 'a%2Fb', '%zz', '%20', '..%2f..', 'x'.repeat(200)])(
    'is 404 for the id %.10s (A1)',
    async (id) => {
      await using served = await openWithTask()
      const { status, json } = await find(served, '', id)
      expect([status, json]).toEqual([404, { error: { code: 'not_found', message: expect.any(String) } }])
    },
  )

  it('waits until the task is final (C2)', async () => {
    await using served = await openWithTask()
    const held = find(served, '?wait=30')
    await eventually(() => served.tasks.watchers('t-1') === 1)
    served.tasks.begin('t-1')
    served.tasks.complete('t-1', '5')
    expect((await held).json).toMatchObject({ status: 'complete', response_text: '5' })
    expect(served.tasks.watchers('t-1')).toBe(0)
  })

  it('shows the task of the moment when the wait is over (C2)', async () => {
    await using served = await openWithTask()
    expect((await find(served, '?wait=0.01')).json).toMatchObject({ state: 'queued' })
    expect((await find(served, '?wait=1e-05')).json).toMatchObject({ state: 'queued' })
    expect(served.tasks.watchers('t-1')).toBe(0)
  })

  it('is 404 when the task is removed meanwhile (K1)', async () => {
    await using served = await openWithTask()
    const held = find(served, '?wait=30')
    await eventually(() => served.tasks.watchers('t-1') === 1)
    served.tasks.remove('t-1')
    expect((await held).status).toBe(404)
  })

  it('continues to wait for a running task while the server drains', async () => {
    await using served = await openWithTask()
    served.tasks.begin('t-1')
    const held = find(served, '?wait=30')
    await eventually(() => served.tasks.watchers('t-1') === 1)
    served.tasks.drain()
    const later = find(served, '?wait=30')
    await eventually(() => served.tasks.watchers('t-1') === 2)
    served.tasks.complete('t-1', '5')
    for (const { json } of await Promise.all([held, later]))
      expect(json).toMatchObject({ status: 'complete' })
  })

  it('does not wait for what will not begin any more, since the server drains (L7)', async () => {
    await using served = await openWithTask()
    const held = find(served, '?wait=30')
    await eventually(() => served.tasks.watchers('t-1') === 1)
    served.tasks.drain()
    for (const { status, json } of [await held, await find(served, '?wait=30')])
      expect([status, json]).toMatchObject([503, { error: { code: 'stopping' } }])
    expect((await find(served)).status).toBe(200)
  })

  it('stops waiting when the client has disconnected', async () => {
    await using served = await openWithTask()
    const client = connect(served.path)
    client.write('GET /v1/tasks/t-1?wait=30 HTTP/1.1\r\nHost: x\r\n\r\n')
    await eventually(() => served.tasks.watchers('t-1') === 1)
    client.destroy()
    await eventually(() => served.tasks.watchers('t-1') === 0)
    expect(served.troubles).toEqual([])
  })

  it.each(['31', '-1', 'x', '1s', '', 'NaN', 'Infinity', '1e9', '0x1'])('rejects wait=%s', async (wait) => {
    await using served = await openWithTask()
    const { status, json } = await find(served, `?wait=${wait}`)
    const message = expect.stringContaining('wait must be a number of seconds from 0 to 30')
    expect([status, json]).toEqual([400, { error: { code: 'bad_request', message } }])
  })

  it('answers wait_deadlock at once to a wait that could not end, and to no other (C3)', async () => {
    await using served = await openWithTask({ hasOneSlot: () => true })
    const { status, json } = await find(served, '?wait=30')
    expect([status, json]).toEqual([409, { error: { code: 'wait_deadlock', message: expect.any(String) } }])
    expect((await find(served)).status).toBe(200)
    expect((await find(served, '?wait=0')).status).toBe(200)
    expect((await find(served, '?wait=30', 'other')).status).toBe(404)
    served.tasks.begin('t-1')
    served.tasks.complete('t-1', '5')
    expect((await find(served, '?wait=30')).status).toBe(200)
  })
})

describe('POST /v1/tasks/{id}/progress', () => {
  it('keeps the value of the attempt that runs, and of no other (U1)', async () => {
    await using served = await openWithTask()
    expect(await tell(served, { attempt: 1, value_text: '1' })).toMatchObject({
      status: 409,
      json: { error: { code: 'conflict' } },
    })
    served.tasks.begin('t-1')
    const { status, text } = await tell(served, { attempt: 1, value_text: '{"p": NaN}' })
    expect([status, text]).toEqual([204, ''])
    expect((await served.tasks.find('t-1'))?.progress?.toString()).toBe('{"p": NaN}')
    expect((await tell(served, { attempt: 2, value_text: '1' })).status).toBe(409)
    expect((await tell(served, { attempt: 1, value_text: '1' }, 'other')).status).toBe(404)
    expect((await tell(served, { attempt: 1, value_text: '1' }, 'a%2Fb')).status).toBe(404)
  })

  it.each([
    [{ value_text: '1' }, 'attempt must be the number of an attempt'],
    [{ attempt: 0, value_text: '1' }, 'attempt must be the number of an attempt'],
    [{ attempt: 1.5, value_text: '1' }, 'attempt must be the number of an attempt'],
    [{ attempt: 1, value_text: { p: 1 } }, 'value_text must be a string'],
    [[], 'the body must be a JSON object'],
  ])('rejects %j (H2)', async (body, message) => {
    await using served = await openWithTask()
    const { status, json } = await tell(served, body)
    expect([status, json]).toEqual([400, { error: { code: 'bad_request', message } }])
  })

  it('takes values up to the limit (U1)', async () => {
    await using served = await openWithTask({ resultLimit: 1000 })
    served.tasks.begin('t-1')
    expect((await tell(served, { attempt: 1, value_text: '1'.repeat(1000) })).status).toBe(204)
    for (const length of [1001, 70_000])
      expect(await tell(served, { attempt: 1, value_text: '1'.repeat(length) })).toMatchObject({
        status: 413,
        json: { error: { code: 'payload_too_large' } },
      })
  })
})
