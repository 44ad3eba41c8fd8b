// How a task lives, from its dispatch in a request to its result (tasks.md §1, §3.5, Q6 to Q10, Q17, Q18).

import { once } from 'node:events'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { eventually } from '../harness/calling.ts'
import { freshFolder } from '../harness/jobClient.ts'
import { askApi } from '../harness/runtimeApi.ts'
import { bothLanguages, serveFrom, type Serving } from '../harness/serving.ts'
import {
  ask,
  dispatch,
  messageOf,
  pausesOf,
  read,
  serveTasksOf,
  settled,
  socketOf,
  tasksIn,
  taskErrors,
  view,
  type Call,
} from '../harness/taskClient.ts'

const inProgress = { status: 'in progress', response: 'N/A' }
const anyText: unknown = expect.any(String)

describe.each(bothLanguages)('a task on the only instance (%s)', (language) => {
  let serving: Serving
  const folder = freshFolder(afterAll)
  const file = (name: string): string => join(folder, name)

  beforeAll(async () => {
    serving = await serveTasksOf(language, {}, afterAll)
  })
  afterAll(() => serving[Symbol.asyncDispose]())

  it('is in progress for the request that dispatches it, and starts right after it (Q6, L2, A2)', async () => {
    const path = file('order')
    const task: Call = ['notes', [path, 'task']]
    const [id, answer] = await ask<[string, unknown]>(serving, { do: 'dispatch and read', task, path })
    expect(answer).toEqual(inProgress)
    expect(await settled(serving, id)).toMatchObject({ state: 'complete', response: 'task' })
    expect(readFileSync(path, 'utf8')).toBe('request\ntask\n')
    expect(await read(serving, id)).toEqual({ status: 'complete', response: 'task' })
  })

  it('is not waited for by the code that keeps it from starting, and completes afterwards (Q6, C3)', async () => {
    const [id, answer] = await ask<[string, object]>(serving, { do: 'wait', task: ['double', [4]] })
    expect(answer).toEqual({ raised: taskErrors[language], text: anyText, code: 'wait_deadlock' })
    expect(await settled(serving, id)).toMatchObject({ response: 8 })
  })

  it('that fails twice is tried again after 1 s and 2 s, and then has its result (Q7, L4)', async () => {
    const task = await settled(serving, await dispatch(serving, 'third', [file('third')]))
    expect(task).toMatchObject({ state: 'complete', response: 5, error: null, max_attempts: 3 })
    expect(task.attempts.map(({ number, outcome, error }) => [number, outcome, error?.message])).toEqual([
      [1, 'failed', 'attempt 1'],
      [2, 'failed', 'attempt 2'],
      [3, 'complete', undefined],
    ])
    const [first = 0, second = 0] = pausesOf(task)
    expect(first).toBeGreaterThanOrEqual(1000)
    expect(second).toBeGreaterThanOrEqual(2000)
  })

  it('with a delay starts no earlier, and shows its progress while it runs (Q9, U1, O4)', async () => {
    const gate = file('progress')
    const call: Call = ['shows', [{ p: 50 }, gate], { delay_seconds: 2 }]
    const id = await dispatch(serving, ...call)
    expect(await view(serving, id)).toMatchObject({ state: 'delayed', status: 'in progress', attempts: [] })
    expect(await read(serving, id)).toEqual(inProgress)
    await eventually(async () => (await view(serving, id)).progress !== null)
    const running = await view(serving, id)
    expect(running).toMatchObject({ state: 'running', progress: { p: 50 }, response: null })
    const started = Date.parse(running.attempts[0]?.started_at ?? '')
    expect(started - Date.parse(running.created_at)).toBeGreaterThanOrEqual(2000)
    writeFileSync(gate, '')
    expect(await settled(serving, id)).toMatchObject({ state: 'complete', response: 1, progress: null })
    expect(await read(serving, id)).toEqual({ status: 'complete', response: 1 })
  })

  it('that was dispatched by a task is one like any other (L8)', async () => {
    const { response } = await settled(serving, await dispatch(serving, 'nests'))
    expect(await settled(serving, String(response))).toMatchObject({ state: 'complete', response: 42 })
  })

  it.runIf(language === 'python')(
    'gives no result that was not asked for, and says why there is none (A4, Q3)',
    async () => {
      const id = await dispatch(serving, 'unkeepable')
      const { state, response, response_omitted } = await settled(serving, id)
      expect([state, response, response_omitted]).toEqual(['complete', null, anyText])
    },
  )

  it('fails at once where its result was asked for and cannot be kept (A4, Q3, L5)', async () => {
    const id = await dispatch(serving, 'unkeepable', [], { capture_response: true })
    const { state, error, attempts } = await settled(serving, id)
    expect([state, error?.type, attempts.length]).toEqual(['failed', 'TypeError', 1])
  })

  it.runIf(language === 'python')('of no capture is shown without its result (O2, A3)', async () => {
    const id = await dispatch(serving, 'double', [1], { capture_response: false })
    expect(await settled(serving, id)).toMatchObject({ state: 'complete', captured: false, response: null })
    expect(await read(serving, id)).toBeNull()
  })

  it('that nobody knows is none (Q5, A1)', async () => {
    for (const id of [null, 'None', '0e7b2c1e-9be0-4b54-a1f6-5a6ac1c66b5c'])
      expect(await read(serving, id)).toBeNull()
  })

  it('is stored and executed once however often the same is dispatched; other content is a conflict (Q17, H1)', async () => {
    const path = await socketOf(serving)
    const ran = file('once')
    const body = (text: string): object => messageOf('posted-1', 'works.notes', [ran, text])
    const statusOf = async (text: string): Promise<number> =>
      (await askApi({ path }, 'POST', '/v1/tasks', body(text))).status
    const answers = [await statusOf('a'), await statusOf('a'), await statusOf('b')]
    await settled(serving, 'posted-1')
    answers.push(await statusOf('a'), await statusOf('b'))
    expect(answers).toEqual([202, 200, 409, 200, 409])
    expect(await settled(serving, await dispatch(serving, 'double', [1]))).toMatchObject({ response: 2 })
    expect(readFileSync(ran, 'utf8')).toBe('a\n')
  })

  it('may have the id of the request that dispatches it (H1)', async () => {
    const [started, gate] = [file('named'), file('named-gate')]
    const refused: unknown[] = []
    serving.app.events.on('request-refused', ({ fault }) => refused.push(fault))
    const socket = await socketOf(serving)
    const arrived = once(serving.app.events, 'invocation-arrived')
    const held = ask(serving, { do: 'hold', started, gate, path: file('named-path'), text: '' })
    await eventually(() => existsSync(started))
    const [{ requestId: id }] = await arrived
    expect(
      await askApi({ path: socket }, 'POST', '/v1/tasks', messageOf(id, 'works.double', [4])),
    ).toMatchObject({
      status: 202,
    })
    await eventually(() => serving.app.invoker.inFlight === 2)
    writeFileSync(gate, '')
    await held
    expect(await settled(serving, id)).toMatchObject({ state: 'complete', response: 8 })
    expect(refused).toEqual([])
  })

  it('is not executed in place, nor read, where the engine cannot be reached (Q15, W1)', async () => {
    const path = file('never')
    const answers = await ask<object[]>(serving, {
      do: 'elsewhere',
      address: `unix:${file('nobody.sock')}`,
      path,
    })
    const unreachable = { raised: taskErrors[language], text: anyText, code: 'engine_unreachable' }
    expect(answers).toEqual([unreachable, unreachable, unreachable])
    expect(existsSync(path)).toBe(false)
  })

  it('waits behind a request that came later; tasks start in the order of their dispatch (L3)', async () => {
    const path = file('queue')
    const [started, gate] = [file('started'), file('gate')]
    const socket = await socketOf(serving)
    const hold = (text: string): Promise<string> => ask(serving, { do: 'hold', started, gate, path, text })
    const first = hold('first request')
    await eventually(() => existsSync(started))
    const posted = ['first task', 'second task'].map((text, index) =>
      messageOf(`queued-${index}`, 'works.notes', [path, text]),
    )
    for (const body of posted)
      expect(await askApi({ path: socket }, 'POST', '/v1/tasks', body)).toMatchObject({ status: 202 })
    const second = hold('second request')
    await eventually(() => serving.app.invoker.waiting === 1)
    writeFileSync(gate, '')
    await Promise.all([first, second, settled(serving, 'queued-0'), settled(serving, 'queued-1')])
    expect(readFileSync(path, 'utf8').trim().split('\n')).toEqual([
      'first request',
      'second request',
      'first task',
      'second task',
    ])
  })
})

