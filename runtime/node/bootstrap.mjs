// Starts an instance for Node.js: greets the supervisor, loads the function, hands each invocation to it. Owns the state
// of loading and the running invocations.

import { AsyncLocalStorage } from 'node:async_hooks'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { Ahead } from './ahead.mjs'
import { Channel, ProtocolError, protocolVersion } from './channel.mjs'
import { Call } from './call.mjs'
import { loadHandler } from './loader.mjs'
import { outputWritten, report } from './log.mjs'
import { toUserError } from './outcome.mjs'
import { Task } from './task.mjs'

// An import would read each property of the module, which opens the standard error and loads worker threads.
const { inspect } = process.getBuiltinModule('node:util')

/** @typedef {import('./channel.mjs').FrameToInstance} FrameToInstance */

/** @typedef {import('./script.mjs').Script} Script */
/** @typedef {import('./loader.mjs').Handler} Handler */

/**
 * @type {{ type: 'new' | 'loading' | 'failed' }
 *   | { type: 'loaded', handler: Handler, identity: import('./context.mjs').Identity }
 *   | { type: 'serving', script: Script }}
 */
let state = { type: 'new' }

/** @typedef {Call | Task | import('./job.mjs').Job} Invocation */

/** @type {Map<string, Invocation>} */
const running = new Map()

/** @type {Ahead} */
let ahead = new Ahead(undefined, start)
let slots = 1

/** In whatever an invocation of a function has started this is that invocation. @type {AsyncLocalStorage<Invocation>} */
const origin = new AsyncLocalStorage()

// The context of no call: what one has left in its own (`enterWith`) is not the next one's.
const inNoCall = AsyncLocalStorage.snapshot()

const exit = process.exit.bind(process) // the function may replace these later
const { setTimeout } = globalThis
const channel = openChannel()
process.on('uncaughtException', charge)
process.on('unhandledRejection', charge)
channel.send({
  type: 'hello',
  version: protocolVersion,
  language: 'node',
  languageVersion: process.versions.node,
})

function openChannel() {
  try {
    return new Channel({ onFrame: take, onEnd: end, onProtocolError: refuse })
  } catch {
    return refuse('descriptor 3 is not a channel; fnbox starts this program itself')
  }
}

/**
 * @param {FrameToInstance} frame
 * @param {Buffer} body
 */
function take(frame, body) {
  switch (frame.type) {
    case 'load':
      return void load(frame)
    case 'invoke':
      return invoke(frame, body)
    case 'cancel': {
      const call = running.get(frame.id)
      if (call !== undefined) origin.run(call, () => call.cancel(frame.reason))
      return
    }
    case 'credit':
      return running.get(frame.id)?.credit(frame.bytes)
    case 'recall':
      ahead.forget()
      return channel.send({ type: 'recalled' })
  }
}

/** @param {Extract<FrameToInstance, { type: 'load' }>} frame */
async function load(frame) {
  if (frame.version !== protocolVersion)
    return refuse(`version ${frame.version} is not ${protocolVersion}, the one that is spoken here`)
  if (state.type !== 'new') return refuse('load may come once')
  state = { type: 'loading' }
  ahead = new Ahead(frame.border, start)
  slots = frame.concurrency
  try {
    if (frame.script !== undefined) return await runScript(frame)
    const handler = await loadHandler(frame)
    await nextTurn() // rejections that nobody handles in the module are reported by now
    await outputWritten()
    if (state.type !== 'loading') return
    state = { type: 'loaded', handler, identity: frame.function }
    channel.send({ type: 'loaded' })
  } catch (error) {
    failLoad(error)
  }
}

/** @param {any} frame a `load` frame with `script` */
async function runScript(frame) {
  const { Script } = await import('./script.mjs') // functions start faster without it
  const script = new Script(channel, frame, { onServing: () => serve(script), onFailed: failLoad })
  script.run()
}

// From here on errors that nobody has caught are the program's own, and end it (jobs.md NODE-8).
/** @param {Script} script */
function serve(script) {
  if (state.type !== 'loading') return
  process.off('uncaughtException', charge)
  process.off('unhandledRejection', charge)
  state = { type: 'serving', script }
  channel.send({ type: 'loaded' })
}

/** @param {unknown} error */
function failLoad(error) {
  if (state.type !== 'loading') return
  state = { type: 'failed' }
  channel.ref()
  channel.send({ type: 'load-failed', error: toUserError(error) })
}

/**
 * @param {Extract<FrameToInstance, { type: 'invoke' }>} frame
 * @param {Buffer} body
 */
function invoke(frame, body) {
  if (running.has(frame.id)) throw new ProtocolError('invoke came twice')
  if (state.type !== 'loaded' && state.type !== 'serving') throw new ProtocolError('invoke came out of turn')
  if (!frame.ahead) return start(frame, body)
  ahead.keep(frame, body)
  if (running.size < slots) ahead.startNext()
}

/**
 * @param {any} frame the `invoke` frame
 * @param {Buffer} body
 */
function start(frame, body) {
  const onOver = () => {
    running.delete(frame.id)
    inNoCall(() => ahead.startNext())
  }
  if (frame.mode === 'task') {
    const task = new Task(channel, frame, Buffer.from(body), onOver) // it is read later
    running.set(frame.id, task)
    origin.run(task, () => void task.run())
    return
  }
  if (state.type === 'serving') {
    running.set(frame.id, state.script.begin(frame, body, onOver))
    return
  }
  const { handler, identity } = /** @type {Extract<typeof state, { type: 'loaded' }>} */ (state)
  const call = new Call(channel, frame, body, onOver)
  running.set(frame.id, call)
  origin.run(call, () => call.run(handler, identity))
}

/**
 * An error that nobody has caught ends the running invocations, unless its own is over (yandex.md F-34).
 * @param {unknown} error
 */
function charge(error) {
  if (state.type === 'loading') return failLoad(error)
  // A call whose ending waits for its output is over, too.
  const calls = [...running.values()].filter((each) => each instanceof Call || each instanceof Task)
  const charged = origin.getStore()?.over ? [] : calls.filter(({ over }) => !over)
  if (charged.length === 0) report(inspect(error))
  for (const call of charged) void call.fail(error)
}

// What follows `start` in a script is its own to do, within reason.
function end() {
  if (state.type !== 'serving') return exit(0)
  void state.script.stop()
  setTimeout(exit, farewellMs, 0).unref()
}

/** @param {string} reason @returns {never} */
function refuse(reason) {
  report(`fnbox: ${reason}`)
  return exit(70)
}

const farewellMs = 2000
