// What every server is asked to do: each adapter parses the body, calls one of these, and writes the answer.

const { setTimeout: sleep } = require('node:timers/promises')

/** @param {{ name: string, numbers: number[] }} input */
exports.hello = ({ name, numbers }) => ({
  greeting: `Hello, ${name}`,
  sum: numbers.reduce((sum, each) => sum + each, 0),
})

/** @param {unknown} input */
exports.echo = (input) => input

// When each chunk was made, in nanoseconds of the clock that all processes of a machine share.
/** @param {{ count: number, everyMs: number }} input */
exports.ticks = async function* ({ count, everyMs }) {
  for (let tick = 0; tick < count; tick++) {
    if (everyMs > 0) await sleep(everyMs)
    yield `${process.hrtime.bigint()}\n`
  }
}
