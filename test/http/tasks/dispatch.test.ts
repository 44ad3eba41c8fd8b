import { describe, expect, it } from 'vitest'
import { Fault } from '../../../src/errors.ts'
import {
  askApi,
  dispatchBody,
  message,
  openApi,
  type ApiAnswer,
  type ServedApi,
} from '../../harness/runtimeApi.ts'

const dispatch = (served: ServedApi, body: object | string | Buffer = dispatchBody): Promise<ApiAnswer> =>
  askApi(served, 'POST', '/v1/tasks', body)

const refusal = (code: string, text: unknown = expect.any(String)): object => ({
  error: { code, message: text },
})

describe('POST /v1/tasks', () => {
  it('stores a task and says so (H1)', async () => {
    await using served = openApi()
    const { status, json } = await dispatch(served)
    expect([status, json]).toEqual([202, { id: 't-1', state: 'queued', status: 'in progress' }])
    expect(await served.tasks.find('t-1')).toMatchObject({
      path: 'app.f',
      service: 'lambda',
      capture: 'default',
    })
  })

  it('knows the same dispatch again, and no other one with its id (Q17)', async () => {
    await using served = openApi()
    await dispatch(served)
    expect((await dispatch(served)).status).toBe(200)
    const other = await dispatch(served, { ...dispatchBody, message: message.replace('1, 2', '3') })
    expect([other.status, other.json]).toEqual([409, refusal('conflict')])
  })

  it('delays a task by seconds, also by parts of them (O4)', async () => {
    await using served = openApi()
    const { json } = await dispatch(served, { ...dispatchBody, delay_seconds: 0.0001 })
    expect(json).toMatchObject({ state: 'delayed', status: 'in progress' })
    const { createdAt = 0, dueAt } = (await served.tasks.find('t-1')) ?? {}
    expect(dueAt).toBe(createdAt + 1)
  })

  it.each([
    [
      'numbers that JSON does not have',
      '{"task_path": "app.f", "args": [NaN, -Infinity, Infinity], "kwargs": {}}',
    ],
    [
      'their names in strings',
      String.raw`{"task_path": "NaN.\"Infinity", "args": ["\\", NaN], "kwargs": {"NaN": NaN}}`,
    ],
    [
      'more digits than a double has',
      `{"task_path": "app.f", "args": [${'7'.repeat(3000)}, 1e999], "kwargs": {}}`,
    ],
    ['any white space and text', '\t{ "task_path":"módulo.f","args":[ ],"kwargs":{"a":"\\ud800"} }\n'],
  ])('keeps a message with %s as it is (G4)', async (_, text) => {
    await using served = openApi()
    expect((await dispatch(served, { ...dispatchBody, message: text })).status).toBe(202)
    expect(served.tasks.message('t-1')).toBe(text)
    const { task_path: path } = JSON.parse(
      text.replaceAll(/(?<=[[ :,])-?(NaN|Infinity)(?=[\]},])/g, '0'),
    ) as Record<string, unknown>
    expect((await served.tasks.find('t-1'))?.path).toBe(path)
  })

  it.each([
    ['id must be 1 to 128', { id: '' }],
    ['id must be 1 to 128', { id: 'x'.repeat(129) }],
    ['id must be 1 to 128', { id: 'a/b' }],
    ['id must be 1 to 128', { id: 7 }],
    ['service must be one of lambda, sns', { service: 'sqs' }],
    ['capture must be one of on, default, off', { capture: true }],
    ['delay_seconds must be a number', { delay_seconds: -1 }],
    ['delay_seconds must be a number', { delay_seconds: 604_801 }],
    ['delay_seconds must be a number', { delay_seconds: true }],
    ['max_attempts must be a whole number', { max_attempts: 0 }],
    ['max_attempts must be a whole number', { max_attempts: 1.5 }],
    ['timeout_seconds must be a number', { timeout_seconds: 0 }],
    ['timeout_seconds must be a number', { timeout_seconds: '1' }],
    ['message must be JSON text in a string', { message: { task_path: 'app.f' } }],
    ['message must be JSON text', { message: '{"task_path": "app.f", args: []}' }],
    ['message must be JSON text', { message: `{"task_path": "${'\\"'.repeat(200_000)}` }],
    ['message must be JSON text', { message: '['.repeat(500_000) }],
    ['message must be the JSON text of an object', { message: '[]' }],
    ['message must have a task_path', { message: '{"task_path": 1, "args": [], "kwargs": {}}' }],
    ['message must have args', { message: '{"task_path": "app.f", "args": {}, "kwargs": {}}' }],
    ['message must have kwargs', { message: '{"task_path": "app.f", "args": [], "kwargs": null}' }],
    [
      'message must be text that UTF-8 can hold',
      { message: '{"task_path": "\ud800", "args": [], "kwargs": {}}' },
    ],
  ])('says what is wrong: %s (H2)', async (problem, change) => {
    await using served = openApi()
    const { status, json } = await dispatch(served, { ...dispatchBody, ...change })
    expect([status, json]).toEqual([400, refusal('bad_request', expect.stringContaining(problem))])
    expect(await served.tasks.find('t-1')).toBeUndefined()
  })

  it.each([
    ['the body is not JSON', '{"id": NaN}'],
    ['the body is not JSON', ''],
    ['the body is not UTF-8', Buffer.from([0xff])],
    ['the body must be a JSON object', '[]'],
    ['the body must be a JSON object', 'null'],
  ])('says what is wrong: %s (H2)', async (problem, body) => {
    await using served = openApi()
    expect((await dispatch(served, body)).json).toEqual(refusal('bad_request', problem))
  })

  it('takes up to a megabyte', async () => {
    await using served = openApi()
    const room = 1024 ** 2 - JSON.stringify(dispatchBody).length
    const filled = { ...dispatchBody, message: `${message}${' '.repeat(room)}` }
    expect((await dispatch(served, filled)).status).toBe(202)
    const { status, json } = await dispatch(served, `${JSON.stringify(filled)} `)
    expect([status, json]).toEqual([413, refusal('payload_too_large')])
  })

  it('reads a message of a megabyte in one pass, however it is made', async () => {
    await using served = openApi()
    const args = `${'"\\\\",NaN,'.repeat(60_000)}${'['.repeat(100_000)}${']'.repeat(100_000)}`
    const text = `{"task_path": "app.f", "args": [${args}], "kwargs": {}}`
    expect((await dispatch(served, { ...dispatchBody, message: text })).status).toBe(202)
    expect(served.tasks.message('t-1')).toBe(text)
  })

  it('is rejected while too many tasks have not ended', async () => {
    await using served = openApi()
    served.tasks.limit = 0
    const { status, json } = await dispatch(served)
    expect([status, json]).toEqual([429, refusal('queue_full', '0 tasks are waiting')])
  })

  it.each([
    [503, 'stopping', new Fault('draining', 'Service Unavailable')],
    [503, 'store_unavailable', new Fault('store_unavailable', 'the store does not work')],
    [500, 'internal', new Error('a secret')],
  ])('answers %i %s when the engine fails so', async (status, code, trouble) => {
    await using served = openApi()
    served.tasks.trouble = trouble
    const answer = await dispatch(served)
    expect([answer.status, answer.json]).toEqual([status, refusal(code)])
    expect(answer.text).not.toContain('secret')
    expect(served.troubles).toHaveLength(status === 500 ? 1 : 0)
  })

  it('is rejected where the function is a Bash script', async () => {
    await using served = openApi({}, 'bash')
    const { status, json } = await dispatch(served)
    expect([status, json]).toEqual([400, refusal('bad_request', 'Bash functions cannot run tasks')])
  })
})
