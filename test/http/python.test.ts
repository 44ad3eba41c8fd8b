import { describe, expect, it } from 'vitest'
import { callRaw } from '../harness/calling.ts'
import { serve } from '../harness/serving.ts'

describe('a Python function that forks', () => {
  it.each(['forks.leaves', 'forks.answers'])('speaks for itself alone: %s', async (handler) => {
    await using serving = await serve('python', handler)
    for (let time = 0; time < 2; time++) {
      const { status, body } = await callRaw(serving)
      expect([status, body]).toEqual([200, { pid: serving.pids[0] }])
    }
  })

  it.each(['fork', 'spawn', 'forkserver'])('may use multiprocessing by %s', async (method) => {
    await using serving = await serve('python', 'forks.works')
    expect((await callRaw(serving, { method })).body).toEqual([2, 4, 6])
    expect((await callRaw(serving, { method })).body).toEqual([2, 4, 6])
  })
})

describe('a Python function that closes its event loop', () => {
  it('gets a new one with the next call (K-7)', async () => {
    await using serving = await serve('python', 'forks.closes_loop')
    for (let time = 0; time < 3; time++) expect((await callRaw(serving)).body).toBe('ran')
    expect(serving.pids).toHaveLength(1)
  })
})
