// The store in a file: the contract, and where and how the file lies.

import { existsSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { sqliteStore } from '../../../src/jobs/store/sqlite/store.ts'
import { describeStore } from './contract.ts'
import { freshDirectory } from './directories.ts'
import { append, attempt, claimAll, claimNext, clock, ended, minute, submit, submitAndBegin } from './jobs.ts'

const shelf = mkdtempSync(join(tmpdir(), 'fnbox-test-'))
afterAll(() => rmSync(shelf, { recursive: true, force: true }))

describeStore('SQLite', () => sqliteStore(mkdtempSync(join(shelf, 'store-')), clock))

describe('the file of a store', () => {
  it('is made with the first job, folder and all; before that the store is empty', async () => {
    const directory = join(freshDirectory(), 'new', 'data')
    const store = sqliteStore(directory, clock)
    await store.start()
    expect(await claimNext(store, 'r1')).toBeUndefined()
    expect(await store.sweep({ attempts: 3 })).toBeUndefined()
    expect(await store.count()).toEqual({ inQueue: 0, inProgress: 0, completed: 0, failed: 0, retried: 0 })
    expect(existsSync(directory)).toBe(false)
    const id = await submit(store)
    expect(await store.find(id)).toBeDefined()
    await store.stop()
  })

  it('is readable by its owner only, and so is what lies beside it (DUR-7)', async () => {
    const directory = freshDirectory()
    const store = sqliteStore(directory, clock)
    await submit(store)
    const modes = readdirSync(directory).map((name) => [name, statSync(join(directory, name)).mode & 0o777])
    expect(Object.fromEntries(modes)).toEqual({
      'jobs.db': 0o600,
      'jobs.db-wal': 0o600,
      'jobs.db-shm': 0o600,
    })
    await store.stop()
  })

  it('holds everything when it is opened again', async () => {
    const directory = freshDirectory()
    const before = sqliteStore(directory, clock)
    const done = await submitAndBegin(before, { notify: true })
    await append(before, done, 1, [Buffer.from('1')])
    await before.finish(attempt(done, 1), ended('COMPLETED', { output: 'chunks' }))
    const queued = [await submit(before), await submit(before)]
    const [job, counts] = [await before.find(done), await before.count()]
    await before.stop()
    const after = sqliteStore(directory, clock)
    await after.start()
    expect(await after.find(done)).toEqual(job)
    expect(await after.count()).toEqual(counts)
    expect(await after.dueDeliveries(10, minute)).toHaveLength(1)
    expect(await claimAll(after)).toEqual(queued)
    await after.stop()
  })
})
