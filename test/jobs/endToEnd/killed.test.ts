// `kill -9` of the server in the middle of its work, and what the next one makes of it (jobs.md §15).

import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { eventually } from '../../harness/calling.ts'
import { freshFolder, get, run, settled, status } from '../../harness/jobClient.ts'
import { bothLanguages } from '../../harness/serving.ts'
import type { Health } from './health.ts'
import { kill, startServer } from './servers.ts'

const scripts = { python: 'job_works.py', node: 'job_works.mjs' }

function linesOf(file: string): string[] {
  return existsSync(file) ? readFileSync(file, 'utf8').trim().split('\n') : []
}

describe.concurrent.each(bothLanguages)('a server that is killed (%s)', (language) => {
  it('loses none of two hundred jobs, and runs none again that was seen COMPLETED (DUR-1, DUR-2, DUR-3, DUR-4)', async ({
    onTestFinished,
  }) => {
    const folder = freshFolder(onTestFinished)
    const ran = join(folder, 'ran')
    const seen: string[] = []
    const ids: string[] = []
    const gate = join(folder, 'gate')
    const numbers = Array.from({ length: 200 }, (_, number) => number)
    // The last fifty cannot end before the kill.
    const toInput = (number: number): object => ({
      works: 5,
      append: ran,
      return: { number },
      ...(number < 150 ? {} : { await: gate }),
    })
    {
      await using server = await startServer(language, scripts[language], folder, ['--instances', '3'])
      ids.push(...(await Promise.all(numbers.map((number) => run(server, toInput(number))))))
      await eventually(async () => (await get<Health>(server, '/health')).jobs.completed >= 40)
      const jobs = await Promise.all(ids.map((id) => status(server, id)))
      await kill(server)
      seen.push(...jobs.filter((job) => job.status === 'COMPLETED').map(({ id }) => id))
    }
    expect(seen.length).toBeGreaterThanOrEqual(40)
    writeFileSync(gate, '')
    await using server = await startServer(language, scripts[language], folder, ['--instances', '3'])
    const ended = await Promise.all(ids.map((id) => settled(server, id)))
    expect(ended.map(({ status: state, output }) => ({ state, output }))).toEqual(
      numbers.map((number) => ({ state: 'COMPLETED', output: { number } })),
    )
    const lines = linesOf(ran)
    expect(new Set(lines)).toEqual(new Set(ids))
    for (const id of seen) expect(lines.filter((line) => line === id)).toHaveLength(1)
    expect((await get<Health>(server, '/health')).jobs).toMatchObject({ completed: 200, failed: 0 })
  })

  it('gives a job as many attempts as it may have, and then fails it (DUR-4)', async ({ onTestFinished }) => {
    const folder = freshFolder(onTestFinished)
    const started = join(folder, 'started')
    const flags = ['--job-attempts', '1']
    let id: string
    let ranMs = 0
    {
      await using server = await startServer(language, scripts[language], folder, flags)
      id = await run(server, { touch: started, await: '/nowhere' })
      await eventually(() => existsSync(started))
      const since = performance.now()
      await new Promise((settle) => setTimeout(settle, 100))
      ranMs = performance.now() - since
      await kill(server)
    }
    await using server = await startServer(language, scripts[language], folder, flags)
    const { executionTime, ...ended } = await settled(server, id)
    expect(ended).toMatchObject({ status: 'FAILED', error: 'lost with its container 1 time' })
    expect(executionTime).toBeGreaterThanOrEqual(Math.floor(ranMs))
  })
})
