// The thread of a store that ends before its time.

import { Worker } from 'node:worker_threads'
import { expect, it, vi } from 'vitest'
import { StoreError } from '../../../src/jobs/model/store.ts'
import { sqliteStore } from '../../../src/jobs/store/sqlite.ts'
import { freshDirectory } from './directories.ts'
import { changeOf, start, submit } from './jobs.ts'

it('fails what it was asked, and the next call starts another one, which goes on telling of changes', async () => {
  const posted = vi.spyOn(Worker.prototype, 'postMessage')
  const store = sqliteStore(freshDirectory())
  const told = changeOf(store, (_id, job) => job?.state === 'CANCELLED')
  const id = await submit(store)
  const thread = posted.mock.contexts[0]
  const asked = store.find(id)
  if (thread instanceof Worker) void thread.terminate()
  await expect(asked).rejects.toThrow(StoreError)
  expect(await store.cancel(id, start)).toMatchObject({ state: 'CANCELLED' })
  expect(await told).toMatchObject({ id })
  await store.stop()
})
