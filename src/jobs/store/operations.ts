// What a store does, by the names of JobStore: what each operation must load, how it decides, and when its answer may be told.

import type { JobStore } from '../model/store.ts'
import * as attempts from './attempts.ts'
import { dueDeliveries, jobOf, settleDelivery } from './deliveries.ts'
import { sweep } from './expiry.ts'
import * as queue from './queue.ts'
import type { Needs, Unit } from './unit.ts'

/** Methods of JobStore that only read: each engine has statements of its own for them. */
export type Reading = 'find' | 'findRemoved' | 'count' | 'chunks' | 'undelivered'

/** Methods of JobStore that decide. */
export type Deciding = Exclude<keyof JobStore, Reading | 'start' | 'stop' | 'now' | 'onChange'>

export type Values<Name extends Reading | Deciding> = Parameters<JobStore[Name]>
export type Result<Name extends Reading | Deciding> = Awaited<ReturnType<JobStore[Name]>>

/** A call of a method. */
export interface StoreCall<Name extends Reading | Deciding = Reading | Deciding> {
  readonly name: Name
  readonly values: Values<Name>
  /** an earlier call may have done it, whose answer was lost */
  readonly repeated?: boolean
}

interface Operation<Name extends Deciding> {
  /**
   * `tells`: a client is told of the change, so it must survive the loss of power. `creates`: likewise, and the store is made for it
   * when there is none. `writes`: the change must survive the end of the process, and only a runner is told.
   */
  readonly kind: 'writes' | 'tells' | 'creates'
  readonly needs: (...values: Values<Name>) => Needs
  readonly decide: (unit: Unit, values: Values<Name>, repeated: boolean) => Result<Name>
}

export const operations: { readonly [Name in Deciding]: Operation<Name> } = {
  submit: {
    kind: 'creates',
    needs: (job, { idempotency, reserve }) => ({
      ids: [job.id],
      ...(idempotency === undefined ? {} : { keys: [idempotency.key] }),
      ...(reserve === undefined ? {} : { heads: { jobs: 1, tasks: 1 } }),
      counts: true,
      numbers: 1,
    }),
    decide: (unit, values, repeated) => queue.submit(unit, ...values, repeated),
  },
  claim: {
    kind: 'writes',
    needs: (_runner, { limit, tasks }) => ({ heads: { jobs: limit, tasks: Math.min(limit, tasks) } }),
    decide: (unit, values) => queue.claim(unit, ...values),
  },
  release: {
    kind: 'writes',
    needs: (ids) => ({ ids }),
    decide: (unit, values) => queue.release(unit, ...values),
  },
  renew: {
    kind: 'writes',
    needs: (_runner, ids) => ({ ids }),
    decide: (unit, values) => queue.renew(unit, ...values),
  },
  begin: {
    kind: 'writes',
    needs: (id) => ({ ids: [id] }),
    decide: (unit, values, repeated) => attempts.begin(unit, ...values, repeated),
  },
  append: {
    kind: 'writes',
    needs: ({ id }) => ({ ids: [id] }),
    decide: (unit, values) => attempts.append(unit, ...values),
  },
  progress: {
    kind: 'writes',
    needs: ({ id }) => ({ ids: [id] }),
    decide: (unit, values) => attempts.progress(unit, ...values),
  },
  finish: {
    kind: 'tells',
    needs: ({ id }) => ({ ids: [id] }),
    decide: (unit, values, repeated) => attempts.finish(unit, ...values, repeated),
  },
  requeue: {
    kind: 'writes',
    needs: ({ id }) => ({ ids: [id] }),
    decide: (unit, values) => attempts.requeue(unit, ...values),
  },
  cancel: {
    kind: 'tells',
    needs: (id) => ({ ids: [id] }),
    decide: (unit, values) => queue.cancel(unit, ...values),
  },
  retry: {
    kind: 'tells',
    needs: (id) => ({ ids: [id], counts: true, numbers: 1 }),
    decide: (unit, values, repeated) => queue.retry(unit, ...values, repeated),
  },
  purge: { kind: 'tells', needs: () => ({ queued: true }), decide: (unit) => queue.purge(unit) },
  keepFor: {
    kind: 'tells',
    needs: (id) => ({ ids: [id] }),
    decide: (unit, values) => queue.keepFor(unit, ...values),
  },
  markDelivered: {
    kind: 'writes',
    needs: (id) => ({ ids: [id] }),
    decide: (unit, [id, indexes]) => {
      const row = unit.find(id)
      if (row !== undefined) unit.write({ type: 'delivered', n: row.n, indexes })
    },
  },
  sweep: {
    kind: 'tells',
    needs: ({ tasksKept }) => ({ sweep: { tasksKept } }),
    decide: (unit, values) => sweep(unit, ...values),
  },
  dueDeliveries: {
    kind: 'tells',
    needs: (limit) => ({ deliveries: limit }),
    decide: (unit, values) => dueDeliveries(unit, ...values),
  },
  settleDelivery: {
    kind: 'tells',
    needs: (delivery) => ({ ids: [jobOf(delivery)] }),
    decide: (unit, values) => settleDelivery(unit, ...values),
  },
}

/** The names of all methods. */
export const names: readonly (Reading | Deciding)[] = [
  ...(Object.keys(operations) as Deciding[]), // as they are written
  ...(['find', 'findRemoved', 'count', 'chunks', 'undelivered'] satisfies Reading[]),
]

/** Whether a call only reads. */
export function isReading(call: StoreCall): call is StoreCall<Reading> {
  return !Object.hasOwn(operations, call.name)
}

/** How soon what was written must be on stable storage: `later` waits for a moment, so that more comes along. */
export type Urgency = 'none' | 'later' | 'now'

/** How soon what a call has written must be on stable storage. The client of `/runsync` is told of its job when that ends. */
export function urgencyOf(call: StoreCall): Urgency {
  const kind = kindOf(call)
  if (kind === 'reads' || kind === 'writes') return 'none'
  return call.name === 'submit' && (call as StoreCall<'submit'>).values[0].origin === 'sync' ? 'later' : 'now' // as it is called
}

/** What a call does, for its answer; see Operation. */
export function kindOf(call: StoreCall): 'reads' | Operation<Deciding>['kind'] {
  return isReading(call) ? 'reads' : operations[(call as StoreCall<Deciding>).name].kind // what does not read decides
}
