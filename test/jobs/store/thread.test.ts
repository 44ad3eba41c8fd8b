// The thread of a store that ends before its time.

import { Worker } from 'node:worker_threads'
import { afterEach, expect, it, vi } from 'vitest'
import type { JobStore } from '../../../src/jobs/model/store.ts'
import { sqliteStore } from '../../../src/jobs/store/sqlite/store.ts'
import { freshDirectory } from './directories.ts'
import { attempt, changeOf, claimAll, clock, ended, newJob, submit, submitAndBegin } from './jobs.ts'

const posted = vi.spyOn(Worker.prototype, 'postMessage')
afterEach(() => void posted.mockClear())

// The latest thread of the store that was used last.
async function kill(): Promise<void> {
  const thread = posted.mock.contexts.at(-1)
  if (thread instanceof Worker) await thread.terminate()
}

async function killed<Value>(asked: Promise<Value>): Promise<Value> {
  await new Promise((settle) => process.nextTick(settle)) // it is posted then
  const [value] = await Promise.all([asked, kill()]) // the next call must not reach a thread that is ending
  return value
}

async function withStore(use: (store: JobStore) => Promise<void>): Promise<void> {
  const store = sqliteStore(freshDirectory(), clock)
  await use(store)
  await store.stop()
}

it('starts another one, which is asked again, and goes on reporting changes', () =>
  withStore(async (store) => {
    const told = changeOf(store, ({ state }) => state === 'CANCELLED')
    const id = await submit(store)
    expect(await killed(store.find(id))).toMatchObject({ id })
    expect(await store.cancel(id)).toMatchObject({ state: 'CANCELLED' })
    expect(await told).toMatchObject({ id })
  }))

it('leaves a submit in doubt, which is stored once, whether it was committed or not', () =>
  withStore(async (store) => {
    const first = await submit(store)
    for (const waits of [0, 1, 2, 5]) {
      const job = newJob()
      const submitted = store.submit(job, { queueLimit: 100 })
      await new Promise((settle) => setTimeout(settle, waits))
      expect(await killed(submitted)).toMatchObject({ type: 'accepted', job: { id: job.id } })
    }
    const ids = await claimAll(store)
    expect([ids.length, new Set(ids).size, ids[0]]).toEqual([5, 5, first])
    expect(await store.count()).toMatchObject({ inQueue: 5 })
  }))

it('leaves an end in doubt, which is decided once', () =>
  withStore(async (store) => {
    for (const waits of [0, 1, 2, 5]) {
      const id = await submitAndBegin(store)
      const finished = store.finish(attempt(id), ended())
      await new Promise((settle) => setTimeout(settle, waits))
      expect(await killed(finished)).toMatchObject({ state: 'COMPLETED' })
    }
    expect(await store.count()).toMatchObject({ completed: 4 })
  }))

it('has the state of watched jobs reported again (level-triggered)', () =>
  withStore(async (store) => {
    const id = await submit(store)
    const told: string[] = []
    const again = Promise.withResolvers<void>()
    store.onChange({
      changed: ({ state }) => {
        told.push(state)
        again.resolve()
      },
      missed: () => [id],
    })
    await store.find(id)
    void kill()
    await again.promise
    expect(told).toEqual(['IN_QUEUE'])
  }))
