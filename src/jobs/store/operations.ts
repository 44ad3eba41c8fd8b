// What the thread can do, by the names of JobStore.

import type { Job } from '../model/job.ts'
import type { JobStore } from '../model/store.ts'
import * as attempts from './attempts.ts'
import { markDelivered, readChunks, readUndelivered } from './chunks.ts'
import { count } from './counts.ts'
import type { Database } from './database.ts'
import { dueDeliveries, settleDelivery } from './deliveries.ts'
import * as queue from './queue.ts'
import { findRow, toJob } from './rows.ts'
import { sweep } from './sweep.ts'

/** The methods of JobStore that a thread executes. */
export type Name = Exclude<keyof JobStore, 'start' | 'stop' | 'onChange'>

/** The values of a call. */
export type Values<Each extends Name> = Parameters<JobStore[Each]>

/** What a call returns. */
export type Result<Each extends Name> = Awaited<ReturnType<JobStore[Each]>>

interface Operation<Each extends Name> {
  readonly run: (database: Database, ...values: Values<Each>) => Result<Each>
  /**
   * `reads`: it changes nothing. `creates`: the file is made for it when there is none. `tells`: somebody is told of the change, so
   * it must survive the loss of power. `writes`: the change must survive the end of the process, and only a runner is told.
   */
  readonly kind: 'reads' | 'writes' | 'tells' | 'creates'
  /** The job that a call has changed, if any, where its result tells; without this, or where it fails, what has changed is looked up. */
  readonly changed?: (result: Result<Each>) => Job | undefined
}

/** All of them. */
export const operations: { readonly [Each in Name]: Operation<Each> } = {
  submit: {
    run: queue.submit,
    kind: 'creates',
    changed: (result) => (result.type === 'accepted' ? result.job : undefined),
  },
  find: { run: find, kind: 'reads' },
  count: { run: count, kind: 'reads' },
  claim: { run: queue.claim, kind: 'writes', changed: () => undefined },
  release: { run: queue.release, kind: 'writes' },
  renew: { run: queue.renew, kind: 'writes' },
  begin: { run: attempts.begin, kind: 'writes', changed: (job) => job },
  append: { run: attempts.append, kind: 'writes' },
  progress: { run: attempts.progress, kind: 'writes' },
  finish: { run: attempts.finish, kind: 'tells', changed: (job) => job },
  requeue: { run: attempts.requeue, kind: 'writes' },
  cancel: { run: queue.cancel, kind: 'tells' },
  retry: { run: queue.retry, kind: 'tells' },
  purge: { run: queue.purge, kind: 'tells' },
  keepFor: { run: queue.keepFor, kind: 'tells' },
  chunks: { run: readChunks, kind: 'reads' },
  undelivered: { run: readUndelivered, kind: 'reads' },
  markDelivered: { run: markDelivered, kind: 'writes' },
  sweep: { run: sweep, kind: 'tells' },
  dueDeliveries: {
    run: (database, _runner, limit, leaseMs, now) => dueDeliveries(database, limit, leaseMs, now),
    kind: 'tells',
  },
  settleDelivery: { run: settleDelivery, kind: 'tells' },
}

function find(database: Database, id: string): Result<'find'> {
  const row = findRow(database, id)
  return row && toJob(database, row)
}
