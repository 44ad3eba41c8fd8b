import { describe, expect, it } from 'vitest'
import { Fault } from '../../../src/errors.ts'
import { askApi, dispatchBody, openApi, type ApiAnswer, type ServedApi } from '../../harness/runtimeApi.ts'

const put = (served: ServedApi, id: string, body: object): Promise<ApiAnswer> =>
  askApi(served, 'PUT', `/v1/tasks/${id}`, { task_path: 'app.f', ...body })

const begun = { status: 'in progress' }
const complete = { status: 'complete', response_text: '[NaN]' }
const failed = { status: 'failed', error: { type: 'ValueError', message: 'no', stack: 'at 1' } }
const exit = { type: 'exited', code: 3 } as const

describe('PUT /v1/tasks/{id}', () => {
  it('writes the record of a task that an invocation executes by itself (M3)', async () => {
    await using served = openApi()
    expect((await put(served, 'own', begun)).status).toBe(201)
    expect(served.tasks.own('own')).toMatchObject({
      task: { state: 'running', path: 'app.f' },
      instance: 'i-1',
    })
    expect((await put(served, 'own', complete)).status).toBe(200)
    expect(served.tasks.own('own').task?.response?.toString()).toBe('[NaN]')
    expect((await put(served, 'own', failed)).status).toBe(200)
    expect(served.tasks.own('own').task?.error).toEqual(failed.error)
  })

  it('does not touch a task that was dispatched (M3)', async () => {
    await using served = openApi()
    await askApi(served, 'POST', '/v1/tasks', dispatchBody)
    expect(await put(served, 't-1', begun)).toMatchObject({
      status: 409,
      json: { error: { code: 'conflict' } },
    })
    served.api.close(exit)
    await served.sockets.stop()
    expect((await served.tasks.find('t-1'))?.state).toBe('queued')
  })

  it.each([
    ['own', { status: 'done' }, 'status must be one of in progress, complete, failed'],
    ['own', {}, 'status must be one of in progress, complete, failed'],
    ['own', { ...begun, task_path: 1 }, 'task_path must be a string'],
    ['own', { status: 'complete' }, 'response_text must be a string'],
    ['own', { status: 'failed' }, 'error must be an object with type and message'],
    ['own', { status: 'failed', error: { type: 'E' } }, 'error.message must be a string'],
    ['a%2Fb', begun, 'id must be 1 to 128 letters, digits, ., _ or -'],
  ])('rejects %s %j (H2)', async (id, body, message) => {
    await using served = openApi()
    const { status, json } = await put(served, id, body)
    expect([status, json]).toEqual([400, { error: { code: 'bad_request', message } }])
  })

  it('is rejected while too many tasks have not ended', async () => {
    await using served = openApi()
    served.tasks.limit = 0
    expect(await put(served, 'own', begun)).toMatchObject({
      status: 429,
      json: { error: { code: 'queue_full' } },
    })
  })

  it('takes results up to the limit', async () => {
    await using served = openApi({ resultLimit: 10 })
    expect((await put(served, 'own', { ...complete, response_text: '1'.repeat(10) })).status).toBe(201)
    expect((await put(served, 'own', { ...complete, response_text: '1'.repeat(11) })).status).toBe(413)
  })
})

describe('a task that an invocation executes by itself', () => {
  it('fails with the instance that executes it, and only if it is in progress (M3, L6)', async () => {
    await using served = openApi()
    for (const id of ['left', 'done', 'bad']) await put(served, id, begun)
    await put(served, 'done', complete)
    await put(served, 'bad', failed)
    served.api.close(exit)
    await served.sockets.stop()
    const message = 'the instance i-1 ended while it executed the task: exit code 3'
    expect(served.tasks.own('left').task).toMatchObject({
      state: 'failed',
      error: { type: 'InstanceLost', message },
    })
    expect(served.tasks.own('done').task?.state).toBe('complete')
    expect(served.tasks.own('bad').task?.error).toEqual(failed.error)
  })

  it('fails, too, when its end could not be stored (M3)', async () => {
    await using served = openApi()
    await put(served, 'left', begun)
    served.tasks.trouble = new Fault('store_unavailable', 'the disk is full')
    expect((await put(served, 'left', complete)).status).toBe(503)
    served.tasks.trouble = undefined
    served.api.close(exit)
    await served.sockets.stop()
    expect(served.tasks.own('left').task?.error?.type).toBe('InstanceLost')
  })

  it('is announced as trouble when it cannot be failed', async () => {
    await using served = openApi()
    await put(served, 'left', begun)
    served.tasks.trouble = new Fault('store_unavailable', 'the disk is full')
    served.api.close(exit)
    await served.sockets.stop()
    expect(served.troubles).toEqual(['the tasks of i-1 could not be failed'])
  })
})
