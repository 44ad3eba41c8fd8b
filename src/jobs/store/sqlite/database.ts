// A connection to a SQLite database: remembers the statements that it has prepared. Owns the connection.

import { DatabaseSync, type SQLInputValue, type StatementSync } from 'node:sqlite'

/** SQL with its values beside it. Every method may throw what SQLite throws. */
export class Database {
  readonly #connection: DatabaseSync
  readonly #statements = new Map<string, StatementSync>()

  /** @param path a file, or `:memory:` */
  constructor(path: string) {
    this.#connection = new DatabaseSync(path, { timeout: busyMs })
  }

  /** Executes a statement for its effect. */
  run(sql: string, ...values: SQLInputValue[]): void {
    this.#prepare(sql).run(...values)
  }

  /** The first row. The caller's SQL says which columns it has. */
  // oxlint-disable-next-line typescript/no-unnecessary-type-parameters -- as for the other methods
  get<Row>(sql: string, ...values: SQLInputValue[]): Row | undefined {
    return this.#prepare(sql).get(...values) as Row | undefined // SQL is not typed
  }

  all<Row>(sql: string, ...values: SQLInputValue[]): Row[] {
    return this.#prepare(sql).all(...values) as Row[] // SQL is not typed
  }

  /** Rows as they are found: a caller that stops early reads no more of them. */
  each<Row>(sql: string, ...values: SQLInputValue[]): Iterable<Row> {
    return this.#prepare(sql).iterate(...values) as unknown as Iterable<Row> // SQL is not typed
  }

  /** Executes SQL text of any number of statements. */
  script(sql: string): void {
    this.#connection.exec(sql)
  }

  /** Whether a transaction is open: SQLite ends one itself on some errors. */
  get isInTransaction(): boolean {
    return this.#connection.isTransaction
  }

  /** Changes when another connection has written. */
  get foreignVersion(): number {
    return this.get<{ data_version: number }>('PRAGMA data_version')?.data_version ?? 0
  }

  close(): void {
    this.#connection.close()
  }

  #prepare(sql: string): StatementSync {
    const prepared = this.#statements.get(sql)
    if (prepared !== undefined) return prepared
    const statement = this.#connection.prepare(sql)
    this.#statements.set(sql, statement)
    return statement
  }
}

// How long a transaction waits for that of another process.
const busyMs = 5000
