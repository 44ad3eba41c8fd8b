// Opens the database of jobs: its tables, and what is refused.

import { closeSync, mkdirSync, openSync } from 'node:fs'
import { dirname } from 'node:path'
import { Database } from './database.ts'
import { inMemory } from './messages.ts'

/**
 * Opens the database, and creates it, readable by its owner only (jobs.md DUR-7), when it is not there.
 * @throws what SQLite and the file system throw, or an Error that says that this is no job store of ours
 */
export function openDatabase(path: string): Database {
  if (path !== inMemory) {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
    closeSync(openSync(path, 'a', 0o600))
  }
  const database = new Database(path)
  try {
    database.script(settings)
    create(database)
    checkShape(database)
    return database
  } catch (error) {
    database.close()
    throw error
  }
}

// Also brings one of an earlier version up to this one.
function create(database: Database): void {
  if (versionOf(database) >= version) return
  database.script('BEGIN IMMEDIATE')
  try {
    for (const step of steps.slice(versionOf(database))) database.script(step) // unless another process was faster
    database.script(`PRAGMA user_version = ${version}`)
    database.script('COMMIT')
  } catch (error) {
    if (database.isInTransaction) database.script('ROLLBACK')
    throw error
  }
}

function checkShape(database: Database): void {
  const found = versionOf(database)
  if (found !== version)
    throw new Error(
      `it has version ${found}, this fnbox needs version ${version}: use another data directory`,
    )
  const { quick_check: verdict } = database.get<{ quick_check: string }>(
    `SELECT quick_check FROM pragma_quick_check('store')`,
  ) ?? { quick_check: 'ok' }
  if (verdict !== 'ok') throw new Error(verdict)
}

function versionOf(database: Database): number {
  return database.get<{ user_version: number }>('PRAGMA user_version')?.user_version ?? 0
}

// NORMAL: a commit is written, and disk.ts waits for the disk. A log that a burst has blown up is cut to this size.
// The thread moves the log into the database when it has so many pages of 4 KiB; it does nothing else meanwhile.
const settings = `
  PRAGMA journal_mode = WAL;
  PRAGMA synchronous = NORMAL;
  PRAGMA wal_autocheckpoint = 8000;
  PRAGMA cache_size = -16384;
  PRAGMA journal_size_limit = ${64 * 1024 * 1024};
`

// Columns of `jobs` are called like the members of Job. Times are epoch milliseconds. What is large and never changes has a table of
// its own, since SQLite writes a whole row when a column changes. `removedAt`: the job is gone, but other processes still have to
// hear of that, or its end to be told.
const tables = `
  CREATE TABLE store (revision INTEGER NOT NULL) STRICT;
  INSERT INTO store VALUES (0);

  CREATE TABLE counts (origin TEXT, what TEXT, n INTEGER NOT NULL, PRIMARY KEY (origin, what)) STRICT, WITHOUT ROWID;

  CREATE TABLE jobs (
    n INTEGER PRIMARY KEY,
    id TEXT NOT NULL,
    origin TEXT NOT NULL,
    state TEXT NOT NULL,
    revision INTEGER NOT NULL,
    position INTEGER NOT NULL,
    executionTimeoutMs INTEGER NOT NULL,
    ttlMs INTEGER NOT NULL,
    retentionMs INTEGER NOT NULL,
    lowPriority INTEGER NOT NULL,
    notify INTEGER NOT NULL,
    submittedAt INTEGER NOT NULL,
    attempt INTEGER NOT NULL DEFAULT 0,
    losses INTEGER NOT NULL DEFAULT 0,
    retries INTEGER NOT NULL DEFAULT 0,
    delayMs INTEGER NOT NULL DEFAULT 0,
    since INTEGER NOT NULL,
    executionMs INTEGER NOT NULL DEFAULT 0,
    instance TEXT NOT NULL DEFAULT '',
    nextIndex INTEGER NOT NULL DEFAULT 0,
    expiresAt INTEGER NOT NULL,
    notBefore INTEGER,
    holder TEXT,
    leaseUntil INTEGER,
    removedAt INTEGER,
    webhook TEXT,
    policy TEXT,
    error TEXT,
    listsChunks INTEGER NOT NULL DEFAULT 0,
    output BLOB
  ) STRICT;
  CREATE UNIQUE INDEX jobsById ON jobs (id) WHERE removedAt IS NULL;
  CREATE INDEX jobsChanged ON jobs (revision);
  CREATE INDEX jobsQueued ON jobs (position, notBefore, expiresAt) WHERE state = 'IN_QUEUE' AND holder IS NULL;
  CREATE INDEX jobsDelayed ON jobs (notBefore) WHERE notBefore IS NOT NULL;
  CREATE INDEX jobsHeld ON jobs (leaseUntil) WHERE holder IS NOT NULL;
  CREATE INDEX jobsExpiring ON jobs (expiresAt) WHERE removedAt IS NULL;
  CREATE INDEX jobsRemoved ON jobs (removedAt) WHERE removedAt IS NOT NULL;

  CREATE TABLE inputs (job INTEGER PRIMARY KEY, input BLOB NOT NULL, s3Config TEXT) STRICT;

  CREATE TABLE chunks (
    job INTEGER NOT NULL,
    number INTEGER NOT NULL,
    delivered INTEGER NOT NULL DEFAULT 0,
    json BLOB NOT NULL,
    PRIMARY KEY (job, number)
  ) STRICT;
  CREATE INDEX chunksUndelivered ON chunks (job, number) WHERE delivered = 0;

  CREATE TABLE deliveries (n INTEGER PRIMARY KEY, job INTEGER NOT NULL UNIQUE, dueAt INTEGER NOT NULL, tries INTEGER NOT NULL) STRICT;
  CREATE INDEX deliveriesDue ON deliveries (dueAt);

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

// `task`: TaskTerms as JSON text.
const tablesOfTasks = `
  ALTER TABLE jobs ADD COLUMN dueAt INTEGER NOT NULL DEFAULT 0;
  UPDATE jobs SET dueAt = submittedAt;
  ALTER TABLE jobs ADD COLUMN task TEXT;
  DROP INDEX jobsQueued;
  CREATE INDEX jobsQueued ON jobs (dueAt, position, notBefore, expiresAt) WHERE state = 'IN_QUEUE' AND holder IS NULL;
  CREATE INDEX jobsQueuedForCallers ON jobs (dueAt, position, notBefore, expiresAt)
    WHERE state = 'IN_QUEUE' AND holder IS NULL AND origin <> 'task';
  CREATE INDEX tasksEnded ON jobs (since) WHERE origin = 'task' AND state IN ('COMPLETED', 'FAILED') AND removedAt IS NULL;

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
`

// Each makes of a database of one version that of the next.
const steps = [tables, tablesOfTasks]
const version = steps.length
