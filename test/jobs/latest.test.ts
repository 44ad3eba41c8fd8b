import { describe, expect, it } from 'vitest'
import { Latest } from '../../src/jobs/attempt.ts'

describe('values of which only the latest counts', () => {
  it('are written one at a time, and those that another one has overtaken are not', async () => {
    const written: number[] = []
    const ends: (() => void)[] = []
    const latest = new Latest((value: number) => {
      written.push(value)
      return new Promise<void>((settle) => ends.push(settle))
    })
    for (let value = 1; value <= 1000; value++) latest.offer(value)
    expect(written).toEqual([1])
    ends[0]?.()
    await expect.poll(() => written).toEqual([1, 1000])
    ends[1]?.()
    await expect.poll(() => ends.length).toBe(2)
    latest.offer(1001)
    await expect.poll(() => written).toEqual([1, 1000, 1001])
  })
})
