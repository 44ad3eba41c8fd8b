// Loaded into a server before its own code (--require): on the first SIGUSR2 it begins to note which functions run and how many
// promises are made, on the second it writes both into the file that FNBOX_PROBE names.

const { createHook } = require('node:async_hooks')
const { writeFileSync } = require('node:fs')
const { Session } = require('node:inspector')

const session = new Session()
session.connect()
const file = process.env.FNBOX_PROBE ?? ''
// What runs less often is not on the way of a call.
const leastCalls = 500
let promises = 0
const hook = createHook({
  init: (_id, type) => {
    if (type === 'PROMISE') promises++
  },
})

process.once('SIGUSR2', () => {
  session.post('Profiler.enable')
  session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: false })
  hook.enable()
  process.once('SIGUSR2', write)
  writeFileSync(file, '')
})

function write() {
  hook.disable()
  session.post('Profiler.takePreciseCoverage', (_error, { result }) => {
    const files = result.filter(ran).map(({ url }) => url)
    writeFileSync(file, JSON.stringify({ files, promises }))
  })
}

// The module itself counts as a function that has run when it was loaded meanwhile; only calls of its functions matter.
/** @param {import('node:inspector').Profiler.ScriptCoverage} script */
function ran({ functions }) {
  return functions.some(
    ({ functionName, ranges }) => functionName !== '' && (ranges[0]?.count ?? 0) > leastCalls,
  )
}
