// The orderly stop of a server that has jobs (interface.md §6, jobs.md DUR-4).

import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { eventually } from '../../harness/calling.ts'
import {
  freshFolder,
  get,
  post,
  reached,
  run,
  settled,
  status,
  stream,
  type JobObject,
} from '../../harness/jobClient.ts'
import { bothLanguages, serve } from '../../harness/serving.ts'
import type { Health } from './health.ts'
import { startServer } from './servers.ts'

const scripts = { python: 'job_works.py', node: 'job_works.mjs' }

describe.each(bothLanguages)('a server that is stopped (%s)', (language) => {
  const script = scripts[language]

  it('finishes the running job, keeps the queued one, answers who waits, and exits 0 (SYN-4, DUR-4)', async () => {
    const folder = freshFolder()
    const gate = join(folder, 'gate')
    let running: string
    let queued: string
    {
      await using server = await startServer(language, script, folder)
      running = await run(server, { await: gate, return: 'finished' })
      await reached(server, running, 'IN_PROGRESS')
      queued = await run(server, { return: 'later' })
      const held = [
        settled(server, running),
        settled(server, queued),
        stream(server, running),
        post<JobObject>(server, '/runsync', { input: {} }),
      ]
      // Each of them has a connection of its own; the last one is in the queue when it is held.
      await eventually(async () => (await get<Health>(server, '/health')).jobs.inQueue === 2)
      server.program.signal('SIGTERM')
      const answers = await Promise.all(held)
      expect(answers.map((answer) => answer.status)).toEqual([
        'IN_PROGRESS',
        'IN_QUEUE',
        'IN_PROGRESS',
        'IN_QUEUE',
      ])
      writeFileSync(gate, '')
      expect((await server.program.ended).code).toBe(0)
    }
    await using server = await startServer(language, script, folder, ['--job-attempts', '1'])
    expect(await settled(server, running)).toMatchObject({ status: 'COMPLETED', output: 'finished' })
    expect(await settled(server, queued)).toMatchObject({ status: 'COMPLETED', output: 'later' })
  })

  it('puts a job back that does not end in time, at the front and without counting it (DUR-4)', async () => {
    const folder = freshFolder()
    const gate = join(folder, 'gate')
    const flags = ['--job-attempts', '1', '--drain-timeout', '50ms']
    let cut: string
    {
      await using server = await startServer(language, script, folder, flags)
      cut = await run(server, { await: gate, return: 'again' })
      await reached(server, cut, 'IN_PROGRESS')
      server.program.signal('SIGTERM')
      expect((await server.program.ended).code).toBe(0)
    }
    writeFileSync(gate, '')
    await using server = await startServer(language, script, folder, flags)
    const ended = await settled(server, cut)
    expect(ended).toMatchObject({ status: 'COMPLETED', output: 'again' })
    expect(ended).not.toHaveProperty('retries')
  })

  it('stops at once at a second signal, with 143; the job runs again at the next start (DUR-4)', async () => {
    const folder = freshFolder()
    const started = join(folder, 'started')
    const gate = join(folder, 'gate')
    let id: string
    {
      await using server = await startServer(language, script, folder)
      id = await run(server, { touch: started, await: gate, return: 'again' })
      await eventually(() => existsSync(started))
      server.program.signal('SIGTERM')
      await server.program.line('SIGTERM: ')
      server.program.signal('SIGTERM')
      expect((await server.program.ended).code).toBe(143)
    }
    writeFileSync(gate, '')
    await using server = await startServer(language, script, folder)
    expect(await settled(server, id)).toMatchObject({ status: 'COMPLETED', output: 'again' })
  })

  it('is not held up by queued jobs, however it is ended: none of them is lost (DUR-4)', async () => {
    const folder = freshFolder()
    const ids: string[] = []
    {
      const serving = await serve(language, script, { 'data-dir': folder, instances: '2' })
      for (let count = 0; count < 10; count++) ids.push(await run(serving, { await: '/nowhere' }))
      await reached(serving, ids[0] ?? '', 'IN_PROGRESS')
      await serving.app.kill()
      await serving.app.stop()
    }
    await using serving = await serve(language, script, { 'data-dir': folder, instances: '2' })
    for (const id of ids) expect((await status(serving, id)).status).toMatch(/^IN_/)
  })
})
