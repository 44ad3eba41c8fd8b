import { describe, expect, it } from 'vitest'
import probe from '../../bench/allocations.cjs'

const heap = (usedHeapSize: number): never => ({ heapStatistics: { usedHeapSize } }) as never // all that is read of it
const collection = (before: number, after: number): never =>
  ({ gcType: 'Scavenge', cost: 1, beforeGC: heap(before), afterGC: heap(after) }) as never

describe('the bytes allocated between two looks', () => {
  it('are the growth of the heap when there was no collection', () => {
    expect(probe.allocated(1000, [], 1500)).toBe(500)
  })

  it('count what collections have freed', () => {
    expect(probe.allocated(1000, [collection(3000, 500), collection(2500, 400)], 600)).toBe(2000 + 2000 + 200)
  })
})
