// The decisions of a store on plain values: no database, no thread.

import { describe, expect, it } from 'vitest'
import type { JobState, NewJob } from '../../../src/jobs/model/job.ts'
import type { SubmitTerms } from '../../../src/jobs/model/store.ts'
import { append, begin, finish, requeue } from '../../../src/jobs/store/attempts.ts'
import { decide, DecisionError, needsOf } from '../../../src/jobs/store/batch.ts'
import { countQueued } from '../../../src/jobs/store/counters.ts'
import { dueDeliveries, settleDelivery } from '../../../src/jobs/store/deliveries.ts'
import { sweep } from '../../../src/jobs/store/expiry.ts'
import type { StoreCall } from '../../../src/jobs/store/operations.ts'
import { cancel, claim, purge, renew, retry, submit } from '../../../src/jobs/store/queue.ts'
import { newRow, nextDue, type Row } from '../../../src/jobs/store/rows.ts'
import { transition } from '../../../src/jobs/store/transitions.ts'
import { Unit, type Loaded, type Write } from '../../../src/jobs/store/unit.ts'
import { attempt, ended, minute, newJob, second, start } from './jobs.ts'

const states: readonly JobState[] = [
  'IN_QUEUE',
  'IN_PROGRESS',
  'COMPLETED',
  'FAILED',
  'CANCELLED',
  'TIMED_OUT',
]

function row(n: number, differences: Partial<Row> = {}, job: Partial<NewJob> = {}): Row {
  return { ...newRow(newJob({ id: `job ${n}`, ...job }), undefined, n, start), ...differences }
}

function unit(rows: readonly Row[] = [], loaded: Partial<Loaded> = {}): Unit {
  return new Unit({
    now: start,
    rows,
    inputs: new Map(rows.map(({ n }) => [n, { input: Buffer.from('1') }])),
    outputs: new Map(),
    keys: [],
    counts: [],
    numbers: [100, 101, 102],
    swept: { expired: [], lapsed: [], surplus: [], forgotten: [], next: undefined },
    ...loaded,
  })
}

const running: Partial<Row> = {
  state: 'IN_PROGRESS',
  attempt: 1,
  holder: 'r1',
  leaseUntil: start + minute,
  instance: 'i-1',
}

function written<Type extends Write['type']>(
  { writes }: Unit,
  type: Type,
): readonly Extract<Write, { type: Type }>[] {
  return writes.filter((each): each is Extract<Write, { type: Type }> => each.type === type)
}

/** Counters by name, those that came to nothing left out. */
function counted(from: Unit): Readonly<Record<string, number>> {
  const sums: Record<string, number> = {}
  for (const { what, n } of written(from, 'count')) sums[what] = (sums[what] ?? 0) + n
  return Object.fromEntries(Object.entries(sums).filter(([, n]) => n !== 0))
}

describe('a transition', () => {
  const legal = new Set([
    ...['IN_PROGRESS', 'FAILED', 'CANCELLED', 'TIMED_OUT'].map((to) => `IN_QUEUE ${to}`),
    ...['IN_QUEUE', 'COMPLETED', 'FAILED', 'CANCELLED', 'TIMED_OUT'].map((to) => `IN_PROGRESS ${to}`),
    'FAILED IN_QUEUE',
    'TIMED_OUT IN_QUEUE',
  ])

  it.each(states.flatMap((from) => states.map((to) => [from, to] as const)))(
    'from %s to %s happens only if it is legal, and is counted (§1)',
    (from, to) => {
      const job = row(1, { state: from })
      const of = unit([job])
      if (!legal.has(`${from} ${to}`)) {
        expect(() => transition(of, job, to)).toThrow(`from ${from} to ${to}`)
        return
      }
      transition(of, job, to)
      expect(job).toMatchObject({ state: to, since: start, revision: 1 })
      const leaves = from.startsWith('IN_') ? { [from]: -1 } : {}
      expect(counted(of)).toEqual({ ...leaves, [to]: 1 })
    },
  )

  it('to an end makes a completion message that names its revision', () => {
    const job = row(1, { ...running, notify: 1, revision: 6 })
    finish(unit([job]), attempt('job 1'), ended(), false)
    expect(job).toMatchObject({
      revision: 7,
      delivery: 7,
      deliverAt: start,
      deliveryAttempts: 0,
      leaseUntil: null,
    })
  })
})

