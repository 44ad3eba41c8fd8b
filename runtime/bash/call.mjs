// One invocation, from its `invoke` frame to its outcome frame: a process of its own (yandex.md K-8). Owns whether it was
// cancelled.

import { fromParts } from '../node/longBody.mjs'
import { ScriptRun } from './script.mjs'
import { makeStreams, writeLog } from './streams.mjs'

/** A running invocation. */
export class Call {
  /** @readonly */ #channel
  /** @readonly */ #frame
  /** @type {ScriptRun | undefined} */ #run
  #cancelled = false

  /**
   * @param {import('../node/channel.mjs').Channel} channel
   * @param {any} frame the `invoke` frame
   */
  constructor(channel, frame) {
    this.#channel = channel
    this.#frame = frame
  }

  /**
   * Runs the script and sends its outcome. Never rejects.
   * @param {import('./script.mjs').Script} script
   * @param {Buffer} body the event or the body of the request (yandex.md M-6 to M-8)
   */
  async run(script, body) {
    const { id, responseLimit, text } = this.#frame
    try {
      const input = text === undefined ? body : Buffer.from(JSON.stringify(fromParts(body, text)))
      const streams = await makeStreams(script.mkfifo)
      const { identity } = script
      const variables = { REQUEST_ID: id, FUNCTION_NAME: identity.id, FUNCTION_VERSION: identity.version } // yandex.md E-14
      this.#run = new ScriptRun(script, streams, variables, input, largestOutput)
      if (this.#cancelled) this.#kill(this.#run)
      const { code, output } = await this.#run.ended
      if (output.length <= largestOutput && code === 0) {
        const isOversized = output.length > responseLimit
        if (isOversized) this.#channel.send({ type: 'oversized', id, size: output.length })
        else this.#channel.send({ type: 'returned', id }, output)
        return
      }
      writeLog(1, wholeLines(output)) // yandex.md K-8
      this.#fail(output.length > largestOutput ? tooMuchOutput : executionError(`exit code ${code}`))
    } catch (error) {
      this.#fail(executionError(/** @type {Error} */ (error).message)) // files and processes throw nothing else
    }
  }

  /** Ends the script. */
  cancel() {
    this.#cancelled = true
    if (this.#run !== undefined) this.#kill(this.#run)
  }

  /** @param {ScriptRun} run */
  #kill(run) {
    run.kill()
    this.#channel.send({ type: 'cancelling', id: this.#frame.id })
  }

  /** @param {import('../../src/wire/frames.ts').UserError} error */
  #fail(error) {
    this.#channel.send({ type: 'threw', id: this.#frame.id, error })
  }
}

// So that the next invocation starts a new line.
/** @param {Buffer} output */
function wholeLines(output) {
  return output.length === 0 || output.at(-1) === newline[0] ? output : Buffer.concat([output, newline])
}

// yandex.md F-14
/** @param {string} errorMessage */
function executionError(errorMessage) {
  return { errorMessage, errorType: 'BashScriptExecutionError' }
}

const newline = Buffer.from('\n')

// yandex.md L-2
const largestOutput = 1_048_576

// yandex.md F-15
const tooMuchOutput = {
  errorMessage: `response is larger than limits (${largestOutput})`,
  errorType: 'BashScriptReadOutputError',
}
