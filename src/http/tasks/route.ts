// GET /_/tasks/{id}: the public view of a task (tasks.md §13).

import { Router } from 'express'
import { asFault, Fault } from '../../errors.ts'
import { toFaultReply } from '../../event/faultReply.ts'
import type { HttpReply } from '../../event/http.ts'
import type { Events } from '../../events.ts'
import { isFinal, type Tasks } from '../../jobs/model/tasks.ts'
import { allowHeader, apiHandler, noStore, type ApiExchange } from '../apiExchange.ts'
import { notAuthorized, toCredential, type Authorizer } from '../auth/auth.ts'
import { PollDeadline, readWait, settledTask } from '../longPoll.ts'
import { isTaskId, toPublicRecord } from './taskJson.ts'

/** Makes the router, to be mounted at `/_`. `authorizer` decides who may ask. */
export function taskRouter(tasks: Tasks, authorizer: Authorizer, events: Events): Router {
  const terms = {
    draining: tasks.draining,
    toErrorReply: (error: unknown): HttpReply => {
      const fault = asFault(error)
      events.emit('request-refused', { fault })
      const reply = toFaultReply(fault)
      return { ...reply, headers: [...reply.headers, noStore, ...allowHeader(error)] }
    },
  }
  const router = Router({ caseSensitive: true })
  router.all(
    '/tasks/:id',
    apiHandler(terms, (exchange, id) => answer(exchange, id, tasks, authorizer)),
  )
  return router
}

// The credential is checked first, so that a stranger learns nothing.
async function answer(
  exchange: ApiExchange,
  id: string,
  tasks: Tasks,
  authorizer: Authorizer,
): Promise<void> {
  const { headers, query } = exchange.head
  if (!(await authorizer.accepts(toCredential(headers)))) throw notAuthorized()
  exchange.checkMethod(['GET', 'HEAD'])
  using deadline = new PollDeadline(exchange.client, tasks.draining, readWait(query))
  const task = isTaskId(id) ? await settledTask(tasks, id, deadline) : undefined
  if (task === undefined) throw new Fault('not_found', 'Not Found')
  await exchange.sendJson(toPublicRecord(task), 200, isFinal(task) ? [] : [['Retry-After', '1']])
}
