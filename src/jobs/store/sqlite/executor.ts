// Executes what a store asks of its thread. Owns the database.

import { existsSync } from 'node:fs'
import type { Change } from '../../model/store.ts'
import { decide, DecisionError, messageOf, needsOf, type StoreResult } from '../batch.ts'
import {
  isReading,
  kindOf,
  urgencyOf,
  type StoreCall,
  type Deciding,
  type Reading,
  type Urgency,
} from '../operations.ts'
import type { Row } from '../rows.ts'
import { ChangeFeed } from './changeFeed.ts'
import type { Database } from './database.ts'
import { GroupCommit, type WriteAheadLog } from './groupCommit.ts'
import { lookups } from './lookup.ts'
import type { Answer, Asked, Notice, ThreadRequest } from './messages.ts'
import { inMemory, openDatabase } from './schema.ts'
import { load, save } from './session.ts'

/** The log on the disk, as far as it is used here. */
export type DiskLog = Pick<WriteAheadLog, 'sync' | 'close'>

/** A database of jobs, which is opened when it is there or first written. */
export class Executor {
  readonly #path: string
  readonly #log: DiskLog
  readonly #post: (notice: Notice) => void
  readonly #commit: GroupCommit
  // While there is no file, nothing can be found, reserved or swept.
  readonly #nothing = openDatabase(inMemory)
  #database: Database | undefined
  #feed: ChangeFeed | undefined
  /** jobs whose state is reported when there is a database */
  #missed: readonly string[] | undefined
  #poll: NodeJS.Timeout | undefined
  #now = 0
  readonly #onClosed: () => void

  /** @param post takes what is told: each answer once, each change as it comes */
  constructor(path: string, log: DiskLog, post: (notice: Notice) => void, onClosed: () => void) {
    this.#path = path
    this.#log = log
    this.#post = post
    this.#onClosed = onClosed
    this.#commit = new GroupCommit(log, post)
  }

