// Shows from inside when it runs: in `wait` mode for a while, in `meet` mode until the other caller runs as well.
const fs = require('node:fs')
const path = require('node:path')

let running = 0

exports.handler = async ({ id, ms = 0, folder, others = [] }, { deadlineMs }) => {
  const began = Date.now()
  const inside = ++running
  if (folder !== undefined) fs.writeFileSync(path.join(folder, id), '')
  while (others.some((other) => !fs.existsSync(path.join(folder, other)))) await pause(5)
  await pause(ms)
  running--
  return { id, pid: process.pid, inside, began, ended: Date.now(), deadline: deadlineMs }
}

const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms))
