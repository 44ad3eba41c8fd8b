// A script whose jobs begin a worker thread with its own file (tasks.md W1).

import { isMainThread, parentPort, Worker } from 'node:worker_threads'
import { start } from 'fnbox/serverless'
import { task } from 'fnbox/tasks'

const double = task(function double(n) {
  return n * 2
})

const handler = () =>
  new Promise((settle, fail) =>
    new Worker(new URL(import.meta.url)).once('message', settle).once('error', fail).once('exit', fail),
  )

if (isMainThread) await start({ handler })
else parentPort.postMessage((await double(21)).id)
