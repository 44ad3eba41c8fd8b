// Notes in a file that it runs, and then that it was told to stop.
const fs = require('node:fs')

exports.handler = async ({ file }, context) => {
  if (file === undefined) return 'nothing to do'
  fs.writeFileSync(file, 'running')
  await new Promise((resolve) => {
    const alive = setInterval(() => {}, 1000)
    context.signal.addEventListener('abort', () => {
      clearInterval(alive)
      resolve()
    })
  })
  fs.writeFileSync(file, 'cancelled')
}
