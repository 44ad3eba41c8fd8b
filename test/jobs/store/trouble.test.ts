// A disk that is full or forbids writing, a file that is none of ours: a StoreError that says so, and nothing has changed.

import { mkdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { describe, expect, it } from 'vitest'
import { StoreError } from '../../../src/jobs/model/store.ts'
import { sqliteStore } from '../../../src/jobs/store/sqlite.ts'
import { freshDirectory } from './directories.ts'
import { newJob, start, submit } from './jobs.ts'
import { canMount, storeOnSmallDisk } from './processes.ts'

const terms = { queueLimit: 1000 }

describe('a file that is no store of ours', () => {
  it('is refused at the start, by name, when it is no database', async () => {
    const directory = freshDirectory()
    writeFileSync(join(directory, 'jobs.db'), 'this is no database at all, but it is long enough'.repeat(100))
    const store = sqliteStore(directory)
    const refused = store.start()
    await expect(refused).rejects.toThrow(StoreError)
    await expect(refused).rejects.toThrow(`${join(directory, 'jobs.db')}: file is not a database`)
    await store.stop()
  })

  it('is refused when its end is missing', async () => {
    const directory = freshDirectory()
    const before = sqliteStore(directory)
    await submit(before)
    await before.stop()
    const file = join(directory, 'jobs.db')
    truncateSync(file, Math.floor(readFileSync(file).length / 2))
    const store = sqliteStore(directory)
    await expect(store.start()).rejects.toThrow(/jobs\.db: .*malformed/)
    await store.stop()
  })

  it('is refused when another version of fnbox has made it', async () => {
    const directory = freshDirectory()
    const foreign = new DatabaseSync(join(directory, 'jobs.db'))
    foreign.exec('PRAGMA user_version = 99')
    foreign.close()
    const store = sqliteStore(directory)
    await expect(store.start()).rejects.toThrow('it has version 99')
    await store.stop()
  })

  it('is refused when it is a folder; it works when that is out of the way', async () => {
    const directory = freshDirectory()
    const store = sqliteStore(join(directory, 'data'))
    writeFileSync(join(directory, 'data'), 'a file where the folder should be')
    await expect(submit(store)).rejects.toThrow(StoreError)
    expect(await store.find('x')).toBeUndefined()
    const other = sqliteStore(directory)
    mkdirSync(join(directory, 'jobs.db'))
    await expect(other.start()).rejects.toThrow(StoreError)
    await Promise.all([store.stop(), other.stop()])
  })
})

describe.skipIf(!canMount())('a disk', () => {
  it('that is full fails what writes, answers what reads, and works again when there is room (DUR-1)', async () => {
    await using store = storeOnSmallDisk(freshDirectory())
    const kept = newJob()
    await store.submit(kept, terms, start)
    await store.disk('fill')
    const large = { input: Buffer.alloc(64 * 1024, 'x') }
    const refused = await Promise.allSettled([1, 2, 3].map(() => store.submit(newJob(large), terms, start)))
    expect(refused.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected'])
    await expect(store.submit(newJob(large), terms, start)).rejects.toThrow(/StoreError: .*jobs\.db: .*full/)
    expect(await store.find(kept.id)).toMatchObject({ state: 'IN_QUEUE' })
    await store.disk('empty')
    expect(await store.submit(newJob(large), terms, start)).toMatchObject({ type: 'accepted' })
    expect(await store.cancel(kept.id, start)).toMatchObject({ state: 'CANCELLED' })
  })

  it('that forbids writing fails what writes, answers what reads, and works again (DUR-1)', async () => {
    await using store = storeOnSmallDisk(freshDirectory())
    await store.disk('forbid')
    await store.start()
    await expect(store.submit(newJob(), terms, start)).rejects.toThrow(/StoreError: .*(read-only|EROFS)/)
    expect(await store.find('x')).toBeUndefined()
    await store.disk('allow')
    expect(await store.submit(newJob(), terms, start)).toMatchObject({ type: 'accepted' })
  })
})
