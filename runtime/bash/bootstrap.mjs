// Starts an instance for Bash: greets the supervisor, checks the script, runs it for each invocation. Owns the state of
// loading and the running invocations. Its arguments are the paths of `bash` and `mkfifo`: the search path of a function
// begins with its own code (yandex.md E-9).

import { writeSync } from 'node:fs'
import { Ahead } from '../node/ahead.mjs'
import { Channel, ProtocolError, protocolVersion } from '../node/channel.mjs'
import { Call } from './call.mjs'
import { checkScript, shellVersion } from './script.mjs'
import { checkStreams } from './streams.mjs'

/** @typedef {import('../node/channel.mjs').FrameToInstance} FrameToInstance */

/** @typedef {import('./script.mjs').Script} Script */

/** @type {{ type: 'new' | 'loading' | 'failed' } | { type: 'loaded', script: Script, concurrency: number, ahead: Ahead }} */
let state = { type: 'new' }

/** @type {Map<string, Call>} */
const running = new Map()

const [bash = 'bash', mkfifo = 'mkfifo'] = process.argv.slice(2)
const version = shellVersion(bash)
const channel = openChannel()
channel.send({ type: 'hello', version: protocolVersion, language: 'bash', languageVersion: version })

function openChannel() {
  try {
    return new Channel({ onFrame: take, onEnd: () => process.exit(0), onProtocolError: refuse })
  } catch {
    return refuse('descriptor 3 is not a channel; fnbox starts this program itself')
  }
}

/**
 * @param {FrameToInstance | { type: 'recall' }} frame
 * @param {Buffer} body
 */
function take(frame, body) {
  switch (frame.type) {
    case 'load':
      return void load(frame)
    case 'invoke':
      return invoke(frame, body)
    case 'cancel':
      return running.get(frame.id)?.cancel()
    case 'credit':
      return // a script streams nothing
    case 'recall':
      if (state.type === 'loaded') state.ahead.forget()
      return channel.send({ type: 'recalled' })
  }
}

/** @param {any} frame a `load` frame */
async function load(frame) {
  if (frame.version !== protocolVersion)
    return refuse(`version ${frame.version} is not ${protocolVersion}, the one that is spoken here`)
  if (state.type !== 'new') return refuse('load may come once')
  state = { type: 'loading' }
  try {
    const file = await checkScript(bash, frame)
    await checkStreams(mkfifo)
    const script = { bash, mkfifo, file, identity: frame.function }
    const ahead = new Ahead(frame.border, (next, body) => start(script, ahead, next, body))
    state = { type: 'loaded', script, concurrency: frame.concurrency, ahead }
    channel.send({ type: 'loaded' })
  } catch (error) {
    state = { type: 'failed' }
    const { name, message } = /** @type {Error} */ (error) // both steps throw nothing else
    channel.send({ type: 'load-failed', error: { errorMessage: message, errorType: name } })
  }
}

/**
 * @param {any} frame an `invoke` frame
 * @param {Buffer} body
 */
function invoke(frame, body) {
  if (state.type !== 'loaded' || running.has(frame.id)) throw new ProtocolError('invoke came out of turn')
  const { script, ahead, concurrency } = state
  if (frame.ahead !== true) return start(script, ahead, frame, Buffer.from(body)) // it is read later
  ahead.keep(frame, body)
  if (running.size < concurrency) ahead.startNext()
}

/**
 * @param {Script} script
 * @param {Ahead} ahead
 * @param {any} frame an `invoke` frame
 * @param {Buffer} body
 */
function start(script, ahead, frame, body) {
  const call = new Call(channel, frame)
  running.set(frame.id, call)
  void call.run(script, body).finally(() => {
    running.delete(frame.id)
    ahead.startNext()
  })
}

/** @param {string} reason @returns {never} */
function refuse(reason) {
  writeSync(2, `fnbox: ${reason}\n`)
  return process.exit(70)
}
