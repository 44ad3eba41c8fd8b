import { describe, expect, it } from 'vitest'
import { Admission } from '../../src/invoker/admission.ts'
import { poolOf } from '../harness/pooled.ts'

describe('the way to an instance', () => {
  it('is closed for good once everybody is refused, also for who has lost an instance meanwhile', async () => {
    await using pooled = poolOf('node', { least: 0 })
    const admission = new Admission(pooled.pool, { queue: 10, queueTimeoutMs: 60_000 })
    const { signal } = new AbortController()
    const waiting = admission.enter(signal, { again: true })
    admission.close()
    admission.refuseAll()
    await expect(waiting).rejects.toThrow('Service Unavailable')
    await expect(admission.enter(signal, { again: true })).rejects.toThrow('Service Unavailable')
  })
})
