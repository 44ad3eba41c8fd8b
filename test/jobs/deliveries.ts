// A store of deliveries in memory, for tests of the deliverer: the part of JobStore that it uses, and outages on demand.

import type { JobWithInput } from '../../src/jobs/model/job.ts'
import type { ChangeListener, Delivery } from '../../src/jobs/model/store.ts'
import type { Clock, DeliveryStore } from '../../src/jobs/delivery/deliverer.ts'
import { StoreError } from '../../src/jobs/model/store.ts'

/** The store, and what a test does to it and sees of it. */
export interface Deliveries extends DeliveryStore {
  /** A job has ended: there is something to deliver, and listeners hear of it. */
  readonly ended: (job: JobWithInput) => void
  /** deliveries that are not settled */
  readonly open: () => number
  /** times that it was asked for what is due */
  readonly asked: () => number
  /** Makes everything fail, or work again. */
  readonly fail: (fails: boolean) => void
}

export function deliveries(clock: Pick<Clock, 'now'>): Deliveries {
  const rows = new Map<string, { job: JobWithInput; attempts: number; dueAt: number }>()
  const listeners: ChangeListener[] = []
  let fails = false
  let asked = 0
  const check = (): void => {
    if (fails) throw new StoreError('disk full')
  }
  return {
    onChange: (listener) => void listeners.push(listener),
    dueDeliveries: async (limit, leaseMs) => {
      const now = clock.now()
      asked++
      check()
      const due = [...rows].filter(([, { dueAt }]) => dueAt <= now).slice(0, limit)
      return due.map(([id, row]): Delivery => {
        row.dueAt = now + leaseMs
        return { id, job: row.job, attempts: row.attempts }
      })
    },
    settleDelivery: async (id, retryMs) => {
      check()
      const row = rows.get(id)
      if (row === undefined) return
      if (retryMs === undefined) rows.delete(id)
      else Object.assign(row, { attempts: row.attempts + 1, dueAt: clock.now() + retryMs })
    },
    ended: (job) => {
      rows.set(`delivery of ${job.id}`, { job, attempts: 0, dueAt: 0 })
      for (const { changed } of listeners) changed({ ...job, removed: false, dueAt: job.expiresAt })
    },
    open: () => rows.size,
    asked: () => asked,
    fail: (next) => (fails = next),
  }
}
