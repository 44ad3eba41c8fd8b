// Writes the name of each signal that it is sent to the file that the caller names, and leaves.
const { appendFileSync, existsSync, writeFileSync } = require('node:fs')

function listen({ file }) {
  for (const name of ['SIGTERM', 'SIGINT']) {
    process.on(name, () => {
      appendFileSync(file, name)
      process.exit(0)
    })
  }
}

exports.handler = async (wish) => {
  listen(wish)
  return process.pid
}

exports.busy = async (wish) => {
  listen(wish)
  writeFileSync(wish.began, '')
  while (!existsSync(wish.go)) await new Promise((resolve) => setTimeout(resolve, 5))
  return 'finished'
}
