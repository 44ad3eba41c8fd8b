// The function's log: waits until the function's output has left the process, and writes borders and records of the runtime.

import { Writable } from 'node:stream'

/**
 * Waits until what the function has written so far was handed to the kernel (PROTOCOL.md, promise 3). A pipe whose reader
 * is slow keeps it in this process.
 * @returns {Promise<void> | undefined} undefined when there is nothing to wait for, as nearly always
 */
export function outputWritten() {
  try {
    if (isWritten(process.stdout) && isWritten(process.stderr)) return undefined
    return allWritten()
  } catch {
    return undefined // the function has put something else in their place
  }
}

/** @param {NodeJS.WriteStream} stream */
function isWritten(stream) {
  return stream.writableLength === 0 || !stream.writable
}

async function allWritten() {
  try {
    await Promise.all([process.stdout, process.stderr].filter((each) => !isWritten(each)).map(written))
  } catch {
    // see `outputWritten`
  }
}

/**
 * Writes a border to both descriptors, behind all that was written before.
 * @param {Buffer} border
 * @returns {Promise<void> | undefined} undefined when it is written already, as nearly always
 */
export function bordersWritten(border) {
  const first = borderWritten(1, border)
  const second = borderWritten(2, border)
  if (first === undefined) return second
  return second === undefined ? first : first.then(() => second)
}

/**
 * @param {1 | 2} descriptor
 * @param {Buffer} border
 */
function borderWritten(descriptor, border) {
  try {
    const length = writeNow(descriptor, border)
    return length === border.length ? undefined : writtenLater(descriptor, border.subarray(length))
  } catch (error) {
    const { code } = /** @type {NodeJS.ErrnoException} */ (error)
    return code === 'EAGAIN' ? writtenLater(descriptor, border) : undefined // closed by the function: it goes on without
  }
}

// The supervisor always reads, so there will be room.
/**
 * @param {1 | 2} descriptor
 * @param {Buffer} border
 * @returns {Promise<void>}
 */
async function writtenLater(descriptor, border) {
  await new Promise((resolve) => void setTimeout(resolve, 1))
  return borderWritten(descriptor, border)
}

/**
 * Writes one record of the runtime itself, past process.stderr, which the function may have replaced (yandex.md G-8).
 * @param {string} text
 */
export function report(text) {
  try {
    writeNow(2, `${text.replaceAll(/\r?\n/g, '\r')}\n`)
  } catch {
    // the supervisor has gone
  }
}

// An empty write is done after all others; 'drain' comes only after a write that returned false.
/** @param {NodeJS.WriteStream} stream */
function written(stream) {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, outputTimeoutMs)
    write.call(stream, '', 'utf8', () => {
      clearTimeout(timer)
      resolve(undefined)
    })
  })
}

// The supervisor always reads; only a stream that the function has broken takes longer.
const outputTimeoutMs = 1000

// The function may replace these later.
const { setTimeout, clearTimeout } = globalThis
const { writeSync: writeNow } = process.getBuiltinModule('node:fs') // an import would load all streams of files
// oxlint-disable-next-line typescript/unbound-method -- called with a stream
const { write } = Writable.prototype