describe('a claim', () => {
  it('is in order of due time, then of arrival; passes over what is reserved, paused, expired or removed', () => {
    const of = unit([
      row(5, { dueAt: start - 1 }),
      row(4),
      row(3),
      row(2, { holder: 'r2', leaseUntil: start + 1 }),
      row(6, { notBefore: start + 1 }),
      row(7, { expiresAt: start }),
      row(8, { removedAt: start }),
      row(9, { ...running }),
    ])
    const claimed = claim(of, 'r1', { leaseMs: minute, limit: 9, tasks: 9 })
    expect(claimed.map(({ id }) => id)).toEqual(['job 5', 'job 3', 'job 4'])
    expect(of.announced.size).toBe(0)
  })

  it('takes at most its limit, and at most so many tasks among them', () => {
    const task = { origin: 'task', task: '{}' } as const
    const of = unit([row(1, task), row(2, task), row(3), row(4)])
    const claimed = claim(of, 'r1', { leaseMs: minute, limit: 2, tasks: 1 })
    expect(claimed.map(({ id }) => id)).toEqual(['job 1', 'job 3'])
  })

  it('sees what was submitted, cancelled and queued again in the same batch', () => {
    const of = unit([row(1), row(2, running)])
    submit(of, newJob({ id: 'new' }), { queueLimit: 9 }, false)
    cancel(of, 'job 1')
    requeue(of, attempt('job 2'), { isRetry: false })
    expect(claim(of, 'r1', { leaseMs: 1, limit: 9, tasks: 9 }).map(({ id }) => id)).toEqual(['job 2', 'new'])
  })
})

function keyed(digest: string): SubmitTerms {
  return { queueLimit: 2, idempotency: { key: 'k', digest, keptMs: minute } }
}

describe('a submit', () => {
  const terms: SubmitTerms = { queueLimit: 2 }

  it('is refused at the limit of the queue, with all that waits in the batch counted', () => {
    const of = unit([], { counts: [{ origin: 'async', what: 'IN_QUEUE', n: 1 }] })
    const types = [1, 2].map(() => submit(of, newJob(), terms, false).type)
    expect([types, countQueued(of, 'run')]).toEqual([['accepted', 'full'], 2])
  })

  it('that is repeated after an answer was lost is accepted once', () => {
    const job = newJob()
    const of = unit()
    submit(of, job, terms, false)
    expect(submit(of, job, terms, true)).toMatchObject({ type: 'accepted', job: { id: job.id } })
    expect([submit(of, job, terms, false).type, of.added.size]).toEqual(['conflict', 1])
  })

  it('finds the key of an earlier one, in the batch or before, until that is over (REQ-6, REQ-7)', () => {
    const kept = { key: 'k', digest: 'd', id: 'gone', state: 'FAILED', expiresAt: start + 1 } as const
    const before = unit([], { keys: [kept] })
    expect(submit(before, newJob(), keyed('d'), false)).toMatchObject({
      type: 'known',
      id: 'gone',
      state: 'FAILED',
    })
    expect(submit(before, newJob(), keyed('other'), false)).toEqual({ type: 'conflict' })
    const over = unit([], { keys: [{ ...kept, expiresAt: start }] })
    expect(submit(over, newJob({ id: 'new' }), keyed('d'), false)).toMatchObject({ type: 'accepted' })
    expect(submit(over, newJob(), keyed('d'), false)).toMatchObject({
      type: 'known',
      id: 'new',
      state: 'IN_QUEUE',
    })
  })
})

describe('an attempt', () => {
  it('is fenced by runner and number (C-4)', () => {
    const of = unit([row(1, running)])
    for (const key of [attempt('job 1', 1, 'r2'), attempt('job 1', 2)]) {
      expect(append(of, key, 0, [Buffer.from('1')])).toBe(false)
      expect(finish(of, key, ended(), false)).toBeUndefined()
      expect(requeue(of, key, { isRetry: true })).toBeUndefined()
    }
    expect(renew(of, 'r2', ['job 1'], minute)).toEqual(['job 1'])
    expect(of.changed.size).toBe(0)
  })

  it('whose end is repeated after an answer was lost has the same end; that of another has none', () => {
    const of = unit([row(1, running), row(2, running)])
    finish(of, attempt('job 1'), ended('FAILED', { error: 'boom' }), false)
    expect(finish(of, attempt('job 1'), ended('FAILED'), true)).toMatchObject({
      state: 'FAILED',
      error: 'boom',
    })
    cancel(of, 'job 2')
    expect(finish(of, attempt('job 2'), ended(), true)).toBeUndefined()
    expect(counted(of)).toEqual({ IN_PROGRESS: -2, FAILED: 1, CANCELLED: 1 })
  })

  it('begins once; the delay is the time in the queue', () => {
    const job = row(1, { since: start - second, delayMs: 5, holder: 'r1', leaseUntil: start + 1 })
    const of = unit([job])
    expect(begin(of, 'job 1', 'r1', 'i-7', false)).toMatchObject({ attempt: 1, delayMs: 1005 })
    expect(begin(of, 'job 1', 'r1', 'i-7', false)).toBeUndefined()
    expect(begin(of, 'job 1', 'r1', 'i-7', true)).toMatchObject({ attempt: 1 })
  })
})

