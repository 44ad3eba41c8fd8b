// Derived ids of functions and versions, in the form of the cloud: `d4e` and 17 more characters (interface.md §3).

import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import type { Entry } from './entrypoint.ts'

/** Derives an id: the same seed always gives the same one. */
export function deriveId(seed: string | Buffer): string {
  const digest = createHash('sha256').update(seed).digest()
  return `d4e${Array.from(digest.subarray(0, 17), (byte) => alphabet[byte % alphabet.length]).join('')}`
}

/** Derives the version id from the code: another entry file is another version. */
export function deriveVersion(entry: Entry, handler: string): string {
  try {
    return deriveId(entry.type === 'found' ? readFileSync(entry.file) : handler)
  } catch {
    return deriveId(handler) // loading the file reports what is wrong with it
  }
}

const alphabet = 'abcdefghijklmnopqrstuv0123456789'
