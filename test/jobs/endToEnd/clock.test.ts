// The real server on a machine that has slept, or whose clock was set (jobs.md DUR-6).

import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { eventually } from '../../harness/calling.ts'
import { freshFolder, reached, run, settled, status } from '../../harness/jobClient.ts'
import { ask } from '../../harness/jobServing.ts'
import { serve } from '../../harness/serving.ts'

afterEach(() => vi.useRealTimers())

describe('a clock that goes ahead by more than a lease', () => {
  it('takes no job from the server that runs it (C-1, DUR-4)', async () => {
    const folder = freshFolder()
    const gate = join(folder, 'gate')
    await using serving = await serve('node', 'job_works.mjs', { 'data-dir': folder })
    const running = await run(serving, { await: gate, return: 'once' })
    await reached(serving, running, 'IN_PROGRESS')
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 60_000 })
    const expiring = await run(serving, {}, { policy: { ttl: 1 } }) // what time does to jobs is looked at now
    vi.setSystemTime(Date.now() + 1) // it stands still between the jumps
    await eventually(async () => (await ask(serving, 'GET', `/status/${expiring}`)).status === 404)
    expect(await status(serving, running)).toMatchObject({ status: 'IN_PROGRESS' })
    writeFileSync(gate, '')
    expect(await settled(serving, running)).toMatchObject({ status: 'COMPLETED', output: 'once' })
  })
})
