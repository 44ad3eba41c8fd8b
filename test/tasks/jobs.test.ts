// Tasks beside jobs: of scripts, whose jobs dispatch them, and what the jobs API shows of tasks (tasks.md L3, L10, P2).

import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { eventually } from '../harness/calling.ts'
import { freshFolder, get, post, run, runSync, settled as jobSettled } from '../harness/jobClient.ts'
import { bothLanguages, serveFrom, type Serving } from '../harness/serving.ts'
import { dispatchAll, reached, serveTasksOf, settled, tasksIn } from '../harness/taskClient.ts'
import type { Health } from '../jobs/endToEnd/health.ts'

const scripts = { python: 'job_dispatches.py', node: 'job_dispatches.mjs' }

describe.each(bothLanguages)('a script whose jobs dispatch tasks (%s)', (language) => {
  let serving: Serving
  const folder = freshFolder(afterAll)

  beforeAll(async () => {
    const flags = { 'data-dir': join(folder, 'jobs'), 'task-attempts': '2', 'task-backoff': '10ms' }
    serving = await serveFrom(tasksIn(language), scripts[language], { ...flags, concurrency: '1' })
  })
  afterAll(() => serving[Symbol.asyncDispose]())

  it('executes them with its own module, which is not loaded again (P2, W1)', async () => {
    const { output } = await runSync(serving, { triple: 7 })
    const id = String(output)
    expect(await settled(serving, id)).toMatchObject({
      task_path: 'job_dispatches.triple',
      state: 'complete',
      response: [21, '__main__', ['__main__']],
    })
    expect((await runSync(serving, { read: id })).output).toMatchObject({ status: 'complete' })
  })

  it('retries them (L4)', async () => {
    const { output } = await runSync(serving, { fails: true })
    const { state, error, attempts } = await settled(serving, String(output))
    expect([state, error?.message, attempts.length]).toEqual(['failed', 'it broke', 2])
  })

  it('starts jobs and tasks in the order of their due times (L3)', async () => {
    const [note, gate] = [join(folder, 'note'), join(folder, 'gate')]
    const dispatched = join(folder, 'dispatched')
    const first = await run(serving, { dispatch: 'task', dispatched, note, gate })
    await eventually(() => existsSync(dispatched))
    const second = await run(serving, { text: 'job', note })
    writeFileSync(gate, '')
    const { output } = await jobSettled(serving, first)
    await Promise.all([jobSettled(serving, second), settled(serving, String(output))])
    expect(readFileSync(note, 'utf8')).toBe('task\njob\n')
  })
})

describe('a thread that a script starts with its own file', () => {
  it('finds both modules, and dispatches (W1, NODE-1)', async () => {
    await using serving = await serveFrom(tasksIn('node'), 'starts_job.mjs', { 'data-dir': freshFolder() })
    const { output } = await runSync(serving, {})
    expect(await settled(serving, String(output))).toMatchObject({
      task_path: 'starts_job.double',
      response: 42,
    })
  })
})

describe.each(bothLanguages)('the jobs API (%s)', (language) => {
  it('shows no task, neither queued nor running, and does not touch any (L10)', async () => {
    await using serving = await serveTasksOf(language)
    const folder = freshFolder()
    const [started, gate] = [join(folder, 'started'), join(folder, 'gate')]
    const ids = await dispatchAll(serving, [
      ['waits', [started, gate]],
      ['double', [21]],
    ])
    const [running = '', queued = ''] = ids
    await reached(serving, running, 'running')
    for (const id of ids)
      for (const [method, route] of routes) {
        const answer = await fetch(`${serving.url}/${route}/${id}`, { method })
        expect([route, answer.status]).toEqual([route, 404])
      }
    expect((await get<Health>(serving, '/health')).jobs).toEqual({
      completed: 0,
      failed: 0,
      inProgress: 0,
      inQueue: 0,
      retried: 0,
    })
    expect(await post(serving, '/purge-queue', {})).toMatchObject({ removed: 0 })
    writeFileSync(gate, '')
    expect(await settled(serving, running)).toMatchObject({ state: 'complete' })
    expect(await settled(serving, queued)).toMatchObject({ state: 'complete', response: 42 })
    for (const id of ids) expect((await fetch(`${serving.url}/status/${id}`)).status).toBe(404)
    expect((await get<Health>(serving, '/health')).jobs).toMatchObject({ completed: 0, failed: 0 })
  })
})

const routes = [
  ['GET', 'status'],
  ['GET', 'status-sync'],
  ['GET', 'stream'],
  ['POST', 'cancel'],
  ['POST', 'retry'],
] as const
