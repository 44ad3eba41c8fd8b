// Starts an instance for Node.js: greets the supervisor, loads the function, hands each invocation to it. Owns the state of loading.

import { AsyncLocalStorage } from 'node:async_hooks'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { Ahead } from './ahead.mjs'
import { openChannel, ProtocolError } from './channel.mjs'
import { Call } from './call.mjs'
import { loadHandler } from './loader.mjs'
import { outputWritten, report } from './log.mjs'
import { toUserError } from './outcome.mjs'
import { Task } from './task.mjs'

// An import would read each property of the module, which opens the standard error and loads worker threads.
const { inspect } = process.getBuiltinModule('node:util')

/** @typedef {import('./channel.mjs').FrameToInstance} FrameToInstance */
/** @typedef {import('./script.mjs').Script} Script */
/** @typedef {Call | Task | import('./job.mjs').Job} Invocation */
/** @typedef {{ handler: import('./loader.mjs').Handler, identity: import('./context.mjs').Identity }} Loaded */

/**
 * @type {{ type: 'new' | 'loading' | 'failed' } | { type: 'loaded', loaded: Loaded } | { type: 'serving', script: Script }}
 */
let state = { type: 'new' }

/** @type {Ahead<Invocation>} */
let calls = new Ahead({ concurrency: 1 }, start)

/** The invocation in whose work code runs, in a function. @type {AsyncLocalStorage<Invocation>} */
const origin = new AsyncLocalStorage()

const exit = process.exit.bind(process) // the function may replace these later
const { setTimeout } = globalThis
const farewellMs = 2000

process.on('uncaughtException', charge)
process.on('unhandledRejection', charge)
const channel = openChannel('node', process.versions.node, { onFrame, onEnd })

/**
 * @param {FrameToInstance} frame
 * @param {Buffer} body
 */
function onFrame(frame, body) {
  switch (frame.type) {
    case 'invoke':
      if (state.type !== 'loaded' && state.type !== 'serving')
        throw new ProtocolError('invoke came out of turn')
      return calls.invoke(frame, body)
    case 'load':
      if (state.type !== 'new') throw new ProtocolError('load came twice')
      return void load(frame)
    case 'cancel': {
      const call = calls.running.get(frame.id)
      if (call !== undefined) origin.run(call, () => call.cancel(frame.reason))
      return
    }
    case 'credit':
      return calls.running.get(frame.id)?.credit(frame.bytes)
    case 'recall':
      calls.forget()
      return channel.send({ type: 'recalled' })
  }
}

/** @param {Extract<FrameToInstance, { type: 'load' }>} frame */
async function load(frame) {
  state = { type: 'loading' }
  calls = new Ahead(frame, start)
  try {
    if (frame.script !== undefined) return await runScript(frame)
    const handler = await loadHandler(frame)
    await nextTurn() // rejections that the module does not handle are reported by now
    await outputWritten()
    if (state.type !== 'loading') return
    state = { type: 'loaded', loaded: { handler, identity: frame.function } }
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

// From here on uncaught errors are the program's own, and end it (jobs.md NODE-8).
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
 * Starts a call.
 * @param {any} frame the `invoke` frame
 * @param {Buffer} body
 */
function start(frame, body) {
  if (frame.mode === 'task') {
    const task = new Task(channel, frame, Buffer.from(body), onOver) // it is read later
    calls.running.set(frame.id, task)
    origin.run(task, () => void task.run())
  } else if (state.type === 'serving') {
    calls.running.set(frame.id, state.script.start(frame, body, onOver))
  } else if (state.type === 'loaded') {
    const call = new Call(channel, frame, body, onOver)
    calls.running.set(frame.id, call)
    origin.run(call, runCall, call, state.loaded)
  }
}

/**
 * @param {Call} call
 * @param {Loaded} loaded
 */
function runCall(call, { handler, identity }) {
  call.run(handler, identity)
}

/** @param {string} id */
function onOver(id) {
  calls.end(id)
}

/**
 * An uncaught error ends the running calls, unless the call that has caused it is over (yandex.md F-34).
 * @param {unknown} error
 */
function charge(error) {
  if (state.type === 'loading') return failLoad(error)
  const running = [...calls.running.values()].filter((each) => each instanceof Call || each instanceof Task)
  // A call whose outcome frame waits for its output is over, too.
  const charged = origin.getStore()?.over ? [] : running.filter(({ over }) => !over)
  if (charged.length === 0) report(inspect(error))
  for (const call of charged) void call.fail(error)
}

// What follows `start` in a script may go on, for a while.
function onEnd() {
  if (state.type !== 'serving') return exit(0)
  void state.script.stop()
  setTimeout(exit, farewellMs, 0).unref()
}
