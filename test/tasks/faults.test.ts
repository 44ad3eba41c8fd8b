// Tasks that go wrong: they throw, end their instance, take too long, are too many (tasks.md §1, §7, Q18).

import { copyFileSync, existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { eventually } from '../harness/calling.ts'
import { freshFolder } from '../harness/jobClient.ts'
import { start } from '../harness/program.ts'
import { askApi } from '../harness/runtimeApi.ts'
import { bothLanguages, serveFrom, type Serving } from '../harness/serving.ts'
import {
  ask,
  dispatch,
  dispatchAll,
  messageOf,
  pausesOf,
  reached,
  read,
  serveTasksOf,
  settled,
  socketOf,
  tasksIn,
  taskErrors,
  view,
} from '../harness/taskClient.ts'

const unimportable = { python: 'ModuleNotFoundError', node: 'Error' }
// Due at once, they are all in the queue when the first one is taken.
const together = { delay_seconds: 0.3 }
const extensions = { python: '.py', node: '.mjs' }
const fewDescriptors = ['sh', '-c', 'ulimit -n 256 && exec "$@"', 'sh']
const errors = { python: 'ValueError', node: 'RangeError' }

describe.each(bothLanguages)('a task that goes wrong (%s)', (language) => {
  let serving: Serving
  const folder = freshFolder(afterAll)
  const file = (name: string): string => join(folder, name)

  beforeAll(async () => {
    const flags = {
      'job-store': 'memory',
      'task-attempts': '2',
      'task-sns-attempts': '1',
      'task-backoff': '20ms',
    }
    serving = await serveTasksOf(language, { ...flags, 'task-timeout': '1500ms' }, afterAll)
  })
  afterAll(() => serving[Symbol.asyncDispose]())

  it('by throwing is tried again as often and after as long as is configured, and is then failed (L4)', async () => {
    const id = await dispatch(serving, 'fails', ['it broke'])
    const task = await settled(serving, id)
    const error = { type: errors[language], message: 'it broke' }
    expect(task).toMatchObject({ state: 'failed', status: 'failed', response: null, error, max_attempts: 2 })
    expect(task.attempts.map((each) => [each.number, each.outcome, each.error])).toEqual([
      [1, 'failed', error],
      [2, 'failed', error],
    ])
    const [pause = 0] = pausesOf(task)
    expect(pause).toBeGreaterThanOrEqual(20)
    expect(await read(serving, id)).toEqual({
      raised: taskErrors[language],
      text: `works.fails: ${errors[language]}: it broke`,
      code: 'task_failed',
    })
  })

  it('by not being there is not tried again (L5)', async () => {
    const socket = await socketOf(serving)
    for (const [id, path] of [
      ['absent-1', 'nowhere.f'],
      ['absent-2', 'works.nowhere'],
    ] as const) {
      await askApi({ path: socket }, 'POST', '/v1/tasks', messageOf(id, path))
      const { error, attempts } = await settled(serving, id)
      expect([error?.type, attempts.length]).toEqual(['TaskNotFound', 1])
    }
  })

  it.runIf(language === 'python')('has the attempts of its service (S2)', async () => {
    const { service, attempts, error } = await settled(serving, await dispatch(serving, 'refuses'))
    expect([service, attempts.length, error?.message]).toEqual(['sns', 1, 'refused'])
  })

  it.each([
    ['kill', 'SIGKILL'],
    ['exit', 'code 3'],
    ['leave', 'code 7'],
  ])(
    'by ending its instance (%s) is lost with it, and completes on a new one (Q18, L6)',
    async (how, reason) => {
      const task = await settled(serving, await dispatch(serving, 'dies', [file(how), how]))
      expect(task).toMatchObject({ state: 'complete', response: 'survived' })
      const [lost, done] = task.attempts
      expect(lost).toMatchObject({ outcome: 'failed', error: { type: 'InstanceLost' } })
      expect(lost?.error?.message).toContain(reason)
      expect(done).toMatchObject({ outcome: 'complete', error: null })
      expect(done?.instance).not.toBe(lost?.instance)
    },
  )

  it('by always ending its instance is failed with the exit code (L6)', async () => {
    const { state, error, attempts } = await settled(serving, await dispatch(serving, 'leaves'))
    expect([state, error?.type, attempts.length]).toEqual(['failed', 'InstanceLost', 2])
    expect(error?.message).toContain('code 7')
  })

  it.runIf(language === 'node')('has attempts and a timeout of its own (N)', async () => {
    const id = await dispatch(serving, 'loops', [], { attempts: 1, timeout: 0.2 })
    const { state, error, attempts } = await settled(serving, id)
    expect([state, error?.type, attempts.length]).toEqual(['failed', 'TaskTimeout', 1])
    expect(error?.message).toContain('200 ms')
  })

  it('by taking too long is ended with its instance, and requests go on (L6)', async () => {
    const id = await dispatch(serving, 'loops')
    const { state, error, attempts } = await settled(serving, id)
    expect([state, error?.type]).toEqual(['failed', 'TaskTimeout'])
    expect(attempts.map((each) => each.error?.type)).toEqual(['TaskTimeout', 'TaskTimeout'])
    const [first, second] = attempts
    expect(first?.instance).not.toBe(second?.instance)
    expect(await settled(serving, await dispatch(serving, 'double', [21]))).toMatchObject({ response: 42 })
  })
})

describe.each(bothLanguages)('a task in a module that cannot be imported (%s)', (language) => {
  it('is tried again, and so is its import (L5)', async () => {
    const root = freshFolder()
    for (const name of ['sulks', 'works']) {
      const file = name + extensions[language]
      copyFileSync(join(tasksIn(language), file), join(root, file))
    }
    await using serving = await serveFrom(root, 'works.handler', { 'task-backoff': '10ms' })
    const sulks = messageOf('sulks-1', 'sulks.f')
    await askApi({ path: await socketOf(serving) }, 'POST', '/v1/tasks', sulks)
    const { state, response, attempts } = await settled(serving, 'sulks-1')
    expect([state, response]).toEqual(['complete', 'loaded'])
    expect(attempts.map(({ error }) => error?.type)).toEqual([unimportable[language], undefined])
  })
})

describe.each(bothLanguages)('a task on an instance that has no descriptor left (%s)', (language) => {
  it('is tried again on a new one (L6)', async () => {
    const args = [
      'serve',
      'hoards.handler',
      '--root',
      tasksIn(language),
      '--port',
      '0',
      '--job-store',
      'memory',
    ]
    await using program = start([...args, '--task-backoff', '10ms'], {}, '', fewDescriptors)
    const server = { url: String((await program.line('listening at '))['url']).replace(/\/$/, '') }
    const task = await settled(server, await ask<string>(server, {}))
    expect(task).toMatchObject({ state: 'complete', response: 'survived' })
    const [failed, done] = task.attempts
    expect(failed).toMatchObject({ outcome: 'failed' })
    expect(done?.instance).not.toBe(failed?.instance)
  })
})

describe.each(bothLanguages)('as many tasks as there may be (%s)', (language) => {
  let serving: Serving

  beforeAll(async () => {
    const limits = { 'task-queue': '3', 'task-keep': '2' }
    serving = await serveTasksOf(language, { 'job-store': 'memory', instances: '2', ...limits }, afterAll)
  })
  afterAll(() => serving[Symbol.asyncDispose]())

  it('wait; one more is refused when it is dispatched, and nothing of it is stored (S2)', async () => {
    const folder = freshFolder()
    const gate = join(folder, 'gate')
    const [first = '', second = '', third = ''] = await dispatchAll(serving, [
      ['waits', [join(folder, 'started'), gate]],
      ['double', [1]],
      ['double', [2]],
    ])
    await reached(serving, first, 'running')
    const answer = await ask(serving, { do: 'hand over', task: ['notes', [join(folder, 'never'), '']] })
    expect(answer).toEqual({ raised: taskErrors[language], text: '3 tasks are waiting', code: 'queue_full' })
    writeFileSync(gate, '')
    await Promise.all([second, third].map((id) => settled(serving, id)))
    expect(await settled(serving, await dispatch(serving, 'double', [3]))).toMatchObject({ response: 6 })
    expect(existsSync(join(folder, 'never'))).toBe(false)
  })

  it('are kept when they have ended; beyond, the oldest go (K1)', async () => {
    const [oldest = '', ...kept] = await dispatchAll(serving, [
      ['double', [1]],
      ['double', [2]],
      ['double', [3]],
    ])
    for (const id of kept) await settled(serving, id)
    await eventually(async () => (await read(serving, oldest)) === null)
    await expect(view(serving, oldest)).rejects.toThrow('404')
    for (const id of kept) expect(await view(serving, id)).toMatchObject({ state: 'complete' })
  })

  it('are waited for by a request on another instance (C2, C3)', async () => {
    const [, value] = await ask<[string, unknown]>(serving, { do: 'wait', task: ['double', [21]] })
    expect(value).toBe(42)
  })
})

describe.each(bothLanguages)('tasks on several instances (%s)', (language) => {
  it.each([
    ['leave one to requests, and run on all others', {}, 2],
    ['run one at a time where --task-instances says so', { 'task-instances': '1' }, 1],
  ])('%s (L3)', async (_, flags, atOnce) => {
    await using serving = await serveTasksOf(language, { 'job-store': 'memory', instances: '3', ...flags })
    const folder = freshFolder()
    const gate = join(folder, 'gate')
    const ids = await dispatchAll(
      serving,
      [1, 2, 3].map((each) => ['waits', [join(folder, `started-${each}`), gate], together]),
    )
    const running = ids.slice(0, atOnce)
    await Promise.all(running.map((id) => reached(serving, id, 'running')))
    for (const id of ids.slice(atOnce)) {
      expect(await read(serving, id)).toEqual({ status: 'in progress', response: 'N/A' }) // a request has an instance
      expect((await view(serving, id)).state).toBe('queued')
    }
    writeFileSync(gate, '')
    const all = await Promise.all(ids.map((id) => settled(serving, id)))
    expect(all.map(({ response }) => response)).toEqual(['through', 'through', 'through'])
    const instances = all.slice(0, atOnce).map(({ attempts }) => attempts[0]?.instance)
    expect(new Set(instances).size).toBe(atOnce)
  })
})
