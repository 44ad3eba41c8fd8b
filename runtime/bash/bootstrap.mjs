// Starts an instance for Bash: greets the supervisor, checks the script, runs it for each invocation. Owns the state of
// loading and the running invocations. Its arguments are the paths of `bash` and `mkfifo`: the search path of a function
// begins with its own code (yandex.md E-9).

import { writeSync } from 'node:fs'
import { Channel, ProtocolError, protocolVersion } from '../node/channel.mjs'
import { Call } from './call.mjs'
import { checkScript, shellVersion } from './script.mjs'
import { checkStreams } from './streams.mjs'

/** @typedef {import('../node/channel.mjs').FrameToInstance} FrameToInstance */

/** @type {{ type: 'new' | 'loading' | 'failed' } | { type: 'loaded', script: import('./script.mjs').Script }} */
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
 * @param {FrameToInstance} frame
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
  }
}

/** @param {Extract<FrameToInstance, { type: 'load' }>} frame */
async function load(frame) {
  if (frame.version !== protocolVersion)
    return refuse(`version ${frame.version} is not ${protocolVersion}, the one that is spoken here`)
  if (state.type !== 'new') return refuse('load may come once')
  state = { type: 'loading' }
  try {
    const file = await checkScript(bash, frame)
    await checkStreams(mkfifo)
    state = { type: 'loaded', script: { bash, mkfifo, file, identity: frame.function } }
    channel.send({ type: 'loaded' })
  } catch (error) {
    state = { type: 'failed' }
    const { name, message } = /** @type {Error} */ (error) // both steps throw nothing else
    channel.send({ type: 'load-failed', error: { errorMessage: message, errorType: name } })
  }
}

/**
 * @param {Extract<FrameToInstance, { type: 'invoke' }>} frame
 * @param {Buffer} body
 */
function invoke(frame, body) {
  if (state.type !== 'loaded' || running.has(frame.id)) throw new ProtocolError('invoke came out of turn')
  const call = new Call(channel, frame)
  running.set(frame.id, call)
  void call.run(state.script, body).finally(() => running.delete(frame.id))
}

/** @param {string} reason @returns {never} */
function refuse(reason) {
  writeSync(2, `fnbox: ${reason}\n`)
  return process.exit(70)
}
