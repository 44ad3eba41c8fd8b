// What a call that was sent ahead needs before it starts: its permit, and a border in the function's log
// (../PROTOCOL.md, "Calls sent ahead"). Owns nothing.

import { readSync } from 'node:fs'
import { writeLog } from './streams.mjs'

/** Whether the next call that was sent ahead may start. Takes one permit for it. */
export function takePermit() {
  try {
    return readSync(permits, Buffer.alloc(1), 0, 1, null) === 1
  } catch {
    return false
  }
}

/**
 * Divides what was written so far from what the next call writes.
 * @param {string | undefined} border
 */
export function writeBorder(border) {
  if (border === undefined) return
  const text = Buffer.from(border)
  writeLog(1, text)
  writeLog(2, text)
}

const permits = 4
