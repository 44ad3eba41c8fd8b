// Completion messages that are still to be sent (jobs.md WH-3). They keep the row of their job in the store, even of a removed one.

import type { Delivery } from '../model/store.ts'
import { toJobWithInput, type Row } from './rows.ts'
import type { Unit } from './unit.ts'

/** Reserves messages that are due: each is due again when the lease has lapsed. */
export function dueDeliveries(unit: Unit, limit: number, leaseMs: number): readonly Delivery[] {
  const due = [...unit.rows]
    .filter(({ n, deliverAt }) => deliverAt !== null && deliverAt <= unit.now && unit.input(n) !== undefined)
    .toSorted((one, other) => (one.deliverAt ?? 0) - (other.deliverAt ?? 0) || one.n - other.n)
  return due.slice(0, limit).map((row) => {
    unit.set(row, { deliverAt: unit.now + leaseMs })
    const { s3Config: _, ...work } = toJobWithInput(row, unit.input(row.n))
    const output = unit.output(row.n)
    const job = output === undefined ? work : { ...work, output }
    return { id: toName(row), job, attempts: row.deliveryAttempts }
  })
}

/** Ends a delivery, or has it due again later. Nothing happens to one that a retry of the job has dropped. */
export function settleDelivery(unit: Unit, delivery: string, retryMs: number | undefined): void {
  const row = [...unit.rows].find((each) => toName(each) === delivery)
  if (row === undefined) return
  if (retryMs === undefined) unit.set(row, dropped)
  else unit.set(row, { deliverAt: unit.now + retryMs, deliveryAttempts: row.deliveryAttempts + 1 })
}

/** The id of the job of a delivery. */
export function jobOf(delivery: string): string {
  return delivery.slice(delivery.indexOf(' ') + 1)
}

/** Columns of a job without a message. */
export const dropped = { delivery: null, deliverAt: null } as const

// A job may end again after a retry: the revision of the end tells the messages of one job from each other.
function toName({ id, delivery }: Row): string {
  return `${delivery} ${id}`
}
