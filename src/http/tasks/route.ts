// GET /_/tasks/{id}: a task as those who may call see it (tasks.md §13).

import type { IncomingMessage, ServerResponse } from 'node:http'
import { Router } from 'express'
import { asFault, Fault } from '../../errors.ts'
import { toFaultReply } from '../../event/faultReply.ts'
import type { Header, HttpReply } from '../../event/http.ts'
import type { Events } from '../../events.ts'
import { isFinal, type Tasks } from '../../jobs/model/tasks.ts'
import { notAuthorized, toCredential, type Authorizer } from '../auth/auth.ts'
import { PollDeadline } from '../longPoll.ts'
import { readHead } from '../readRequest.ts'
import { clientOf, writeReply } from '../exchange.ts'
import { toPublicRecord } from './taskJson.ts'
import { isTaskId, readWait, settledTask } from './waiting.ts'

/** The route, to be mounted at `/_`; passes on what is not below `/tasks/`. `authorizer` says who may ask. */
export function taskRoute(tasks: Tasks, authorizer: Authorizer, events: Events): Router {
  // oxlint-disable-next-line oxc/no-async-endpoint-handlers -- it never rejects
  return Router().use(async (request, response, next) => {
    const id = /^\/tasks\/([^/?]+)(?:\?|$)/.exec(request.url)?.[1]
    if (id === undefined) return next()
    const reply = await toTaskReply(request, response, id, { tasks, authorizer }).catch((error: unknown) =>
      toRefusal(error, events),
    )
    writeReply(response, reply, tasks.draining.aborted)
  })
}

interface Parts {
  readonly tasks: Tasks
  readonly authorizer: Authorizer
}

// The caller is checked first, so that a stranger learns nothing.
async function toTaskReply(
  request: IncomingMessage,
  response: ServerResponse,
  id: string,
  { tasks, authorizer }: Parts,
): Promise<HttpReply> {
  const { method, headers, query } = readHead(request)
  if (!(await authorizer.accepts(toCredential(headers)))) throw notAuthorized()
  if (!methods.includes(method))
    throw new Fault('method_not_allowed', `${method} is not possible here; use ${methods.join(' or ')}`)
  using hold = new PollDeadline(clientOf(response), tasks.draining, readWait(query))
  const task = isTaskId(id) ? await settledTask(tasks, id, hold) : undefined
  if (task === undefined) throw new Fault('not_found', 'Not Found')
  const again: readonly Header[] = isFinal(task) ? [] : [['Retry-After', retryAfterSeconds]]
  const own: readonly Header[] = [['Content-Type', 'application/json'], noStore, ...again]
  return { status: 200, headers: own, body: toPublicRecord(task) }
}

function toRefusal(error: unknown, events: Events): HttpReply {
  const fault = asFault(error)
  events.emit('request-refused', { fault })
  const { status, headers, body } = toFaultReply(fault)
  const allow: readonly Header[] = fault.code === 'method_not_allowed' ? [['Allow', methods.join(', ')]] : []
  return { status, headers: [...headers, noStore, ...allow], body }
}

const methods: readonly string[] = ['GET', 'HEAD']
const noStore: Header = ['Cache-Control', 'no-store']
const retryAfterSeconds = '1'
