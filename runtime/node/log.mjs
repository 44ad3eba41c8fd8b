// What this runtime does for the function's log: hands over what the function wrote, and writes records of its own.
// Owns nothing.

import { Writable } from 'node:stream'

/**
 * Settles when what the function has written so far was handed to the kernel (PROTOCOL.md, promise 3). A pipe whose
 * reader is slow keeps it in this process.
 */
export async function outputWritten() {
  try {
    const streams = [process.stdout, process.stderr].filter(
      (each) => each.writable && each.writableLength > 0,
    )
    if (streams.length > 0) await Promise.all(streams.map(written))
  } catch {
    // the function has put something else in their place: there is nothing to wait for
  }
}

/**
 * Writes one record of the runtime itself, whatever the function has made of process.stderr (yandex.md G-8).
 * @param {string} text
 */
export function report(text) {
  try {
    writeNow(2, `${text.replaceAll(/\r?\n/g, '\r')}\n`)
  } catch {
    // nobody listens
  }
}

// An empty write is done after all others; 'drain' comes only after a write that was refused.
/** @param {NodeJS.WriteStream} stream */
function written(stream) {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, outputPatienceMs)
    write.call(stream, '', 'utf8', () => {
      clearTimeout(timer)
      resolve(undefined)
    })
  })
}

// The supervisor always reads; only a stream that the function has broken takes longer.
const outputPatienceMs = 1000

// The function may replace these later.
const { setTimeout, clearTimeout } = globalThis
const { writeSync: writeNow } = process.getBuiltinModule('node:fs') // an import would load all streams of files
// oxlint-disable-next-line typescript/unbound-method -- called with a stream
const { write } = Writable.prototype
