// A script (jobs.md §13): a program that registers its handler itself, and then takes jobs. Owns what the program has
// registered, and whether it has stopped.

import Module from 'node:module'
import { basename } from 'node:path'
import { inspect } from 'node:util'
import { setTimeout as wait } from 'node:timers/promises'
import { Job } from './job.mjs'
import { outputWritten, report } from './log.mjs'
import { offerModules } from './sdk/modules.mjs'
import { hostKey } from './sdk/program.mjs'

/** @typedef {import('./sdk/program.mjs').Program} Program */

/** One script, from its `load` frame until the channel ends. */
export class Script {
  /** @readonly */ #channel
  /** @readonly */ #start
  /** @readonly */ #file
  /** @readonly */ #listener
  /** @type {Program | undefined} */
  #program
  /** @type {number | undefined} */
  #slots
  /** @readonly @type {Set<Job>} */ #jobs = new Set()
  /** @readonly @type {PromiseWithResolvers<void>} */ #stopped = Promise.withResolvers()
  /** @readonly */ #onIdle = () => this.#listener.onFailed(neverServed(this.#file))

  /**
   * @param {import('./channel.mjs').Channel} channel
   * @param {{ script: import('../../src/wire/frames.ts').ScriptStart, file: string }} frame the `load` frame
   * @param {{ onServing: () => void, onFailed: (error: Error) => void }} listener
   */
  constructor(channel, { script, file }, listener) {
    this.#channel = channel
    this.#start = script
    this.#file = file
    this.#listener = listener
  }

  /**
   * Runs the program as the main one of this process. It may call `start` later, as long as it has something to do.
   * @throws what a CommonJS module throws; the rejection of an ES module is nobody's
   */
  run() {
    const { args, sdk } = this.#start
    offerModules(['fnbox/serverless', 'fnbox/tasks'], sdk)
    Reflect.set(globalThis, hostKey, {
      serve: (/** @type {Program} */ program) => this.#serve(program),
      progress: (/** @type {unknown} */ id, /** @type {Buffer} */ json) => this.#progress(id, json),
    })
    process.argv.splice(1, Infinity, this.#file, ...args)
    this.#channel.unref()
    process.once('beforeExit', this.#onIdle)
    Module.runMain(this.#file)
  }

  /**
   * Takes a job.
   * @param {any} frame the `invoke` frame
   * @param {Buffer} body
   * @param {() => void} onOver
   */
  begin(frame, body, onOver) {
    const program = /** @type {Program} */ (this.#program) // it serves
    const job = new Job(this.#channel, frame)
    this.#jobs.add(job)
    this.#askForSlots()
    job.run(program, body, this.#start.instance)
    void job.ended.then(() => {
      this.#jobs.delete(job)
      onOver()
      this.#askForSlots()
    })
    return job
  }

  /** The supervisor is gone: jobs are told, then `start` returns. */
  async stop() {
    for (const job of this.#jobs) job.cancel('cancelled')
    const ends = Promise.all([...this.#jobs].map((each) => each.ended))
    await Promise.race([ends, wait(farewellMs, undefined, { ref: false })])
    this.#stopped.resolve()
  }

  // What `start` does (jobs.md W-2).
  /** @param {Program} program */
  async #serve(program) {
    if (this.#program !== undefined) throw new Error('start() was called a second time in this program')
    this.#program = program
    await checkFitness(program.checks)
    this.#askForSlots()
    await outputWritten()
    process.off('beforeExit', this.#onIdle)
    this.#channel.ref()
    this.#listener.onServing()
    return this.#stopped.promise
  }

  /**
   * @param {unknown} id
   * @param {Buffer} json
   */
  #progress(id, json) {
    const job = [...this.#jobs].find((each) => each.id === id && !each.over)
    job?.progress(json)
    return job !== undefined
  }

  // Before each take (jobs.md W-13): the supervisor takes when a job has begun or ended.
  #askForSlots() {
    const slots = this.#program?.slots()
    if (slots === undefined || slots === this.#slots) return
    this.#slots = slots
    this.#channel.send({ type: 'slots', count: slots })
  }
}

// jobs.md W-16
/** @param {readonly (() => unknown)[]} checks */
async function checkFitness(checks) {
  for (const check of checks) {
    try {
      await check()
    } catch (error) {
      await outputWritten()
      report(`fitness check ${check.name || 'without a name'} failed: ${inspect(error)}`)
      exit(1)
    }
  }
}

/** @param {string} file */
function neverServed(file) {
  const message = `${basename(file)} ended without serving: it has to call start({ handler }) of fnbox/serverless`
  return Object.assign(new Error(message), { name: 'ScriptDidNotServe', stack: undefined })
}

// For what handlers do when they are told that it is over.
const farewellMs = 1000

const exit = process.exit.bind(process) // the program may replace it later
