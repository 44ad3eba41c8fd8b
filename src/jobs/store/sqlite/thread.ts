// The thread in which a store's database is, so that a slow disk delays neither requests nor deadlines. Owns its inbox.

import { parentPort, workerData } from 'node:worker_threads'
import { Executor } from './executor.ts'
import { WriteAheadLog } from './groupCommit.ts'
import { fromPost, toPost, type Notice, type ThreadRequest, type ThreadSettings } from './messages.ts'

const { path } = workerData as ThreadSettings // by store.ts
const executor = new Executor(path, new WriteAheadLog(path), post, () => parentPort?.close())
let inbox: ThreadRequest[] = []

parentPort?.on('message', (requests: unknown) => {
  if (inbox.length === 0) setImmediate(work) // then all messages that wait have arrived
  inbox.push(...(fromPost(requests) as readonly ThreadRequest[])) // by store.ts
})

function work(): void {
  const requests = inbox
  inbox = []
  executor.execute(requests)
}

function post(notice: Notice): void {
  const handedOver = new Set<ArrayBuffer>()
  const message = toPost(notice, handedOver)
  parentPort?.postMessage(message, [...handedOver])
}
