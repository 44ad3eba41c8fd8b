// Starts an instance for Bash: greets the supervisor, checks the script, runs it for each invocation. Owns the state of loading. Its
// arguments are the paths of `bash` and `mkfifo`: the search path of a function starts with its own code (yandex.md E-9).

import { Ahead } from '../node/ahead.mjs'
import { openChannel, ProtocolError } from '../node/channel.mjs'
import { Call } from './call.mjs'
import { checkScript, shellVersion } from './script.mjs'
import { checkStreams } from './streams.mjs'

/** @typedef {import('../node/channel.mjs').FrameToInstance} FrameToInstance */

/** @type {{ type: 'new' | 'loading' | 'failed' } | { type: 'loaded', script: import('./script.mjs').Script }} */
let state = { type: 'new' }

/** @type {Ahead<Call>} */
let calls = new Ahead({ concurrency: 1 }, start)

const [bash = 'bash', mkfifo = 'mkfifo'] = process.argv.slice(2)
const channel = openChannel('bash', shellVersion(bash), { onFrame, onEnd: () => process.exit(0) })

/**
 * @param {FrameToInstance} frame
 * @param {Buffer} body
 */
function onFrame(frame, body) {
  switch (frame.type) {
    case 'load':
      if (state.type !== 'new') throw new ProtocolError('load came twice')
      return void load(frame)
    case 'invoke':
      if (state.type !== 'loaded') throw new ProtocolError('invoke came out of turn')
      return calls.invoke(frame, body)
    case 'cancel':
      return calls.running.get(frame.id)?.cancel()
    case 'credit':
      return // a script streams nothing
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
 * @param {any} frame an `invoke` frame
 * @param {Buffer} body
 */
function start(frame, body) {
  if (state.type !== 'loaded') return
  const call = new Call(channel, frame)
  calls.running.set(frame.id, call)
  void call.run(state.script, Buffer.from(body)).finally(() => calls.end(frame.id)) // it is read later
}
