// Jobs that are stopped: by who has submitted them, by their time limits; and what comes after (jobs.md §7).

import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { eventually } from '../../harness/calling.ts'
import { ask } from '../../harness/jobServing.ts'
import {
  cancel,
  freshFolder,
  get,
  post,
  reached,
  run,
  runSync,
  settled,
  status,
  stream,
  type JobObject,
} from '../../harness/jobClient.ts'
import { bothLanguages, serve, type Serving } from '../../harness/serving.ts'

const scripts = {
  python: { works: 'job_works.py', yields: 'job_yields.py' },
  node: { works: 'job_works.mjs', yields: 'job_yields.mjs' },
}

describe.each(bothLanguages)('a job (%s)', (language) => {
  let serving: Serving
  let yielding: Serving

  const [jobs, others] = [freshFolder(afterAll), freshFolder(afterAll)]

  beforeAll(async () => {
    const flags = { 'data-dir': jobs }
    serving = await serve(language, scripts[language].works, flags)
    yielding = await serve(language, scripts[language].yields, { 'data-dir': others })
  })
  afterAll(async () => {
    await Promise.all([serving[Symbol.asyncDispose](), yielding[Symbol.asyncDispose]()])
  })

  async function runsNext(to: Serving = serving): Promise<JobObject> {
    return settled(to, await run(to, to === serving ? { return: 'next' } : { chunks: 1 }))
  }

  it('that waits in the queue is cancelled at once, and never runs (CTL-1)', async () => {
    const folder = freshFolder()
    const first = await run(serving, { await: join(folder, 'gate') })
    await reached(serving, first, 'IN_PROGRESS')
    const second = await run(serving, { touch: join(folder, 'ran') })
    expect(await cancel(serving, second)).toEqual({ id: second, status: 'CANCELLED' })
    expect(await status(serving, second)).toMatchObject({
      status: 'CANCELLED',
      executionTime: 0,
      workerId: '',
    })
    await cancel(serving, first)
    expect(await runsNext()).toMatchObject({ status: 'COMPLETED', output: 'next' })
    expect(existsSync(join(folder, 'ran'))).toBe(false)
  })

  it('that awaits something is cancelled without its instance being replaced (CTL-1, CTL-3, NODE-4)', async () => {
    const before = serving.pids.length
    const id = await run(serving, { await: '/nowhere' })
    await reached(serving, id, 'IN_PROGRESS')
    expect(await cancel(serving, id)).toEqual({ id, status: 'CANCELLED' })
    const ended = await status(serving, id)
    expect(ended).toMatchObject({ status: 'CANCELLED', workerId: expect.stringMatching(/^i-/) })
    expect(ended).not.toHaveProperty('output')
    expect(ended).not.toHaveProperty('error')
    expect(await runsNext()).toMatchObject({ status: 'COMPLETED', workerId: ended.workerId })
    expect(serving.pids).toHaveLength(before)
  })

  it('that loops is cancelled at once, and its instance is replaced (CTL-3)', async () => {
    const started = join(freshFolder(), 'started')
    const id = await run(serving, { touch: started, loop: true })
    await eventually(() => existsSync(started))
    expect(await cancel(serving, id)).toEqual({ id, status: 'CANCELLED' })
    const { workerId } = await status(serving, id)
    const next = await runsNext()
    expect(next.status).toBe('COMPLETED')
    expect(next.workerId).not.toBe(workerId)
  })

  it('that streams is cancelled with its chunks kept, and its generator runs its finally (CTL-3, §10.5)', async () => {
    const gates = freshFolder()
    const end = join(gates, 'end')
    writeFileSync(join(gates, '0'), '')
    const id = await run(yielding, { chunks: 2, gates, finally: end })
    expect((await stream(yielding, id)).stream).toEqual([{ output: { index: 0 } }])
    expect(await cancel(yielding, id)).toEqual({ id, status: 'CANCELLED' })
    await eventually(() => existsSync(end))
    expect(await stream(yielding, id)).toEqual({ status: 'CANCELLED', stream: [] })
    const kept = await get(yielding, `/stream/${id}?from=0`)
    expect(kept).toMatchObject({ status: 'CANCELLED', stream: [{ index: 0, output: { index: 0 } }] })
    expect(await runsNext(yielding)).toMatchObject({ status: 'COMPLETED' })
    expect(yielding.pids).toHaveLength(1)
  })

  it('that has ended is not changed by a cancel (CTL-2)', async () => {
    const { id } = await runsNext()
    expect(await cancel(serving, id)).toEqual({ id, status: 'COMPLETED' })
    expect(await status(serving, id)).toMatchObject({ status: 'COMPLETED', output: 'next' })
  })

  it('that exceeds its executionTimeout is TIMED_OUT, and says so; /retry runs it again (REQ-4, CTL-5)', async () => {
    const gate = join(freshFolder(), 'gate')
    const policy = { executionTimeout: 200 }
    const id = await run(serving, { await: gate, return: 'late' }, { policy })
    const ended = await settled(serving, id)
    expect(ended).toMatchObject({ status: 'TIMED_OUT', error: 'executionTimeout of 200 ms exceeded' })
    expect(await runsNext()).toMatchObject({ status: 'COMPLETED' })
    await runSync(serving, { touch: gate })
    expect(await post(serving, `/retry/${id}`, {})).toEqual({ id, status: 'IN_QUEUE' })
    expect(await settled(serving, id)).toMatchObject({ status: 'COMPLETED', output: 'late' })
  })

  it('that loops beyond its executionTimeout is TIMED_OUT, and the next one runs (REQ-4, CTL-3)', async () => {
    const ended = await runSync(serving, { loop: true }, { policy: { executionTimeout: 100 } })
    expect(ended).toMatchObject({ status: 'TIMED_OUT', error: 'executionTimeout of 100 ms exceeded' })
    expect(await runsNext()).toMatchObject({ status: 'COMPLETED' })
  })

  it('that is retried while its handler has not let go runs again when it has (CTL-5, C-1)', async () => {
    const folder = freshFolder()
    await using wide = await serve(language, scripts[language].works, {
      instances: '2',
      'min-instances': '2',
      'data-dir': folder,
    })
    const refused: string[] = []
    wide.app.events.on('request-refused', ({ fault }) => refused.push(fault.message))
    const letGo = join(folder, 'let go')
    const policy = { executionTimeout: 200 }
    const id = await run(wide, { linger: letGo }, { policy })
    expect(await settled(wide, id)).toMatchObject({ status: 'TIMED_OUT' })
    await post(wide, `/retry/${id}`, {})
    // Somebody else's job makes the server look into the queue.
    expect(await runSync(wide, { touch: letGo, return: 'other' })).toMatchObject({ output: 'other' })
    expect(await settled(wide, id)).toMatchObject({ status: 'TIMED_OUT' })
    expect(refused).toEqual([])
  })

  it('whose ttl ends while it runs is told as TIMED_OUT to who waits, and is unknown then (C-5)', async () => {
    const id = await run(serving, { await: '/nowhere' }, { policy: { ttl: 700 } })
    await reached(serving, id, 'IN_PROGRESS')
    expect(await settled(serving, id)).toMatchObject({ status: 'TIMED_OUT', error: 'ttl of 700 ms exceeded' })
    expect((await ask(serving, 'GET', `/status/${id}`)).status).toBe(404)
    expect(await runsNext()).toMatchObject({ status: 'COMPLETED' })
  })

  it('whose ttl ends in the queue never runs (C-5)', async () => {
    const folder = freshFolder()
    const first = await run(serving, { await: join(folder, 'gate') })
    await reached(serving, first, 'IN_PROGRESS')
    const id = await run(serving, { touch: join(folder, 'ran') }, { policy: { ttl: 700 } })
    expect(await settled(serving, id)).toMatchObject({ status: 'TIMED_OUT', executionTime: 0 })
    await cancel(serving, first)
    await runsNext()
    expect(existsSync(join(folder, 'ran'))).toBe(false)
  })

  it('that is purged from the queue is CANCELLED; the running one goes on (CTL-6)', async () => {
    const gate = join(freshFolder(), 'gate')
    const first = await run(serving, { await: gate, return: 'went on' })
    await reached(serving, first, 'IN_PROGRESS')
    const queued = [await run(serving, {}), await run(serving, {}), await run(serving, {})]
    expect(await post(serving, '/purge-queue', {})).toEqual({ removed: 3, status: 'completed' })
    for (const id of queued) expect(await status(serving, id)).toMatchObject({ status: 'CANCELLED' })
    expect(await post(serving, '/purge-queue', {})).toEqual({ removed: 0, status: 'completed' })
    expect(await status(serving, first)).toMatchObject({ status: 'IN_PROGRESS' })
    writeFileSync(gate, '')
    expect(await settled(serving, first)).toMatchObject({ status: 'COMPLETED', output: 'went on' })
  })
})
