// The real server in front of a store that it cannot open (jobs.md DUR-1, DUR-3).

import { renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { freshFolder, settled } from '../../harness/jobClient.ts'
import { ask } from '../../harness/jobServing.ts'
import { sqliteStore } from '../../../src/jobs/store/sqlite/store.ts'
import { newJob } from '../store/jobs.ts'
import { startServer } from './servers.ts'

async function folderWithJob(id: string): Promise<string> {
  const folder = freshFolder()
  const store = sqliteStore(folder)
  await store.submit(newJob({ id, input: Buffer.from('"kept"') }), { queueLimit: 10 })
  await store.stop()
  return folder
}

describe('a server that cannot open the store of jobs from before', () => {
  it('knows of no job that it is gone, and goes on with all of them by itself when it can (A-3, DUR-3)', async () => {
    const id = 'b0d4cb2e-6a52-4f5e-9a43-0d2f4f8f7a11'
    const folder = await folderWithJob(id)
    const [file, aside] = [join(folder, 'jobs.db'), join(folder, 'aside')]
    renameSync(file, aside)
    writeFileSync(file, 'no database, and long enough to be taken for one'.repeat(100))
    await using server = await startServer('node', 'echo.handler', folder)
    await server.program.line('jobs from before wait: their store cannot be opened')
    for (const path of [`/status/${id}`, `/_/jobs/${id}`]) {
      const { status, headers } = await ask(server, 'GET', path)
      expect([status, headers.get('x-fnbox-fault')]).toEqual([503, 'store_unavailable'])
    }
    renameSync(aside, file)
    await server.program.line('jobs from before go on')
    expect(await settled(server, id)).toMatchObject({ status: 'COMPLETED', output: 'kept' })
  })

  it('refuses jobs with a reason when it cannot start the thread of the store (DUR-1)', async () => {
    const permissions = '--permission --allow-fs-read=* --allow-fs-write=* --allow-child-process'
    const within = ['env', `NODE_OPTIONS=${permissions}`]
    await using server = await startServer('python', 'echo.handler', freshFolder(), [], within)
    const { status, headers, json } = await ask(server, 'POST', '/run', { body: '{"input":1}' })
    expect([status, headers.get('x-fnbox-fault')]).toEqual([503, 'store_unavailable'])
    expect(json).toMatchObject({ error: expect.stringContaining('its thread cannot be started') as unknown })
  })
})
