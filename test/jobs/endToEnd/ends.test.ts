// How processes end jobs, and what a job may do to its instance (jobs.md §10.6, DUR-5, CTL-9).

import { cpSync, existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { eventually } from '../../harness/calling.ts'
import { cancel, freshFolder, get, reached, run, runSync, settled, status } from '../../harness/jobClient.ts'
import { bothLanguages, functionsIn, serve, serveFrom, type Serving } from '../../harness/serving.ts'
import type { Health } from './health.ts'

const scripts = { python: 'job_works.py', node: 'job_works.mjs' }

describe.each(bothLanguages)('a job (%s)', (language) => {
  let serving: Serving

  const jobs = freshFolder(afterAll)

  beforeAll(async () => {
    serving = await serve(language, scripts[language], { 'data-dir': jobs })
  })
  afterAll(() => serving[Symbol.asyncDispose]())

  it('whose process exits, or is killed, fails with the code or the signal (DUR-5, NODE-8)', async () => {
    expect(await runSync(serving, { exit: 3 })).toMatchObject({
      status: 'FAILED',
      error: 'process exited with code 3 before the job finished',
    })
    expect(await runSync(serving, { exit: 0 })).toMatchObject({
      status: 'FAILED',
      error: 'process exited with code 0 before the job finished',
    })
    expect(await runSync(serving, { kill: 'SIGKILL' })).toMatchObject({
      status: 'FAILED',
      error: 'process was killed by SIGKILL before the job finished',
    })
    const next = await runSync(serving, { return: 'next' })
    expect(next).toMatchObject({ status: 'COMPLETED', output: 'next' })
    expect(next).not.toHaveProperty('retries')
  })

  it('shows its progress in /status while it runs, and its output afterwards (W-14)', async () => {
    const gate = join(freshFolder(), 'gate')
    const id = await run(serving, { progress: { step: 2 }, await: gate, return: 'done' })
    await eventually(async () => 'output' in (await status(serving, id)))
    const running = await status(serving, id)
    expect(running).toMatchObject({ status: 'IN_PROGRESS', output: { step: 2 } })
    await eventually(
      async () => ((await status(serving, id)).executionTime ?? 0) > (running.executionTime ?? 0),
    )
    writeFileSync(gate, '')
    expect(await settled(serving, id)).toMatchObject({ status: 'COMPLETED', output: 'done' })
  })

  it('that asks for it has its instance replaced: the next one finds a fresh module (W-12)', async () => {
    await using fresh = await serve(language, scripts[language], { 'data-dir': freshFolder() })
    expect(await runSync(fresh, { count: 'and stay' })).toMatchObject({ output: { jobs: 1 } })
    expect(await runSync(fresh, { count: 'refresh' })).toMatchObject({ output: { jobs: 2 } })
    expect(await runSync(fresh, { count: 'and stay' })).toMatchObject({ output: { jobs: 1 } })
    expect((await get<Health>(fresh, '/health')).workers).toMatchObject({ ready: 1, unhealthy: 0 })
  })

  it('is queued again when its process ended, as often as --reschedule says (DUR-5, CTL-7)', async () => {
    const folder = freshFolder()
    await using patient = await serve(language, scripts[language], { 'data-dir': folder, reschedule: '2' })
    const healed = await runSync(patient, { 'exit once': join(folder, 'once'), return: 'healed' })
    expect(healed).toMatchObject({ status: 'COMPLETED', output: 'healed', retries: 1 })
    expect(await runSync(patient, { exit: 4 })).toMatchObject({
      status: 'FAILED',
      error: 'process exited with code 4 before the job finished',
      retries: 2,
    })
    expect((await get<Health>(patient, '/health')).jobs).toMatchObject({
      completed: 1,
      failed: 1,
      retried: 3,
    })
  })

  it('meets another one in its instance where concurrency_modifier, or --concurrency, says so (W-13)', async () => {
    const root = functionsIn(language)
    const flags = { 'data-dir': freshFolder() }
    await using modified = await serveFrom(root, scripts[language], flags, ['concurrent'])
    const [one, two] = await Promise.all([runSync(modified, { meet: 2 }), runSync(modified, { meet: 2 })])
    expect([one, two]).toMatchObject([{ status: 'COMPLETED' }, { status: 'COMPLETED' }])
    expect(one.workerId).toBe(two.workerId)
    await using wide = await serve(language, scripts[language], {
      'data-dir': freshFolder(),
      concurrency: '2',
    })
    const [three, four] = await Promise.all([runSync(wide, { meet: 2 }), runSync(wide, { meet: 2 })])
    expect(three.workerId).toBe(four.workerId)
  })

  it('takes others of its instance along when it cannot be stopped (CTL-4, DUR-5)', async () => {
    await using wide = await serve(language, scripts[language], {
      'data-dir': freshFolder(),
      concurrency: '2',
    })
    const started = join(freshFolder(), 'started')
    const other = await run(wide, { await: '/nowhere' })
    await reached(wide, other, 'IN_PROGRESS')
    const looping = await run(wide, { touch: started, loop: true })
    await eventually(() => existsSync(started))
    await cancel(wide, looping)
    expect(await settled(wide, other)).toMatchObject({
      status: 'FAILED',
      error: 'process was killed by SIGKILL before the job finished',
    })
    expect(await runSync(wide, { return: 'next' })).toMatchObject({ output: 'next' })
  })

  it('waits while its script cannot be loaded, /health says why; it runs when it can (CTL-8, CTL-9)', async () => {
    const root = freshFolder()
    const script = scripts[language]
    writeFileSync(
      join(root, script),
      language === 'python' ? 'raise ValueError("no model")' : 'throw new RangeError("no model")',
    )
    await using broken = await serveFrom(root, script, { 'data-dir': join(root, 'data') })
    const id = await run(broken, { return: 'at last' })
    const health = await get<Health>(broken, '/health')
    expect(health.workers).toMatchObject({ unhealthy: 1, ready: 0 })
    expect(health.lastError).toContain('no model')
    expect(await status(broken, id)).toMatchObject({ status: 'IN_QUEUE' })
    cpSync(join(functionsIn(language), script), join(root, script))
    expect(await settled(broken, id)).toMatchObject({ status: 'COMPLETED', output: 'at last' })
    const after = await get<Health>(broken, '/health')
    expect(after.workers).toMatchObject({ unhealthy: 0, ready: 1 })
    expect(after).not.toHaveProperty('lastError')
  })

  it('of low priority starts no instance beside the first; another one does (C-3)', async () => {
    const gate = join(freshFolder(), 'gate')
    await using wide = await serve(language, scripts[language], {
      'data-dir': freshFolder(),
      instances: '2',
      'min-instances': '0',
    })
    const policy = { lowPriority: true }
    const low = [await run(wide, { await: gate }, { policy }), await run(wide, { await: gate }, { policy })]
    await reached(wide, low[0] ?? '', 'IN_PROGRESS')
    expect(await status(wide, low[1] ?? '')).toMatchObject({ status: 'IN_QUEUE' })
    expect(wide.pids).toHaveLength(1)
    const normal = await run(wide, { await: gate })
    await eventually(() => wide.pids.length === 2)
    writeFileSync(gate, '')
    for (const id of [...low, normal]) expect(await settled(wide, id)).toMatchObject({ status: 'COMPLETED' })
  })
})
