// The endpoints in front of the engine that the program has.

import request from 'supertest'
import { describe, expect, it } from 'vitest'
import { askApi, dispatchBody, message, socketOf } from '../../harness/runtimeApi.ts'
import { bothLanguages, serve, type Serving } from '../../harness/serving.ts'

const memory = { 'job-store': 'memory' }
const later = { ...dispatchBody, delay_seconds: 1000 }

async function publicRecord({ url }: Serving, id: string, query = ''): Promise<unknown> {
  return (await request(url).get(`/_/tasks/${id}${query}`)).body as unknown
}

describe.each(bothLanguages)('a function in %s', (language) => {
  it('dispatches a task once, which every caller sees (H1, Q17)', async () => {
    await using serving = await serve(language, 'counts.handler', memory)
    const path = await socketOf(serving.pids[0])
    for (const status of [202, 200])
      expect(await askApi({ path }, 'POST', '/v1/tasks', later)).toMatchObject({
        status,
        json: { id: 't-1', state: 'delayed' },
      })
    const other = { ...later, message: message.replace('1, 2', '3') }
    expect((await askApi({ path }, 'POST', '/v1/tasks', other)).status).toBe(409)
    expect((await askApi({ path }, 'GET', '/v1/tasks/t-1?wait=30')).json).toMatchObject({
      error: { code: 'wait_deadlock' },
    })
    const record = { id: 't-1', task_path: 'app.f', state: 'delayed', status: 'in progress', language }
    expect(await publicRecord(serving, 't-1')).toMatchObject(record)
  })

  it('leaves no task in progress that it has executed by itself when it ends (M3)', async () => {
    await using serving = await serve(language, 'counts.handler', memory)
    const path = await socketOf(serving.pids[0])
    const put = (id: string, body: object): ReturnType<typeof askApi> =>
      askApi({ path }, 'PUT', `/v1/tasks/${id}`, { task_path: 'app.f', ...body })
    expect((await put('left', { status: 'in progress' })).status).toBe(201)
    expect((await put('done', { status: 'in progress' })).status).toBe(201)
    expect((await put('done', { status: 'complete', response_text: 'NaN' })).status).toBe(200)
    process.kill(serving.pids[0] ?? 0, 'SIGKILL')
    expect(await publicRecord(serving, 'left', '?wait=30')).toMatchObject({
      status: 'failed',
      error: { type: 'InstanceLost', message: expect.stringContaining('signal SIGKILL') as unknown },
    })
    expect(await publicRecord(serving, 'done')).toMatchObject({ response: 'NaN', response_encoding: 'text' })
  })
})

it('a Bash function cannot dispatch a task', async () => {
  await using serving = await serve('bash', 'echo.sh', memory)
  const answer = await askApi({ path: await socketOf(serving.pids[0]) }, 'POST', '/v1/tasks', later)
  expect(answer).toMatchObject({
    status: 400,
    json: { error: { message: 'Bash functions cannot run tasks' } },
  })
})
