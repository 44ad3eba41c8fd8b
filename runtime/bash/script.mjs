// The script as a program: whether it can be run, and one run of it. Owns the process and what it has written so far.

import { spawn, spawnSync } from 'node:child_process'
import { closeSync } from 'node:fs'
import { constants } from 'node:os'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { killProcessTree } from './killTree.mjs'
import { writeInput, writeLog } from './streams.mjs'

/**
 * What every run has in common.
 * @typedef {object} Script
 * @property {string} bash path of the program
 * @property {string} file absolute path of the script
 * @property {string} mkfifo path of the program
 * @property {import('../../src/wire/frames.ts').FunctionIdentity} identity
 */

/** The version of the shell; `unknown` when it cannot be started. @param {string} bash */
export function shellVersion(bash) {
  const { stdout, error } = spawnSync(bash, ['--version'], { encoding: 'utf8' })
  const found = error === undefined ? /version (\d+(?:\.\d+)*)/.exec(stdout) : null
  return found?.[1] ?? 'unknown'
}

/**
 * Finds the script and lets the shell read it without running it.
 * @param {string} bash
 * @param {Extract<import('../../src/wire/frames.ts').FrameToInstance, { type: 'load' }>} frame
 * @returns {Promise<string>} its path
 * @throws the reason why it cannot be run
 */
export async function checkScript(bash, { root, module, file }) {
  if (file === undefined) throw named('HandlerNotFound', `Can't find script ${module} in ${root}`)
  const { status, stderr, error } = spawnSync(bash, ['-n', file], { encoding: 'utf8' })
  if (error !== undefined)
    throw named('Error', `bash cannot be started; install it where PATH finds it (${error.message})`)
  if (status !== 0) throw named(status === syntaxError ? 'SyntaxError' : 'Error', stderr.trim())
  return file
}

/** A process that runs the script once, in the process group of the instance. */
export class ScriptRun {
  /** settles when the process has ended and what it has written was read @readonly */
  ended
  /** @readonly */ #process
  /** @readonly @type {Buffer[]} */ #output = []
  #outputLength = 0
  #over = false
  /** @readonly */ #mostOutput

  /**
   * @param {Script} script
   * @param {import('./streams.mjs').Streams} streams
   * @param {Readonly<Record<string, string>>} variables
   * @param {Buffer} input
   * @param {number} mostOutput bytes beyond which the script is ended
   */
  constructor({ bash, file }, streams, variables, input, mostOutput) {
    this.#mostOutput = mostOutput
    writeInput(streams, input)
    this.#process = spawn(bash, [file], { env: { ...process.env, ...variables }, stdio: streams.theirs })
    for (const each of streams.theirs) closeSync(each)
    streams.output.on('data', (bytes) => this.#take(bytes))
    streams.error.on('data', (bytes) => writeLog(2, bytes))
    this.ended = this.#end()
  }

  /** Ends the process and those that it has started. */
  kill() {
    const { pid, exitCode, signalCode } = this.#process
    if (pid !== undefined && exitCode === null && signalCode === null) killProcessTree(pid)
  }

  // What comes behind the end is of processes that the script has left behind; it is read, so that they are not stopped.
  /** @param {Buffer} bytes */
  #take(bytes) {
    if (this.#over || this.#outputLength > this.#mostOutput) return
    this.#output.push(bytes)
    this.#outputLength += bytes.length
    if (this.#outputLength > this.#mostOutput) this.kill()
  }

  async #end() {
    const code = await this.#exit()
    // All that a pipe holds is read within one turn of the event loop.
    await nextTurn()
    await nextTurn()
    this.#over = true
    return { code, output: Buffer.concat(this.#output) }
  }

  // A signal is told as the shell would (yandex.md F-14).
  /** @returns {Promise<number>} */
  #exit() {
    return new Promise((resolve, reject) => {
      this.#process.once('error', reject)
      this.#process.once('exit', (code, signal) =>
        resolve(code ?? 128 + (signal === null ? 0 : constants.signals[signal])),
      )
    })
  }
}

/**
 * @param {string} name
 * @param {string} message
 */
function named(name, message) {
  return Object.assign(new Error(message), { name })
}

// What `bash -n` exits with when it has understood everything but the script.
const syntaxError = 2
