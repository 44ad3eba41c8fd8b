import { existsSync, writeSync } from 'node:fs'
import { progressUpdate, registerFitnessCheck, start } from 'fnbox/serverless'

// How the program is set up is said by its arguments, what a job does by its input.
const [how, what] = process.argv.slice(2)
const asked = []
let openGate
const gate = new Promise((settle) => (openGate = settle))

const modifiers = {
  broken: () => 'three',
  zero: () => 0,
  throws: () => {
    throw new RangeError('no')
  },
}

const deeds = {
  asked: () => asked,
  'wait for gate': () => gate,
  'open gate': () => openGate(),
  progress: async (job) => {
    console.log(progressUpdate(job, 'step 1'))
    progressUpdate(job, { step: 2 })
    await null
    progressUpdate({ id: job.id }, undefined)
  },
  'bad progress': (job) => {
    progressUpdate({ id: 'nobody' }, 1)
    progressUpdate(undefined, 1)
    progressUpdate({ id: Symbol('s') }, 1)
    progressUpdate({
      get id() {
        throw undefined
      },
    }, 1)
    progressUpdate(job, 7n)
    return 'bad progress'
  },
  'late progress': (job) => {
    setImmediate(() => setImmediate(() => progressUpdate(job, 'late')))
  },
  waits: (job, { signal }) =>
    new Promise((_, reject) => {
      console.log('started')
      signal.addEventListener('abort', () => {
        console.log('released', signal.reason.name)
        reject(signal.reason)
      })
    }),
  lingers: async (job, { signal }) => {
    console.log('started')
    await new Promise((settle) => signal.addEventListener('abort', settle))
    await new Promise((settle) => setTimeout(settle, 50))
    return 'late'
  },
  twice: () => start({ handler: () => 1 }),
}

if (how === 'checked') {
  const first = () => console.log('checked once')
  if (registerFitnessCheck(first) !== first) throw new Error('another function')
  registerFitnessCheck(async () => {
    await null
    console.log('checked twice')
  })
}
if (how === 'unfit')
  registerFitnessCheck(function fit() {
    throw new RangeError('not today')
  })
if (how === 'async unfit') registerFitnessCheck(async () => Promise.reject(new RangeError('not today')))

// Lets nothing in until there is such a file.
const block = (file) => {
  writeSync(1, 'started\n')
  while (!existsSync(file)) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 10)
  return 'blocked'
}

const concurrencyModifier = (current) => {
  asked.push(current)
  return what === undefined ? current + 1 : modifiers[what]()
}

await start({
  handler: (job, context) => job.input.until ? block(job.input.until) : (deeds[job.input] ?? (() => job.input))(job, context),
  refreshWorker: how === 'refresh',
  ...(how === 'modifier' ? { concurrencyModifier } : {}),
  ...(how === 'snakes' ? { refresh_worker: true, return_aggregate_stream: true, concurrency_modifier: 1 } : {}),
})
console.log('start() has settled')
