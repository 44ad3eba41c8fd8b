// Starts an instance for Bash: greets the supervisor, checks the script, runs it for each invocation. Owns the state of
// loading, the running invocations and those that were sent ahead. Its arguments are the paths of `bash` and `mkfifo`: the
// search path of a function begins with its own code (yandex.md E-9).

import { writeSync } from 'node:fs'
import { Channel, ProtocolError, protocolVersion } from '../node/channel.mjs'
import { takePermit, writeBorder } from './ahead.mjs'
import { Call } from './call.mjs'
import { checkScript, shellVersion } from './script.mjs'
import { checkStreams } from './streams.mjs'

/** @typedef {import('../node/channel.mjs').FrameToInstance} FrameToInstance */

/** @typedef {import('./script.mjs').Script} Script */

/**
 * @type {{ type: 'new' | 'loading' | 'failed' }
 *   | { type: 'loaded', script: Script, concurrency: number, border: string | undefined }}
 */
let state = { type: 'new' }

/** @type {Map<string, Call>} */
const running = new Map()

/** Calls that were sent ahead and have not started, in order. @type {{ frame: any, body: Buffer }[]} */
let ahead = []

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
      ahead = []
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
    state = { type: 'loaded', script, concurrency: frame.concurrency, border: frame.border }
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
  if (frame.ahead !== true) return start(state.script, frame, body)
  ahead.push({ frame, body })
  startAhead()
}

/**
 * @param {Script} script
 * @param {any} frame an `invoke` frame
 * @param {Buffer} body
 */
function start(script, frame, body) {
  const call = new Call(channel, frame)
  running.set(frame.id, call)
  void call.run(script, body).finally(() => {
    running.delete(frame.id)
    startAhead()
  })
}

// As long as fewer run than may. A call without a permit is forgotten: a `recall` is on its way.
function startAhead() {
  if (state.type !== 'loaded') return
  while (running.size < state.concurrency) {
    const next = ahead.shift()
    if (next === undefined) return
    if (!takePermit()) continue
    writeBorder(state.border)
    start(state.script, next.frame, next.body)
  }
}

/** @param {string} reason @returns {never} */
function refuse(reason) {
  writeSync(2, `fnbox: ${reason}\n`)
  return process.exit(70)
}
