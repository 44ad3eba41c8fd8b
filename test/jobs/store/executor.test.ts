// What the thread of a store tells, and when it does.

import { expect, it } from 'vitest'
import type { StoreCall } from '../../../src/jobs/store/operations.ts'
import { Executor } from '../../../src/jobs/store/sqlite/executor.ts'
import type { Asked, Notice } from '../../../src/jobs/store/sqlite/messages.ts'
import { inMemory } from '../../../src/jobs/store/sqlite/schema.ts'
import { attempt, ended, minute, newJob, start } from './jobs.ts'

it('tells an end only when it is on disk, and a start when it is written (DUR-1, DUR-2)', () => {
  const { execute, answered, disk } = newExecutor()
  const job = newJob()
  execute({ name: 'submit', values: [job, { queueLimit: 1 }] })
  expect(answered()).toEqual([])
  disk.end()
  expect(answered()).toEqual([1])
  execute({ name: 'claim', values: ['r1', { leaseMs: minute, limit: 1, tasks: 0 }] })
  execute({ name: 'begin', values: [job.id, 'r1', 'i-1'] })
  expect(answered()).toEqual([1, 2, 3])
  execute({ name: 'finish', values: [attempt(job.id), ended()] })
  execute({ name: 'find', values: [job.id] })
  expect(answered()).toEqual([1, 2, 3])
  disk.end()
  expect(answered()).toEqual([1, 2, 3, 4, 5])
})

it('tells a submit whose client waits for the end together with that, after one write to the disk', () => {
  const { execute, answered, disk } = newExecutor()
  const job = newJob({ origin: 'sync' })
  execute(
    { name: 'submit', values: [job, { queueLimit: 1, reserve: { runner: 'r1', leaseMs: minute } }] },
    { name: 'begin', values: [job.id, 'r1', 'i-1'] },
  )
  execute({ name: 'finish', values: [attempt(job.id), ended()] })
  expect([answered(), disk.waiting()]).toEqual([[2], 1])
  disk.end()
  expect(answered()).toEqual([2, 1, 3])
})

it('answers the calls of a batch beside one that fails by itself', () => {
  const { execute, notices, disk } = newExecutor()
  const job = newJob()
  execute({ name: 'submit', values: [job, { queueLimit: 1 }] })
  disk.end()
  execute({ name: 'claim', values: ['r1', { leaseMs: minute, limit: 1, tasks: 0 }] })
  execute({ name: 'begin', values: [job.id, 'r1', 'i-1'] })
  execute(
    { name: 'append', values: [attempt(job.id), 7, [Buffer.from('1')]] },
    { name: 'append', values: [attempt(job.id), 0, [Buffer.from('1')]] },
  )
  expect(notices.at(-1)?.answers).toEqual([
    { number: 4, failure: `job ${job.id} has no chunk before 7` },
    { number: 5, value: true },
  ])
})

function newExecutor() {
  const notices: Notice[] = []
  const waiting: ((error: Error | null) => void)[] = []
  const log = {
    sync: (done: (error: Error | null) => void) => void waiting.push(done),
    reserve: () => {},
    close: () => {},
  }
  const executor = new Executor(
    inMemory,
    log,
    (notice) => notices.push(notice),
    () => {},
  )
  let number = 0
  return {
    execute: (...calls: readonly StoreCall[]) => {
      const requests: Asked[] = []
      for (const call of calls) requests.push({ ...call, type: 'call', number: ++number, now: start })
      executor.execute(requests)
    },
    notices,
    answered: () => notices.flatMap(({ answers }) => answers.map((each) => each.number)),
    disk: { end: () => waiting.shift()?.(null), waiting: () => waiting.length },
  }
}
