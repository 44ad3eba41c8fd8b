// The standard streams of a script, and the log that they end in. They are named pipes, since /dev/stdin and /dev/stderr cannot open
// the sockets that Node.js makes for a child process.

import { execFile } from 'node:child_process'
import { closeSync, constants, openSync, writeSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'

/**
 * The streams of one script: our ends, and the descriptors that it gets. Its input is a file, since a named pipe that
 * was written to its end could not be opened once more.
 * @typedef {object} Streams
 * @property {number} input
 * @property {Socket} output
 * @property {Socket} error
 * @property {[number, number, number]} theirs
 */

/**
 * Finds out whether streams can be made.
 * @param {string} mkfifo path of the program
 * @throws the reason why they cannot
 */
export async function checkStreams(mkfifo) {
  const { input, output, error, theirs } = await makeStreams(mkfifo)
  for (const each of [input, ...theirs]) closeSync(each)
  output.destroy()
  error.destroy()
}

/**
 * Makes the streams of one run.
 * @param {string} mkfifo path of the program
 * @returns {Promise<Streams>}
 */
export async function makeStreams(mkfifo) {
  const folder = await mkdtemp(join(tmpdir(), 'fnbox-'))
  try {
    const paths = { input: join(folder, '0'), output: join(folder, '1'), error: join(folder, '2') }
    await promisify(execFile)(mkfifo, [paths.output, paths.error]).catch(({ message }) => {
      throw new Error(
        `mkfifo cannot make the streams of a script; install it where PATH finds it (${message})`,
      )
    })
    const [output, error] = [openPipe(paths.output), openPipe(paths.error)]
    const input = openSync(paths.input, 'wx', 0o600)
    const theirs = openSync(paths.input, 'r')
    return {
      input,
      output: output.reader,
      error: error.reader,
      theirs: [theirs, output.writer, error.writer],
    }
  } finally {
    await rm(folder, { recursive: true })
  }
}

/**
 * Writes the whole input of a script.
 * @param {Streams} streams
 * @param {Buffer} bytes
 */
export function writeInput({ input }, bytes) {
  for (let at = 0; at < bytes.length;) at += writeSync(input, bytes, at)
  closeSync(input)
}

/**
 * Writes bytes to the function's log, which is descriptors 1 and 2 of the instance. Waits until the kernel has them
 * (PROTOCOL.md, promise 3), which also slows a script down that floods its log.
 * @param {1 | 2} descriptor
 * @param {Buffer} bytes
 */
export function writeLog(descriptor, bytes) {
  try {
    for (let at = 0; at < bytes.length;) at += writeSync(descriptor, bytes, at)
  } catch {
    // the supervisor has closed its end
  }
}

// Opening one end waits for the other, so both are held meanwhile. Only our end may be non-blocking.
/** @param {string} path */
function openPipe(path) {
  const { O_RDWR, O_RDONLY, O_WRONLY, O_NONBLOCK } = constants
  const both = openSync(path, O_RDWR)
  const fd = openSync(path, O_RDONLY | O_NONBLOCK)
  const writer = openSync(path, O_WRONLY)
  closeSync(both)
  return { reader: new Socket({ fd, readable: true, writable: false }), writer }
}
