// A unit of work: the rows that a batch of operations has loaded, and what the operations change. Owns both until they are saved.

import type { TaskAttempt, TaskError } from '../model/job.ts'
import type { CountRow, Input, KeyRow, Row } from './rows.ts'

/** What operations need to decide. An engine loads it for a whole batch at once. */
export interface Needs {
  /** jobs by id */
  readonly ids?: readonly string[]
  /** idempotency keys, with their jobs */
  readonly keys?: readonly string[]
  readonly counts?: boolean
  /** numbers for new rows and places in the queue */
  readonly numbers?: number
  /** jobs at the head of the queue, with their inputs: so many that are no tasks, so many tasks */
  readonly heads?: { readonly jobs: number; readonly tasks: number }
  /** all jobs in the queue that are no tasks */
  readonly queued?: boolean
  /** jobs whose time is over, and, where given, tasks beyond the newest so many */
  readonly sweep?: { readonly tasksKept: number | undefined }
  /** most completion messages that are due, with inputs and outputs of their jobs */
  readonly deliveries?: number
}

/** What an engine has loaded for Needs, at a time. The same job may come more than once. */
export interface Loaded {
  readonly now: number
  readonly rows: readonly Row[]
  /** by `n` */
  readonly inputs: ReadonlyMap<number, Input>
  readonly outputs: ReadonlyMap<number, Buffer>
  readonly keys: readonly KeyRow[]
  readonly counts: readonly CountRow[]
  /** in growing order, larger than all before */
  readonly numbers: readonly number[]
  /** jobs that a sweep is about, each list in order and at most `sweptAtOnce` long */
  readonly swept: Swept
}

/** Rows by `n`. */
export interface Swept {
  readonly expired: readonly number[]
  readonly lapsed: readonly number[]
  readonly surplus: readonly number[]
  /** removed long ago, and told */
  readonly forgotten: readonly number[]
  /** the next time after now at which something is due */
  readonly next: number | undefined
}

/** What is written beside the rows of jobs, in this order. */
export type Write =
  | { readonly type: 'input'; readonly n: number; readonly input: Input }
  | { readonly type: 'dropInput' | 'dropSecret' | 'dropChunks' | 'dropAll'; readonly n: number }
  | { readonly type: 'output'; readonly n: number; readonly output: Buffer | null }
  | { readonly type: 'chunks'; readonly n: number; readonly from: number; readonly chunks: readonly Buffer[] }
  | { readonly type: 'delivered'; readonly n: number; readonly indexes: readonly number[] }
  | {
      readonly type: 'attemptStarted'
      readonly n: number
      readonly number: number
      readonly instance: string
      readonly at: number
    }
  | {
      readonly type: 'attemptEnded'
      readonly n: number
      readonly outcome: NonNullable<TaskAttempt['outcome']>
      readonly error: TaskError | undefined
      readonly at: number
    }
  | ({ readonly type: 'key' } & KeyRow)
  | { readonly type: 'keyState'; readonly id: string; readonly state: string }
  | { readonly type: 'dropKeys'; readonly before: number }
  | ({ readonly type: 'count' } & CountRow)

/** Members of a row that an operation may set. */
export type Columns = Partial<Omit<Row, 'n' | 'id' | 'revision'>>

/** Rows in memory, with what has changed of them. */
export class Unit {
  readonly now: number
  /** rows that are new */
  readonly added = new Set<Row>()
  /** columns that have changed of rows that were loaded */
  readonly changed = new Map<Row, Set<keyof Row>>()
  /** rows whose change is announced */
  readonly announced = new Set<Row>()
  readonly removed: Row[] = []
  readonly writes: Write[] = []
  readonly swept: Swept
  readonly #rows = new Map<number, Row>()
  readonly #ids = new Map<string, Row>()
  readonly #keys: Map<string, KeyRow>
  readonly #inputs: Map<number, Input>
  readonly #outputs: ReadonlyMap<number, Buffer>
  readonly #counts: readonly CountRow[]
  readonly #numbers: Iterator<number>

  constructor({ now, rows, inputs, outputs, keys, counts, numbers, swept }: Loaded) {
    this.now = now
    this.swept = swept
    this.#inputs = new Map(inputs)
    this.#outputs = outputs
    this.#keys = new Map(keys.map((each) => [each.key, each]))
    this.#counts = counts
    this.#numbers = numbers.values()
    for (const each of rows) if (!this.#rows.has(each.n)) this.#keep(each)
  }

  /** All rows that are there, in no order. */
  get rows(): Iterable<Row> {
    return this.#rows.values()
  }

  /** The job with an id, unless it is removed. */
  find(id: string): Row | undefined {
    const row = this.#ids.get(id)
    return row?.removedAt === null ? row : undefined
  }

  row(n: number): Row | undefined {
    return this.#rows.get(n)
  }

  input(n: number): Input | undefined {
    return this.#inputs.get(n)
  }

  output(n: number): Buffer | undefined {
    return this.#outputs.get(n)
  }

  key(key: string): KeyRow | undefined {
    const kept = this.#keys.get(key)
    return kept !== undefined && kept.expiresAt > this.now ? kept : undefined
  }

  /** How many are counted, this unit's changes included. */
  count(counts: (row: CountRow) => boolean): number {
    const changes = this.writes.filter((each) => each.type === 'count')
    return [...this.#counts, ...changes].filter(counts).reduce((sum, { n }) => sum + n, 0)
  }

  /** A number larger than all before. */
  number(): number {
    const { value, done } = this.#numbers.next()
    if (done === true) throw new Error('an operation needs more numbers than it has asked for')
    return value
  }

  add(row: Row, input: Input): void {
    this.added.add(row)
    this.#keep(row)
    this.#inputs.set(row.n, input)
    this.write({ type: 'input', n: row.n, input })
  }

  /** Sets columns without a word to listeners. */
  set(row: Row, columns: Columns): void {
    Object.assign(row, columns)
    this.#note(row, columns)
  }

  /** Sets columns, and announces the change. */
  change(row: Row, columns: Columns): void {
    this.set(row, columns)
    const revision = { revision: row.revision + 1 }
    Object.assign(row, revision)
    this.#note(row, revision)
    this.announced.add(row)
  }

  /** Removes a row and all that belongs to it. */
  remove(row: Row): void {
    this.#rows.delete(row.n)
    if (this.#ids.get(row.id) === row) this.#ids.delete(row.id)
    this.changed.delete(row)
    this.announced.delete(row)
    if (!this.added.delete(row)) this.removed.push(row)
    this.write({ type: 'dropAll', n: row.n })
  }

  write(write: Write): void {
    if (write.type === 'key') this.#keys.set(write.key, write)
    this.writes.push(write)
  }

  #note(row: Row, columns: Columns | Pick<Row, 'revision'>): void {
    if (this.added.has(row)) return // it is written whole
    const names = this.changed.get(row) ?? new Set()
    for (const each of Object.keys(columns)) names.add(each as keyof Row) // their type says so
    this.changed.set(row, names)
  }

  // A removed row does not hide a job that has its id now.
  #keep(row: Row): void {
    this.#rows.set(row.n, row)
    if (row.removedAt === null || !this.#ids.has(row.id)) this.#ids.set(row.id, row)
  }
}

/** Most jobs of each kind in one sweep: other operations wait for it. */
export const sweptAtOnce = 200
