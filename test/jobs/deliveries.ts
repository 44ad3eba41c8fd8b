// A store of deliveries in memory, for tests of the deliverer: the part of JobStore that it uses, and outages on demand.

import type { Job, Work } from '../../src/jobs/model/job.ts'
import type { Delivery } from '../../src/jobs/model/store.ts'
import type { DeliveryStore } from '../../src/jobs/delivery/deliverer.ts'
import { StoreError } from '../../src/jobs/model/store.ts'

/** The store, and what a test does to it and sees of it. */
export interface Deliveries extends DeliveryStore {
  /** A job has ended: there is something to deliver, and listeners hear of it. */
  readonly ended: (job: Work) => void
  /** deliveries that are not settled */
  readonly open: () => number
  /** times that it was asked for what is due */
  readonly asked: () => number
  /** Makes everything fail, or work again. */
  readonly fail: (fails: boolean) => void
}

export function deliveries(): Deliveries {
  const rows = new Map<string, { job: Work; tries: number; dueAt: number }>()
  const listeners: ((id: string, job: Job | undefined) => void)[] = []
  let fails = false
  let asked = 0
  const check = (): void => {
    if (fails) throw new StoreError('disk full')
  }
  return {
    onChange: (listener) => void listeners.push(listener),
    dueDeliveries: async (_runner, limit, leaseMs, now) => {
      asked++
      check()
      const due = [...rows].filter(([, { dueAt }]) => dueAt <= now).slice(0, limit)
      return due.map(([id, row]): Delivery => {
        row.dueAt = now + leaseMs
        return { id, job: row.job, tries: row.tries }
      })
    },
    settleDelivery: async (id, retryAt) => {
      check()
      const row = rows.get(id)
      if (row === undefined) return
      if (retryAt === undefined) rows.delete(id)
      else Object.assign(row, { tries: row.tries + 1, dueAt: retryAt })
    },
    ended: (job) => {
      rows.set(`delivery of ${job.id}`, { job, tries: 0, dueAt: 0 })
      for (const listener of listeners) listener(job.id, job)
    },
    open: () => rows.size,
    asked: () => asked,
    fail: (next) => (fails = next),
  }
}
