// Writes down that it runs, waits for a gate or some milliseconds, and then does what its caller asks for.
const fs = require('node:fs')

const kept = []

const deeds = {
  exit: () => process.exit(3),
  loop: () => {
    for (;;);
  },
  'eat-memory': async () => {
    for (;;) {
      kept.push(Buffer.alloc(8 * 1024 * 1024, 1))
      await pause(0)
    }
  },
  'close-channel': () => fs.closeSync(3),
}

exports.handler = async ({ id, runs, gate, ms, deed }) => {
  fs.appendFileSync(runs, `${id}\n`)
  while (gate !== undefined && !fs.existsSync(gate)) await pause(1)
  if (ms !== undefined) await pause(ms)
  await deeds[deed]?.()
  return id
}

const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms))
