// A disk that is full or forbids writing, a file that is none of ours: a StoreError that says so, and nothing has changed.

import { mkdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { describe, expect, it } from 'vitest'
import { StoreError } from '../../../src/jobs/model/store.ts'
import { sqliteStore } from '../../../src/jobs/store/sqlite/store.ts'
import { freshDirectory } from './directories.ts'
import { clock, newJob, submit } from './jobs.ts'
import { canMount, storeOnSmallDisk } from './processes.ts'

const terms = { queueLimit: 1000 }

describe('a file that is no store of ours', () => {
  it('is refused at the start, by name, when it is no database', async () => {
    const directory = freshDirectory()
    writeFileSync(join(directory, 'jobs.db'), 'this is no database at all, but it is long enough'.repeat(100))
    const store = sqliteStore(directory, clock)
    const refused = store.start()
    await expect(refused).rejects.toThrow(StoreError)
    await expect(refused).rejects.toThrow(`${join(directory, 'jobs.db')}: file is not a database`)
    await store.stop()
  })

  it('is refused when its end is missing', async () => {
    const directory = freshDirectory()
    const before = sqliteStore(directory, clock)
    await submit(before)
    await before.stop()
    const file = join(directory, 'jobs.db')
    truncateSync(file, Math.floor(readFileSync(file).length / 2))
    const store = sqliteStore(directory, clock)
    await expect(store.start()).rejects.toThrow(/jobs\.db: .*malformed/)
    await store.stop()
  })

  it('is refused when a newer fnbox takes no writers of this version any more', async () => {
    const directory = freshDirectory()
    const [store, other] = [sqliteStore(directory, clock), sqliteStore(directory, clock)]
    await submit(store)
    setVersions(directory, 99, 98)
    await expect(other.start()).rejects.toThrow('takes writers of schema version 98')
    await expect(submit(store)).rejects.toThrow(/StoreError|update fnbox/)
    await Promise.all([store.stop(), other.stop()])
  })

  it('is shared with a newer fnbox that still takes writers of this version', async () => {
    const directory = freshDirectory()
    const [store, other] = [sqliteStore(directory, clock), sqliteStore(directory, clock)]
    const id = await submit(store)
    setVersions(directory, 99, 1)
    await other.start()
    expect(await other.cancel(id)).toMatchObject({ state: 'CANCELLED' })
    await Promise.all([store.stop(), other.stop()])
  })

  it('is refused when it is a folder; it works when that is out of the way', async () => {
    const directory = freshDirectory()
    const store = sqliteStore(join(directory, 'data'), clock)
    writeFileSync(join(directory, 'data'), 'a file where the folder should be')
    await expect(submit(store)).rejects.toThrow(StoreError)
    expect(await store.find('x')).toBeUndefined()
    const other = sqliteStore(directory, clock)
    mkdirSync(join(directory, 'jobs.db'))
    await expect(other.start()).rejects.toThrow(StoreError)
    await Promise.all([store.stop(), other.stop()])
  })
})

function setVersions(directory: string, version: number, oldestWriter: number): void {
  const database = new DatabaseSync(join(directory, 'jobs.db'))
  database.exec(`UPDATE store SET version = ${version}, oldestWriter = ${oldestWriter}`)
  database.close()
}

describe.skipIf(!canMount())('a disk', () => {
  it('that is full fails what writes, answers what reads, and works again when there is room (DUR-1)', async () => {
    await using store = storeOnSmallDisk(freshDirectory())
    const kept = newJob()
    await store.submit(kept, terms)
    await store.disk('fill')
    const large = { input: Buffer.alloc(64 * 1024, 'x') }
    const refused = await Promise.allSettled([1, 2, 3].map(() => store.submit(newJob(large), terms)))
    expect(refused.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected'])
    await expect(store.submit(newJob(large), terms)).rejects.toThrow(/StoreError: .*jobs\.db: .*full/)
    expect(await store.find(kept.id)).toMatchObject({ state: 'IN_QUEUE' })
    await store.disk('empty')
    expect(await store.submit(newJob(large), terms)).toMatchObject({ type: 'accepted' })
    expect(await store.cancel(kept.id)).toMatchObject({ state: 'CANCELLED' })
  })

  it('that forbids writing fails what writes, answers what reads, and works again (DUR-1)', async () => {
    await using store = storeOnSmallDisk(freshDirectory())
    await store.disk('forbid')
    await store.start()
    await expect(store.submit(newJob(), terms)).rejects.toThrow(/StoreError: .*(read-only|EROFS)/)
    expect(await store.find('x')).toBeUndefined()
    await store.disk('allow')
    expect(await store.submit(newJob(), terms)).toMatchObject({ type: 'accepted' })
  })
})
