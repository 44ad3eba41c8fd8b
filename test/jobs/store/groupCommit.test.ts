// Group commit: what is told, and when. Nothing that the loss of power could undo.

import { expect, it, vi } from 'vitest'
import { GroupCommit } from '../../../src/jobs/store/sqlite/groupCommit.ts'
import type { Answer } from '../../../src/jobs/store/sqlite/messages.ts'

it('tells answers when the disk has what they rest on, and what comes meanwhile after the next time (DUR-1, DUR-2)', () => {
  const { commit, told, disk } = newCommit()
  commit.add([answer(1)], [], 'now')
  commit.add([answer(2)], [], 'now')
  expect(told).toEqual([])
  disk.end(null)
  expect(told).toEqual([answer(1)])
  disk.end(null)
  expect(told).toEqual([answer(1), answer(2)])
})

it('tells what was read at once while nothing is unsafe', () => {
  const { commit, told, disk } = newCommit()
  commit.add([answer(1)], [], 'now')
  disk.end(null)
  commit.add([answer(2)], [], 'none')
  expect(told).toEqual([answer(1), answer(2)])
})

it('waits a moment with what is not urgent, so that it is forced to the disk with what is', () => {
  vi.useFakeTimers()
  try {
    const { commit, told, disk } = newCommit()
    commit.add([answer(1)], [], 'later')
    expect(disk.syncs()).toBe(0)
    commit.add([answer(2)], [], 'now')
    disk.end(null)
    expect([told, disk.syncs()]).toEqual([[answer(1), answer(2)], 1])
    commit.add([answer(3)], [], 'later')
    vi.advanceTimersByTime(10)
    disk.end(null)
    expect([told.length, disk.syncs()]).toEqual([3, 2])
  } finally {
    vi.useRealTimers()
  }
})

it('fails what the disk has not taken, and asks the disk again before it tells anything more', () => {
  const { commit, told, disk } = newCommit()
  commit.add([answer(1)], [], 'now')
  disk.end(new Error('i/o error'))
  expect(told).toEqual([{ number: 1, failure: 'i/o error' }])
  commit.add([answer(2)], [], 'none')
  expect(told).toHaveLength(1)
  disk.end(null)
  expect(told[1]).toEqual(answer(2))
})

it('tells everything before it is closed', () => {
  const { commit, told, disk } = newCommit()
  let closed = false
  commit.add([answer(1)], [], 'later')
  commit.close(() => (closed = true))
  expect([told.length, closed]).toEqual([0, false])
  disk.end(new Error('i/o error'))
  expect([told.length, closed]).toEqual([1, true])
})

function newCommit() {
  const told: Answer[] = []
  const waiting: ((error: Error | null) => void)[] = []
  let syncs = 0
  const disk = {
    sync: (done: (error: Error | null) => void) => {
      syncs++
      waiting.push(done)
    },
    end: (error: Error | null) => waiting.shift()?.(error),
    syncs: () => syncs,
  }
  return { commit: new GroupCommit(disk, ({ answers }) => told.push(...answers)), told, disk }
}

function answer(number: number): Answer {
  return { number, value: 'told' }
}
