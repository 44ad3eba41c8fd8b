// Starts a program that starts another one and ends at once: nobody waits for the second one, which sleeps as long as wished.
const { spawn } = require('node:child_process')

exports.handler = async ({ seconds }) => {
  const child = spawn('sh', ['-c', `(sleep ${seconds} &) ; exit 0`], { detached: true, stdio: 'ignore' })
  child.unref()
  return child.pid
}
