import { randomUUID } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { Awaited, Call, type Outcome } from '../../src/invocation.ts'
import { Admission } from '../../src/invoker/admission.ts'
import { poolOf } from '../harness/pooled.ts'

function newCall(): Call {
  return new Call({ id: randomUUID(), mode: 'raw', payload: Buffer.from('{}') }, new Awaited())
}

describe('the way to an instance', () => {
  it('is closed for good once every call is refused, also for one that has lost its instance meanwhile', async () => {
    await using pooled = poolOf('node', { least: 0 })
    const failed: Outcome[] = []
    const limits = { queue: 10, queueTimeoutMs: 60_000 }
    const admission = new Admission(pooled.pool, limits, (_call, fault) =>
      failed.push({ type: 'failed', fault }),
    )
    admission.enter(newCall(), true)
    expect(failed).toEqual([])
    admission.close()
    admission.refuseAll()
    admission.enter(newCall(), true)
    expect(failed).toMatchObject([{ fault: { code: 'draining' } }, { fault: { code: 'draining' } }])
  })
})
