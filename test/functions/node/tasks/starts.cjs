// Dispatches from a worker thread or a process of its own, which load this very file (tasks.md W1).

const { fork } = require('node:child_process')
const { isMainThread, parentPort, Worker } = require('node:worker_threads')
const { task } = require('fnbox/tasks')

const double = task(function double(n) {
  return n * 2
})

const starts = {
  thread: () => new Worker(__filename),
  // What has no file of its own looks for modules before anything else has a turn.
  'thread of a text': () => new Worker(`require(${JSON.stringify(__filename)})`, { eval: true }),
  process: () => fork(__filename),
}

exports.handler = ({ what }) =>
  new Promise((settle, fail) => starts[what]().once('message', settle).once('error', fail).once('exit', fail))

const tell = isMainThread ? process.send?.bind(process) : (id) => parentPort.postMessage(id)
if (tell !== undefined)
  double(21).then(({ id }) => {
    tell(id)
    if (isMainThread) process.disconnect()
  })
