// Temporary folders, removed when the benchmark ends. Owns their list.

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** Absolute path of a new, empty folder. */
export function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'fnbox-bench-'))
  folders.push(folder)
  return folder
}

const folders: string[] = []

process.once('exit', () => folders.forEach((each) => rmSync(each, { recursive: true, force: true })))
