import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import request from 'supertest'
import { describe, expect, it } from 'vitest'
import { callRaw, eventually } from '../harness/calling.ts'
import { serve, serveFrom, type Serving } from '../harness/serving.ts'
import type { Flags } from '../../src/config.ts'

async function serveModule(source: string, flags: Flags = {}): Promise<Serving> {
  const folder = mkdtempSync(join(tmpdir(), 'fnbox-test-'))
  writeFileSync(join(folder, 'main.py'), source)
  return serveFrom(folder, 'main.handler', flags)
}

describe('an instance that has closed its output', () => {
  it('reports its exit code when it then crashes', async () => {
    await using serving = await serve('python', 'damage.closes_output')
    const answer = await callRaw(serving, { s: 0.7, exit: 3 })
    expect([answer.status, answer.body.errorMessage]).toEqual([
      502,
      'Function process exited without answering: exit code 3',
    ])
  })

  it('serves until its successor is loaded', async () => {
    await using serving = await serve('python', 'hostile.handler')
    const pidOfNext = async (): Promise<number> => ((await callRaw(serving)).body as { pid: number }).pid // what the function returns
    expect((await callRaw(serving, { do: 'close-output' })).body).toBe('closed')
    expect(await pidOfNext()).toBe(serving.pids[0])
    await eventually(async () => (await pidOfNext()) === serving.pids[1])
  })

  it('stays when its module has closed it', async () => {
    await using serving = await serveModule(
      'import os; os.close(1); calls = []\ndef handler(e, c): calls.append(1); return len(calls)',
    )
    expect([(await callRaw(serving)).body, (await callRaw(serving)).body]).toEqual([1, 2])
    expect(serving.pids).toHaveLength(1)
  })
})

describe('an instance that breaks the protocol', () => {
  it('is killed at once, and its caller gets 502 (F-9)', async () => {
    await using serving = await serve('python', 'damage.writes_garbage')
    const answer = await callRaw(serving)
    expect([answer.status, answer.body.errorMessage]).toEqual([
      502,
      'Function process exited without answering: signal SIGKILL',
    ])
  })
})

describe('a module that needs more than --memory', () => {
  it('is a load failure with pauses between its starts (F-2, F-10)', async () => {
    await using serving = await serveModule(
      'kept = b"x" * 300_000_000\nimport time; time.sleep(60)\ndef handler(e, c): return 1',
      { memory: '100MB' },
    )
    const pauses: number[] = []
    serving.app.events.on('start-failed', ({ pauseMs }) => pauses.push(pauseMs))
    const answer = await callRaw(serving)
    expect([answer.status, answer.body]).toEqual([
      502,
      { errorType: 'OutOfMemory', errorMessage: 'Function process ran out of memory' },
    ])
    expect((await request(serving.url).get('/_/readyz')).body).toMatchObject({ status: 'failed' })
    await eventually(() => pauses.length === 2)
    expect(pauses).toEqual([400, 800]) // the first pause was before these
    expect(serving.pids).toHaveLength(3)
  })
})

describe('a call that lost its instance while the server drains', () => {
  it('runs again, since it arrived before (F-11)', async () => {
    await using serving = await serve('python', 'damage.leaves_soon', { reschedule: '1' })
    const call = callRaw(serving, { s: 0.3 }).then((answer) => answer)
    await eventually(() => serving.app.invoker.status.busy === 1)
    const gone: string[] = []
    serving.app.events.on('instance-gone', ({ instance }) => gone.push(instance))
    const stopped = serving.app.stop()
    expect((await call).body).toMatchObject({ errorType: 'TooManyRequests' })
    expect(gone).toEqual(['i-1', 'i-2'])
    await stopped
  })
})
