// The engine of jobs on a real store in memory, without instances.

import { expect, it } from 'vitest'
import { Events } from '../../src/events.ts'
import { JobEngine } from '../../src/jobs/engine.ts'
import { taskKind } from '../../src/jobs/kinds/taskKind.ts'
import { memoryStore } from '../../src/jobs/store/sqlite/store.ts'
import { newJob } from './store/jobs.ts'

function newEngine(): JobEngine {
  const settings = {
    ahead: 0,
    tasksAtOnce: 1,
    streamLimit: 100,
    queueLimit: 10,
    attempts: 3,
    tasksKept: 10,
    kindOf: () => taskKind(10),
  }
  const invoker = { start: () => {}, has: () => false }
  const countByState = { loading: 0, idle: 0, busy: 0, retiring: 0, stopping: 0, gone: 0 }
  const parts = { instances: () => ({ countByState, failure: undefined }), receiverOf: () => undefined }
  return new JobEngine(memoryStore(), invoker, settings, parts, new Events())
}

it('refuses a submit and a retry while it drains: the job could be lost (DUR-1)', async () => {
  const engine = newEngine()
  const job = newJob()
  expect(await engine.submit(job)).toMatchObject({ type: 'accepted' })
  engine.drain()
  await expect(engine.submit(newJob())).rejects.toMatchObject({ code: 'draining' })
  await expect(engine.retry(job.id)).rejects.toMatchObject({ code: 'draining' })
  expect(await engine.find(job.id)).toMatchObject({ state: 'IN_QUEUE' })
  await engine.stop()
})

it('knows no job before it has opened its store', async () => {
  const engine = newEngine()
  expect(await engine.find('x')).toBeUndefined()
  await engine.stop()
})

it('reports changes to those who watch a job, and the job of a removal for a moment (C-5)', async () => {
  const engine = newEngine()
  const job = newJob({ ttlMs: 1 })
  const gone = new Promise<string>((settle) => {
    engine.watch(job.id, ({ removed, state }) => {
      if (removed) settle(state)
    })
  })
  await engine.submit(job)
  expect(await gone).toBe('TIMED_OUT')
  expect(await engine.find(job.id)).toBeUndefined()
  expect(await engine.findRemoved(job.id)).toMatchObject({ state: 'TIMED_OUT' })
  await engine.stop()
})
