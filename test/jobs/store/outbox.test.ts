// What a store's thread tells, and when: nothing that the loss of power could undo.

import { expect, it } from 'vitest'
import { Database } from '../../../src/jobs/store/database.ts'
import type { Notice } from '../../../src/jobs/store/messages.ts'
import { Outbox } from '../../../src/jobs/store/outbox.ts'

it('tells what is news only when the disk has it, and what comes meanwhile after the next time (DUR-1, DUR-2)', () => {
  const { outbox, told, disk } = newOutbox()
  outbox.add([answer(1)], true)
  outbox.add([answer(2)], true)
  expect(told).toEqual([])
  disk.end(null)
  expect(told.flatMap(({ answers }) => answers)).toEqual([answer(1)])
})

it('tells what is read at once while nothing is unsafe', () => {
  const { outbox, told, disk } = newOutbox()
  outbox.add([answer(1)], true)
  disk.end(null)
  outbox.add([answer(2)], false)
  expect(told.flatMap(({ answers }) => answers)).toEqual([answer(1), answer(2)])
})

it('refuses what the disk has not taken, and asks the disk again before it tells anything more', () => {
  const { outbox, told, disk } = newOutbox()
  outbox.add([answer(1)], true)
  disk.end(new Error('i/o error'))
  expect(told.flatMap(({ answers }) => answers)).toEqual([{ number: 1, trouble: 'i/o error' }])
  outbox.add([answer(2)], false)
  expect(told).toHaveLength(1)
  disk.end(null)
  expect(told[1]?.answers).toEqual([answer(2)])
})

it('tells everything before it is closed', () => {
  const { outbox, told, disk } = newOutbox()
  let closed = false
  outbox.add([answer(1)], true)
  outbox.close(() => (closed = true))
  expect([told.length, closed]).toEqual([0, false])
  disk.end(new Error('i/o error'))
  expect([told.length, closed]).toEqual([1, true])
})

function newOutbox() {
  const told: Notice[] = []
  const waiting: ((error: Error | null) => void)[] = []
  const disk = {
    sync: (done: (error: Error | null) => void) => void waiting.push(done),
    end: (error: Error | null) => waiting.shift()?.(error),
  }
  return { outbox: new Outbox(new Database(':memory:'), disk, (notice) => told.push(notice)), told, disk }
}

function answer(number: number) {
  return { number, value: 'told' }
}
