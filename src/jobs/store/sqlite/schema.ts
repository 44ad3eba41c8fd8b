// The database file of a job store: how it is opened, its tables, and which versions of fnbox may share it.

import { closeSync, mkdirSync, openSync } from 'node:fs'
import { dirname } from 'node:path'
import { Database } from './database.ts'

/** The path of a database that lives as long as its thread. */
export const inMemory = ':memory:'

/**
 * Opens the database, and creates it, readable by its owner only (jobs.md DUR-7), when it is not there.
 * @throws what SQLite and the file system throw, or an Error that says why this file cannot be used
 */
export function openDatabase(path: string): Database {
  if (path !== inMemory) {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
    closeSync(openSync(path, 'a', 0o600))
  }
  const database = new Database(path)
  try {
    database.script(settings)
    migrate(database)
    const { quick_check: found } = database.get<{ quick_check: string }>(
      `SELECT quick_check FROM pragma_quick_check('store')`,
    ) ?? { quick_check: 'ok' }
    if (found !== 'ok') throw new Error(found)
    return database
  } catch (error) {
    database.close()
    throw error
  }
}

/** @throws Error when a newer fnbox has changed the tables so that this one must not write any more */
export function checkWriter(oldestWriter: number): void {
  if (oldestWriter > version)
    throw new Error(
      `a newer fnbox has changed the store: it takes writers of schema version ${oldestWriter}, this fnbox has ${version}; update fnbox`,
    )
}

// A migration adds; the next release removes. So the last version and this one may write side by side.
function migrate(database: Database): void {
  if (versionOf(database) < version) {
    database.script('BEGIN IMMEDIATE')
    try {
      for (const step of migrations.slice(versionOf(database))) database.script(step) // unless another process was faster
      database.run(
        'UPDATE store SET version = max(version, ?), oldestWriter = max(oldestWriter, ?)',
        version,
        oldestWriter,
      )
      database.script('COMMIT')
    } catch (error) {
      if (database.isInTransaction) database.script('ROLLBACK')
      throw error
    }
  }
  checkWriter(database.get<{ oldestWriter: number }>('SELECT oldestWriter FROM store')?.oldestWriter ?? 0)
}

function versionOf(database: Database): number {
  const isNew = database.get(`SELECT 1 FROM sqlite_schema WHERE name = 'store'`) === undefined
  return isNew ? 0 : (database.get<{ version: number }>('SELECT version FROM store')?.version ?? 0)
}

// NORMAL: a commit is written, and groupCommit.ts waits for the disk. A log that a burst has blown up is cut to this size.
// The thread moves the log into the database when it has so many pages of 4 KiB; it does nothing else meanwhile.
const settings = `
  PRAGMA journal_mode = WAL;
  PRAGMA synchronous = NORMAL;
  PRAGMA wal_autocheckpoint = 8000;
  PRAGMA cache_size = -16384;
  PRAGMA journal_size_limit = ${64 * 1024 * 1024};
`