  /** Does what is asked, all calls in one transaction. */
  execute(requests: readonly ThreadRequest[]): void {
    const calls: Asked[] = []
    for (const each of requests)
      if (each.type === 'call') calls.push(each)
      else if (each.type === 'listen') this.#missed = [...(this.#missed ?? []), ...each.missed]
      else if (each.type === 'open') this.#answerOpening(each.number)
    if (this.#missed !== undefined) this.#answerOpening()
    if (calls.length > 0) this.#answer(calls)
    for (const each of requests) if (each.type === 'close') this.#close(each.number)
  }

  #answer(calls: readonly Asked[]): void {
    this.#now = Math.max(...calls.map(({ now }) => now))
    // Only what is read could show what another process has written, and is not on the disk yet.
    const isForeign = calls.some((each) => isReading(each)) && this.#isForeign()
    const { outcomes, changes: own } = this.#run(calls)
    const changes = isForeign ? [...own, ...this.#readChanges()] : own
    const early: Answer[] = []
    const late: Answer[] = []
    const urgencies: Urgency[] = isForeign ? ['now'] : []
    for (const [at, call] of calls.entries()) {
      const outcome = outcomes[at]
      if (outcome === undefined) continue // there is one for each
      ;(kindOf(call) === 'writes' ? early : late).push({ number: call.number, ...outcome })
      if (!('failure' in outcome)) urgencies.push(urgencyOf(call))
    }
    const urgency = this.#database === undefined ? 'none' : most(urgencies)
    const isLate = urgency === 'now' && early.length === 0
    if (!isLate && early.length + changes.length > 0) this.#post({ answers: early, changes })
    this.#commit.add(late, isLate ? changes : [], urgency)
  }

  #run(calls: readonly Asked[]): { outcomes: readonly StoreResult[]; changes: readonly Change[] } {
    let database = this.#nothing
    try {
      database = this.#open(calls.some((each) => kindOf(each) === 'creates')) ?? database
    } catch (error) {
      const failure = { failure: messageOf(error) }
      const others = existsSync(this.#path) ? [] : calls.filter((each) => kindOf(each) !== 'creates')
      const found = new Map(others.map((each, at) => [each, this.#runOn(this.#nothing, others).outcomes[at]]))
      return { outcomes: calls.map((each) => found.get(each) ?? failure), changes: [] }
    }
    return this.#runOn(database, calls)
  }

  #runOn(
    database: Database,
    calls: readonly Asked[],
  ): { outcomes: readonly StoreResult[]; changes: readonly Change[] } {
    const deciding = calls.filter((each) => !isReading(each)) as readonly (Asked & StoreCall<Deciding>)[] // as said
    const outcomes = new Map<Asked, StoreResult>()
    const changes = deciding.length > 0 ? this.#write(database, deciding, outcomes) : []
    for (const each of calls) if (isReading(each)) outcomes.set(each, read(database, each))
    return {
      outcomes: calls.map((each) => outcomes.get(each) ?? { failure: 'it was not executed' }),
      changes,
    }
  }

  // Calls rarely fail by themselves: then all others are executed without the one that does.
  #write(
    database: Database,
    calls: readonly (Asked & StoreCall<Deciding>)[],
    outcomes: Map<Asked, StoreResult>,
  ): readonly Change[] {
    try {
      database.run('BEGIN IMMEDIATE')
      const unit = load(database, needsOf(calls), this.#now)
      const decided = decide(unit, calls)
      const change = save(database, unit)
      database.run('COMMIT')
      for (const [at, each] of calls.entries()) outcomes.set(each, decided[at] ?? { value: undefined })
      return this.#changesOf(unit.announced, change)
    } catch (error) {
      const wasOpen = database.isInTransaction // a full disk, among others, has ended it: none of it is left
      rollBack(database)
      if (error instanceof DecisionError) {
        outcomes.set(error.call as Asked, { failure: error.message }) // one of these calls
        const others = calls.filter((each) => each !== error.call)
        return others.length > 0 ? this.#write(database, others, outcomes) : []
      }
      if (wasOpen && calls.length > 1) return calls.flatMap((each) => this.#write(database, [each], outcomes))
      for (const each of calls) outcomes.set(each, { failure: messageOf(error) })
      return []
    }
  }

  #changesOf(rows: ReadonlySet<Row>, change: number): readonly Change[] {
    return this.#feed?.own(rows, change) ?? []
  }

  #open(mayCreate: boolean): Database | undefined {
    if (this.#database === undefined && (mayCreate || this.#isThere)) {
      this.#database = openDatabase(this.#path)
      this.#listen()
    }
    return this.#database
  }

  get #isThere(): boolean {
    return this.#path === inMemory || existsSync(this.#path)
  }

  #listen(): void {
    const missed = this.#missed
    if (missed === undefined || this.#database === undefined) return
    this.#feed ??= new ChangeFeed(this.#database, () => this.#now)
    this.#poll ??= setInterval(() => this.#look(), pollMs)
    this.#missed = undefined
    const changes = this.#feed.stateOf(missed)
    if (changes.length > 0) this.#post({ answers: [], changes })
  }

  // What another process has committed may not have reached the disk: the next answer waits for it.
  #look(): void {
    if (!this.#isForeign()) return
    this.#commit.add([], [], 'now')
    this.#post({ answers: [], changes: this.#readChanges() })
  }

  #readChanges(): readonly Change[] {
    try {
      return this.#feed?.read() ?? []
    } catch {
      return [] // what could not be read is told with the next change
    }
  }

  #isForeign(): boolean {
    return this.#feed?.isBehind() ?? false
  }

  // Opens the file, if it is there.
  #answerOpening(number?: number): void {
    let outcome: StoreResult = { value: undefined }
    try {
      this.#open(false)
    } catch (error) {
      outcome = { failure: messageOf(error) }
    }
    this.#listen()
    if (number !== undefined) this.#post({ answers: [{ number, ...outcome }], changes: [] })
  }

  #close(number: number): void {
    clearInterval(this.#poll)
    this.#commit.close(() => {
      this.#log.close()
      this.#database?.close()
      this.#post({ answers: [{ number, value: undefined }], changes: [] })
      this.#onClosed()
    })
  }
}

function read(database: Database, { name, values }: StoreCall<Reading>): StoreResult {
  try {
    // Each name goes with its own values, which TypeScript cannot know of a union.
    const look = lookups[name] as (database: Database, ...values: readonly unknown[]) => unknown
    return { value: look(database, ...values) }
  } catch (error) {
    return { failure: messageOf(error) }
  }
}

function most(urgencies: readonly Urgency[]): Urgency {
  if (urgencies.includes('now')) return 'now'
  return urgencies.includes('later') ? 'later' : 'none'
}

function rollBack(database: Database): void {
  try {
    if (database.isInTransaction) database.run('ROLLBACK')
  } catch {
    // SQLite has done so, or does it when the next transaction starts; why we are here says more
  }
}

// How long the changes of other processes may go unnoticed.
const pollMs = 100
