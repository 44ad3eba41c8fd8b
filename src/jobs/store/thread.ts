// The thread in which a store's database is, so that a slow disk delays neither requests nor deadlines. Owns the database and its inbox.

import { existsSync } from 'node:fs'
import { parentPort, workerData } from 'node:worker_threads'
import { creates, execute, messageOf, refuse } from './batch.ts'
import { fromPost, toPost } from './bytes.ts'
import type { Database } from './database.ts'
import { Feed } from './feed.ts'
import { inMemory, type Call, type Notice, type Request, type ThreadSettings } from './messages.ts'
import { openDatabase } from './schema.ts'

const { path, seen } = workerData as ThreadSettings // by sqlite.ts
let inbox: Request[] = []
let database: Database | undefined
let feed: Feed | undefined
let listening = false
let poll: NodeJS.Timeout | undefined

// Until there is a file, the store is empty: nothing can be found, reserved or swept.
const nothing = openDatabase(inMemory)

parentPort?.on('message', (request: unknown) => {
  if (inbox.push(fromPost(request) as Request) === 1) setImmediate(work) // by sqlite.ts
})

// All messages that wait have arrived when this runs.
function work(): void {
  const requests = inbox
  inbox = []
  if (requests.some(({ type }) => type === 'listen')) listen()
  for (const each of requests) if (each.type === 'open') answerOpening(each.number)
  const calls = requests.filter((each) => each.type === 'call')
  if (calls.length > 0) post({ type: 'answers', answers: executeAll(calls) })
  announce()
  for (const each of requests) if (each.type === 'close') close(each.number)
}

function executeAll(calls: readonly Call[]): ReturnType<typeof execute> {
  const creating = calls.filter((each) => creates(each))
  try {
    if (creating.length > 0 || isThere()) open()
  } catch (error) {
    const others = existsSync(path) ? [] : calls.filter((each) => !creates(each))
    const refused = calls.filter((each) => !others.includes(each))
    return [...refuse(refused, error), ...execute(nothing, others)]
  }
  return execute(database ?? nothing, calls)
}

function answerOpening(number: number): void {
  try {
    if (isThere()) open()
    post({ type: 'answers', answers: [{ number, value: undefined }] })
  } catch (error) {
    post({ type: 'answers', answers: [{ number, trouble: messageOf(error) }] })
  }
}

function isThere(): boolean {
  return path === inMemory || existsSync(path)
}

function open(): void {
  if (database !== undefined) return
  database = openDatabase(path)
  if (listening) listen()
}

// What has changed before is not announced, unless a thread before this one was to do so.
function listen(): void {
  listening = true
  if (database === undefined) return
  feed ??= new Feed(database, seen)
  poll ??= setInterval(look, pollMs)
}

function announce(): void {
  if (feed === undefined) return
  try {
    const changes = feed.read()
    if (changes.length === 0) return
    post({ type: 'changes', changes, seen: feed.seen })
    setImmediate(announce) // there may be more
  } catch {
    // what could not be read is announced with the next change
  }
}

function look(): void {
  if (feed?.isForeign === true) announce()
}

function close(number: number): void {
  clearInterval(poll)
  feed = undefined
  database?.close()
  post({ type: 'answers', answers: [{ number, value: undefined }] })
  parentPort?.close()
}

function post(notice: Notice): void {
  const handedOver = new Set<ArrayBuffer>()
  const message = toPost(notice, handedOver)
  parentPort?.postMessage(message, [...handedOver])
}

// How long the changes of other processes may go unnoticed.
const pollMs = 100