// See rows.ts. What is large or never changes has a table of its own, since SQLite writes a whole row when a column changes.
// `number` is the largest that was given; `change` numbers the changes of all jobs in the order of their commits.
const tables = `
  CREATE TABLE store (
    version INTEGER NOT NULL,
    oldestWriter INTEGER NOT NULL,
    number INTEGER NOT NULL,
    change INTEGER NOT NULL
  ) STRICT;
  INSERT INTO store VALUES (0, 0, 0, 0);

  CREATE TABLE counts (origin TEXT, what TEXT, n INTEGER NOT NULL, PRIMARY KEY (origin, what)) STRICT, WITHOUT ROWID;

  CREATE TABLE jobs (
    n INTEGER PRIMARY KEY,
    id TEXT NOT NULL,
    origin TEXT NOT NULL,
    state TEXT NOT NULL,
    revision INTEGER NOT NULL,
    change INTEGER NOT NULL,
    executionTimeoutMs INTEGER NOT NULL,
    ttlMs INTEGER NOT NULL,
    retentionMs INTEGER NOT NULL,
    lowPriority INTEGER NOT NULL,
    notify INTEGER NOT NULL,
    submittedAt INTEGER NOT NULL,
    attempt INTEGER NOT NULL,
    losses INTEGER NOT NULL,
    retries INTEGER NOT NULL,
    delayMs INTEGER NOT NULL,
    since INTEGER NOT NULL,
    executionMs INTEGER NOT NULL,
    instance TEXT NOT NULL,
    nextIndex INTEGER NOT NULL,
    expiresAt INTEGER NOT NULL,
    dueAt INTEGER NOT NULL,
    position INTEGER NOT NULL,
    notBefore INTEGER,
    holder TEXT,
    leaseUntil INTEGER,
    removedAt INTEGER,
    delivery INTEGER,
    deliverAt INTEGER,
    deliveryAttempts INTEGER NOT NULL,
    webhook TEXT,
    policy TEXT,
    error TEXT,
    listsChunks INTEGER NOT NULL,
    task TEXT
  ) STRICT;
  CREATE INDEX jobsById ON jobs (id);
  CREATE INDEX jobsChanged ON jobs (change);
  CREATE INDEX jobsQueued ON jobs (dueAt, position, notBefore, expiresAt)
    WHERE state = 'IN_QUEUE' AND leaseUntil IS NULL AND origin <> 'task' AND removedAt IS NULL;
  CREATE INDEX tasksQueued ON jobs (dueAt, position, notBefore, expiresAt)
    WHERE state = 'IN_QUEUE' AND leaseUntil IS NULL AND origin = 'task' AND removedAt IS NULL;
  CREATE INDEX jobsDelayed ON jobs (notBefore) WHERE notBefore IS NOT NULL;
  CREATE INDEX jobsHeld ON jobs (leaseUntil) WHERE leaseUntil IS NOT NULL;
  CREATE INDEX jobsExpiring ON jobs (expiresAt) WHERE removedAt IS NULL;
  CREATE INDEX jobsRemoved ON jobs (removedAt) WHERE removedAt IS NOT NULL AND delivery IS NULL;
  CREATE INDEX jobsToDeliver ON jobs (deliverAt) WHERE deliverAt IS NOT NULL;
  CREATE INDEX tasksEnded ON jobs (since) WHERE origin = 'task' AND state IN ('COMPLETED', 'FAILED') AND removedAt IS NULL;

  CREATE TABLE inputs (job INTEGER PRIMARY KEY, input BLOB NOT NULL, s3Config TEXT) STRICT;

  CREATE TABLE outputs (job INTEGER PRIMARY KEY, json BLOB NOT NULL) STRICT;

  CREATE TABLE chunks (
    job INTEGER NOT NULL,
    number INTEGER NOT NULL,
    delivered INTEGER NOT NULL DEFAULT 0,
    json BLOB NOT NULL,
    PRIMARY KEY (job, number)
  ) STRICT;
  CREATE INDEX chunksUndelivered ON chunks (job, number) WHERE delivered = 0;

  CREATE TABLE attempts (
    job INTEGER NOT NULL,
    number INTEGER NOT NULL,
    instance TEXT NOT NULL,
    startedAt INTEGER NOT NULL,
    endedAt INTEGER,
    outcome TEXT,
    errorType TEXT,
    errorMessage TEXT,
    PRIMARY KEY (job, number)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE keys (
    key TEXT PRIMARY KEY,
    digest TEXT NOT NULL,
    id TEXT NOT NULL,
    state TEXT NOT NULL,
    expiresAt INTEGER NOT NULL
  ) STRICT;
  CREATE INDEX keysById ON keys (id);
  CREATE INDEX keysExpiring ON keys (expiresAt);
`

// Each makes of a database of one version that of the next.
const migrations = [tables]
const version = migrations.length

// Writers of this version still do what this one needs.
const oldestWriter = 1
