// Hands bytes to the function's log: descriptors 1 and 2 of the instance. Owns nothing.

import { writeSync } from 'node:fs'

/**
 * Writes bytes and waits until the kernel has them (PROTOCOL.md, promise 3), which also slows a script down that
 * floods its log.
 * @param {1 | 2} descriptor
 * @param {Buffer} bytes
 */
export function writeLog(descriptor, bytes) {
  try {
    for (let at = 0; at < bytes.length;) at += writeSync(descriptor, bytes, at)
  } catch {
    // nobody listens
  }
}