describe('a process that a function starts', () => {
  it('dispatches as the function itself (W1)', async () => {
    await using serving = await serveTasksOf('python')
    const id = await ask<string>(serving, { do: 'spawn' })
    expect(await settled(serving, id)).toMatchObject({ task_path: 'works.double', response: 42 })
  })

  it.each(['thread', 'thread of a text', 'process'])(
    'finds the module in Node.js without an installation, too: a %s (W1, N2)',
    async (what) => {
      await using serving = await serveFrom(tasksIn('node'), 'starts.handler', { 'data-dir': freshFolder() })
      const id = await ask<string>(serving, { what })
      expect(await settled(serving, id)).toMatchObject({ task_path: 'starts.double', response: 42 })
    },
  )
})

describe('a value that JSON has no word for', () => {
  it('is what Python reads, and text for everybody else (Q10, V2)', async () => {
    await using serving = await serveTasksOf('python')
    const id = await dispatch(serving, 'nan')
    expect(await settled(serving, id)).toMatchObject({ response: 'NaN', response_encoding: 'text' })
    expect(await ask(serving, { do: 'represent', id })).toBe("{'status': 'complete', 'response': nan}")
  })

  it('is null in Node.js (N3, Q10)', async () => {
    await using serving = await serveTasksOf('node')
    const id = await dispatch(serving, 'nan')
    expect(await settled(serving, id)).toMatchObject({ response: null, response_encoding: 'json' })
    expect(await read(serving, id)).toEqual({ status: 'complete', response: null })
  })
})
