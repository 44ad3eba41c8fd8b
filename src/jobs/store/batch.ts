// Executes what waits: all that is to be written in one transaction, since waiting for the disk is what costs.

import type { Job } from '../model/job.ts'
import type { Database } from './database.ts'
import type { Answer, Call } from './messages.ts'
import { operations } from './operations.ts'

/** Whether a call needs the database to be there. */
export function creates({ name }: Call): boolean {
  return operations[name].kind === 'creates'
}

/** Whether nobody may hear of what a call has changed before that is on stable storage. */
export function isNews({ name }: Call): boolean {
  return operations[name].kind === 'tells' || operations[name].kind === 'creates'
}

/** Whether a call may be answered before that: a runner that dies with the machine needs no memory of it. */
export function isHasty({ name }: Call): boolean {
  return operations[name].kind === 'writes'
}

/** The job that a call has changed; undefined: none; `unknown`: its answer does not tell. */
export function changedBy({ name }: Call, answer: Answer): Job | 'unknown' | undefined {
  const { kind, changed } = operations[name]
  if (kind === 'reads') return undefined
  if (changed === undefined || !('value' in answer)) return 'unknown'
  return (changed as (result: unknown) => Job | undefined)(answer.value) // each name goes with its own result
}

/**
 * Executes calls. What one of them has written is kept for all of them or, when the disk refuses, for none; one that fails by itself
 * leaves no trace, and does not disturb the others.
 */
export function execute(database: Database, calls: readonly Call[]): readonly Answer[] {
  const writing = calls.filter(({ name }) => operations[name].kind !== 'reads')
  const reading = calls.filter(({ name }) => operations[name].kind === 'reads')
  return [...write(database, writing), ...reading.map((call) => read(database, call))]
}

/** The same answer for all. */
export function refuse(calls: readonly Pick<Call, 'number'>[], error: unknown): readonly Answer[] {
  return calls.map(({ number }) => ({ number, trouble: messageOf(error) }))
}

/** What went wrong, as SQLite or the system says it. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

// Calls rarely fail by themselves: then all others are executed again, without the one that does.
function write(database: Database, calls: readonly Call[]): readonly Answer[] {
  if (calls.length === 0) return []
  let call: Call | undefined
  try {
    database.run('BEGIN IMMEDIATE')
    const answers: Answer[] = []
    for (call of calls) answers.push({ number: call.number, value: perform(database, call) })
    call = undefined
    database.run('COMMIT')
    return answers
  } catch (error) {
    // A full disk, among others, has ended the transaction: none of it is left, and no other will do better.
    const isAlone = call !== undefined && database.isInTransaction
    rollBack(database)
    if (!isAlone) return refuse(calls, error)
    const failed = calls.filter((each) => each === call)
    return [
      ...refuse(failed, error),
      ...write(
        database,
        calls.filter((each) => each !== call),
      ),
    ]
  }
}

function read(database: Database, call: Call): Answer {
  try {
    return { number: call.number, value: perform(database, call) }
  } catch (error) {
    return { number: call.number, trouble: messageOf(error) }
  }
}

function perform(database: Database, { name, values }: Call): unknown {
  // Each name goes with its own values, which TypeScript cannot know of a union.
  const run = operations[name].run as (database: Database, ...values: Call['values']) => unknown
  return run(database, ...values)
}

function rollBack(database: Database): void {
  try {
    if (database.isInTransaction) database.run('ROLLBACK')
  } catch {
    // SQLite has done so, or does it when the next transaction begins; why we are here says more
  }
}
