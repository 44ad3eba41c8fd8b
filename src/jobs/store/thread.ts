// The thread in which a store's database is, so that a slow disk delays neither requests nor deadlines. Owns the database and its inbox.

import { existsSync } from 'node:fs'
import { parentPort, workerData } from 'node:worker_threads'
import { creates, execute, isHasty, isNews, messageOf, refuse } from './batch.ts'
import { fromPost, toPost } from './bytes.ts'
import type { Database } from './database.ts'
import { Disk } from './disk.ts'
import { Feed } from './feed.ts'
import {
  inMemory,
  type Answer,
  type Call,
  type Notice,
  type Request,
  type ThreadSettings,
} from './messages.ts'
import { Outbox } from './outbox.ts'
import { openDatabase } from './schema.ts'

const { path, seen } = workerData as ThreadSettings // by sqlite.ts
const disk = new Disk(path)
let inbox: Request[] = []
let database: Database | undefined
let outbox: Outbox | undefined
let listening = false
let poll: NodeJS.Timeout | undefined

// Until there is a file, the store is empty: nothing can be found, reserved or swept.
const nothing = openDatabase(inMemory)

parentPort?.on('message', (requests: unknown) => {
  if (inbox.length === 0) setImmediate(work)
  inbox.push(...(fromPost(requests) as readonly Request[])) // by sqlite.ts
})

// All messages that wait have arrived when this runs.
function work(): void {
  const requests = inbox
  inbox = []
  if (requests.some(({ type }) => type === 'listen')) listen()
  for (const each of requests) if (each.type === 'open') answerOpening(each.number)
  const calls = requests.filter((each) => each.type === 'call')
  if (calls.length > 0) answer(calls, executeAll(calls))
  for (const each of requests) if (each.type === 'close') close(each.number)
}

function executeAll(calls: readonly Call[]): readonly Answer[] {
  const creating = calls.filter((each) => creates(each))
  try {
    if (database === undefined && (creating.length > 0 || isThere())) open()
  } catch (error) {
    const others = existsSync(path) ? [] : calls.filter((each) => !creates(each))
    const refused = calls.filter((each) => !others.includes(each))
    return [...refuse(refused, error), ...execute(nothing, others)]
  }
  return execute(database ?? nothing, calls)
}

function answer(calls: readonly Call[], answers: readonly Answer[]): void {
  if (outbox === undefined) return post({ answers, changes: [] })
  const hasty = new Set(calls.filter((each) => isHasty(each)).map(({ number }) => number))
  const [early, late] = [
    answers.filter(({ number }) => hasty.has(number)),
    answers.filter(({ number }) => !hasty.has(number)),
  ]
  if (early.length > 0) post({ answers: early, changes: [] })
  outbox.add(
    late,
    calls.some((each) => isNews(each)),
  )
}

function answerOpening(number: number): void {
  try {
    if (isThere()) open()
    post({ answers: [{ number, value: undefined }], changes: [] })
  } catch (error) {
    post({ answers: [{ number, trouble: messageOf(error) }], changes: [] })
  }
}

function isThere(): boolean {
  return path === inMemory || existsSync(path)
}

function open(): void {
  if (database !== undefined) return
  database = openDatabase(path)
  outbox = new Outbox(database, disk, post)
  if (listening) listen()
}

// What has changed before is not announced, unless a thread before this one was to do so.
function listen(): void {
  listening = true
  if (database === undefined || poll !== undefined) return
  outbox?.announce(new Feed(database, seen))
  poll = setInterval(() => outbox?.look(), pollMs)
}

function close(number: number): void {
  clearInterval(poll)
  const leave = (): void => {
    disk.close()
    database?.close()
    post({ answers: [{ number, value: undefined }], changes: [] })
    parentPort?.close()
  }
  if (outbox === undefined) leave()
  else outbox.close(leave)
}

function post(notice: Notice): void {
  const handedOver = new Set<ArrayBuffer>()
  const message = toPost(notice, handedOver)
  parentPort?.postMessage(message, [...handedOver])
}

// How long the changes of other processes may go unnoticed.
const pollMs = 100