describe('a sweep', () => {
  it('ends and removes what is past its ttl, and keeps the row for the message', () => {
    const [told, silent] = [row(1, { expiresAt: start, notify: 1 }), row(2, { expiresAt: start })]
    const of = unit([told, silent], {
      swept: { expired: [1, 2], lapsed: [], surplus: [], forgotten: [], next: undefined },
    })
    expect(sweep(of, { attempts: 3 })).toBe(start + minute)
    expect(told).toMatchObject({ state: 'TIMED_OUT', removedAt: start, error: 'ttl of 86400000 ms exceeded' })
    expect([written(of, 'dropSecret'), written(of, 'dropAll')]).toMatchObject([[{ n: 1 }], [{ n: 2 }]])
    expect(nextDue(told, start)).toBeUndefined()
  })

  it('queues what was lost again, and fails it after so many losses (DUR-4)', () => {
    const [first, last] = [
      row(1, { ...running, leaseUntil: start }),
      row(2, { ...running, leaseUntil: start, losses: 2 }),
    ]
    const of = unit([first, last], {
      swept: { expired: [], lapsed: [1, 2], surplus: [], forgotten: [], next: undefined },
    })
    sweep(of, { attempts: 3 })
    expect(first).toMatchObject({ state: 'IN_QUEUE', losses: 1, holder: null, leaseUntil: null })
    expect(last).toMatchObject({ state: 'FAILED', losses: 3, error: 'lost with its container 3 times' })
  })

  it('leaves what was renewed or ended in the same batch', () => {
    const job = row(1, { ...running, leaseUntil: start })
    const of = unit([job], {
      swept: { expired: [], lapsed: [1], surplus: [], forgotten: [], next: start + 9 },
    })
    renew(of, 'r1', ['job 1'], minute)
    expect(sweep(of, { attempts: 1 })).toBe(start + 9)
    expect(job).toMatchObject({ state: 'IN_PROGRESS', leaseUntil: start + minute })
  })
})

describe('a delivery', () => {
  it('is reserved for its lease, tried again after a pause, and dropped by a retry of its job', () => {
    const job = row(1, { state: 'FAILED', delivery: 4, deliverAt: start, revision: 4 })
    const of = unit([job])
    const [due] = dueDeliveries(of, 9, minute)
    expect([due?.attempts, job.deliverAt, dueDeliveries(of, 9, minute)]).toEqual([0, start + minute, []])
    settleDelivery(of, due?.id ?? '', second)
    expect(job).toMatchObject({ deliverAt: start + second, deliveryAttempts: 1 })
    retry(of, 'job 1', { queueLimit: 9 }, false)
    settleDelivery(of, due?.id ?? '', undefined)
    expect(job).toMatchObject({ delivery: null, deliverAt: null, state: 'IN_QUEUE' })
  })
})

describe('a batch', () => {
  it('loads what all of its calls need, each job once', () => {
    const needs = needsOf([
      { name: 'submit', values: [newJob({ id: 'a' }), { queueLimit: 1 }] },
      { name: 'cancel', values: ['a'] },
      { name: 'claim', values: ['r1', { leaseMs: 1, limit: 3, tasks: 1 }] },
    ])
    expect(needs).toMatchObject({ ids: ['a'], counts: true, numbers: 1, heads: { jobs: 3, tasks: 1 } })
  })

  it('names the call that fails', () => {
    const call: StoreCall<'append'> = { name: 'append', values: [attempt('job 1'), 5, [Buffer.from('1')]] }
    expect(() => decide(unit([row(1, running)]), [{ name: 'purge', values: [] }, call])).toThrow(
      DecisionError,
    )
  })

  it('purges what waits, and nothing else (CTL-6)', () => {
    const of = unit([
      row(1),
      row(2, running),
      row(3, { origin: 'task', task: '{}' }),
      row(4, { removedAt: start }),
    ])
    expect([purge(of), of.row(1)?.state]).toEqual([1, 'CANCELLED'])
  })
})
