// Starts an instance for Node.js: greets the supervisor, loads the function, hands each invocation to it. Owns the state
// of loading and the running invocations.

import { AsyncLocalStorage } from 'node:async_hooks'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { inspect } from 'node:util'
import { Channel, ProtocolError, protocolVersion } from './channel.mjs'
import { Call } from './call.mjs'
import { loadHandler } from './loader.mjs'
import { outputWritten, report } from './log.mjs'
import { toUserError } from './outcome.mjs'

/** @typedef {import('./channel.mjs').FrameToInstance} FrameToInstance */

/** @type {{ type: 'new' | 'loading' | 'failed' } | { type: 'loaded', handler: import('./loader.mjs').Handler, identity: import('./context.mjs').Identity }} */
let state = { type: 'new' }

/** @type {Map<string, Call>} */
const running = new Map()

/** In whatever an invocation has started this is that invocation. @type {AsyncLocalStorage<Call>} */
const origin = new AsyncLocalStorage()

const exit = process.exit.bind(process) // the function may replace it later
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
    return new Channel({ onFrame: take, onEnd: () => exit(0), onProtocolError: refuse })
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
  }
}

/** @param {Extract<FrameToInstance, { type: 'load' }>} frame */
async function load(frame) {
  if (frame.version !== protocolVersion)
    return refuse(`version ${frame.version} is not ${protocolVersion}, the one that is spoken here`)
  if (state.type !== 'new') return refuse('load may come once')
  state = { type: 'loading' }
  try {
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

/** @param {unknown} error */
function failLoad(error) {
  if (state.type !== 'loading') return
  state = { type: 'failed' }
  channel.send({ type: 'load-failed', error: toUserError(error) })
}

/**
 * @param {Extract<FrameToInstance, { type: 'invoke' }>} frame
 * @param {Buffer} body
 */
function invoke(frame, body) {
  if (state.type !== 'loaded' || running.has(frame.id)) throw new ProtocolError('invoke came out of turn')
  const { handler, identity } = state
  const call = new Call(channel, frame, body, () => running.delete(frame.id))
  running.set(frame.id, call)
  origin.run(call, () => void call.run(handler, identity))
}

/**
 * An error that nobody has caught ends the running invocations, unless its own is over (yandex.md F-34).
 * @param {unknown} error
 */
function charge(error) {
  if (state.type === 'loading') return failLoad(error)
  // A call whose ending waits for its output is over, too.
  const charged = origin.getStore()?.over ? [] : [...running.values()].filter(({ over }) => !over)
  if (charged.length === 0) report(inspect(error))
  for (const call of charged) void call.fail(error)
}

/** @param {string} reason @returns {never} */
function refuse(reason) {
  report(`fnbox: ${reason}`)
  return exit(70)
}
