// The real server on a disk that is full or forbids writing (jobs.md DUR-1).

import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { drained, freshFolder, get, reached, run, settled, status } from '../../harness/jobClient.ts'
import { ask, type JobAnswer } from '../../harness/jobServing.ts'
import { canMount } from '../store/processes.ts'
import type { Health } from './health.ts'
import { serverOnSmallDisk, type ServerOnDisk } from './servers.ts'

async function submitLarge(server: ServerOnDisk): Promise<JobAnswer> {
  return ask(server, 'POST', '/run', { body: JSON.stringify({ input: { text: 'x'.repeat(200_000) } }) })
}

function expectUnavailable({ status: code, headers }: JobAnswer): void {
  expect([code, headers.get('x-fnbox-fault')]).toEqual([503, 'store_unavailable'])
  expect(Number(headers.get('retry-after'))).toBeGreaterThan(0)
}

async function expectDirect({ url }: ServerOnDisk): Promise<void> {
  const answer = await fetch(`${url}/?integration=raw`, { method: 'POST', body: '{"a":1}' })
  expect([answer.status, await answer.json()]).toEqual([200, { a: 1 }])
}

describe.skipIf(!canMount())('a server whose disk', () => {
  it('is full refuses jobs, reads, keeps what a running one gives, and goes on when there is room (DUR-1)', async () => {
    const gate = join(freshFolder(), 'gate')
    await using server = await serverOnSmallDisk('node', 'job_works.mjs', freshFolder())
    const running = await run(server, { await: gate, return: 'x'.repeat(100_000) })
    await reached(server, running, 'IN_PROGRESS')
    const queued = await run(server, { return: 'kept' })
    await server.disk('fill')
    expectUnavailable(await submitLarge(server))
    expect((await get<Health>(server, '/health')).jobs.inQueue).toBe(1)
    writeFileSync(gate, '') // the result of the running job cannot be written
    await server.program.line('the store of jobs does not work')
    expect(await status(server, running)).toMatchObject({ status: 'IN_PROGRESS' })
    await server.disk('empty')
    expect(await settled(server, running)).toMatchObject({ status: 'COMPLETED', output: 'x'.repeat(100_000) })
    expect(await settled(server, queued)).toMatchObject({ status: 'COMPLETED', output: 'kept' })
    expect((await submitLarge(server)).status).toBe(200)
  })

  it('is full lets a generator wait, and loses no chunk (DUR-1, STR-9)', async () => {
    const gates = join(freshFolder(), 'gates')
    mkdirSync(gates)
    await using server = await serverOnSmallDisk('node', 'job_yields.mjs', freshFolder())
    const id = await run(server, { chunks: 3, gates, size: 100_000 })
    await reached(server, id, 'IN_PROGRESS')
    await server.disk('fill')
    for (const index of [0, 1, 2]) writeFileSync(join(gates, String(index)), '')
    await server.program.line('the store of jobs does not work')
    await server.disk('empty')
    const { status: state, chunks } = await drained(server, id)
    expect([state, chunks.map((chunk) => (chunk as { index: number }).index)]).toEqual([
      'COMPLETED',
      [0, 1, 2],
    ])
  })

  it('is full goes on with direct invocations (DUR-1)', async () => {
    await using server = await serverOnSmallDisk('node', 'echo.handler', freshFolder())
    const id = await run(server, 'first')
    await settled(server, id)
    await server.disk('fill')
    expectUnavailable(await submitLarge(server))
    await expectDirect(server)
    expect(await status(server, id)).toMatchObject({ status: 'COMPLETED', output: 'first' })
  })

  it('forbids writing refuses jobs, goes on with direct invocations, and takes jobs when it may (DUR-1)', async () => {
    await using server = await serverOnSmallDisk('node', 'echo.handler', freshFolder())
    await server.disk('forbid')
    expectUnavailable(await submitLarge(server))
    await expectDirect(server)
    await server.disk('allow')
    expect(await settled(server, await run(server, 'first'))).toMatchObject({ status: 'COMPLETED' })
  })
})
