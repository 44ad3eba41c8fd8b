// The door of the runtime API: which route a request means, and the way back to the instance.

import type { IncomingMessage, ServerResponse } from 'node:http'
import { unescaped, type Header, type HttpReply } from '../../event/http.ts'
import type { Events } from '../../events.ts'
import type { Tasks } from '../../jobs/model/tasks.ts'

import { readBody, readHead } from '../readRequest.ts'
import { clientOf, writeReply } from '../exchange.ts'
import {
  dispatch,
  progress,
  read,
  write,
  type ApiAnswer,
  type ApiCall,
  type Caller,
  type RuntimeApiSettings,
} from './handlers.ts'
import { asRefusal, Refusal, toRefusalReply } from './errors.ts'

/** What answers are made with. */
export interface RuntimeApiParts {
  /** a question: an instance can be there before they are */
  readonly tasks: () => Tasks
  readonly settings: RuntimeApiSettings
  readonly events: Events
}

/** Answers one request. Never rejects. */
export async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  caller: Caller,
  parts: RuntimeApiParts,
): Promise<void> {
  const reply = await toReply(request, response, caller, parts).catch((error: unknown) => {
    const refusal = asRefusal(error)
    if (refusal.code === 'internal')
      parts.events.emit('trouble', {
        what: `the runtime API of ${caller.instance} has failed`,
        cause: refusal.cause,
      })
    return toRefusalReply(refusal)
  })
  writeReply(response, reply, false)
}

async function toReply(
  request: IncomingMessage,
  response: ServerResponse,
  caller: Caller,
  { tasks, settings }: RuntimeApiParts,
): Promise<HttpReply> {
  const { method, path, query } = readHead(request)
  const { route, id } = match(path)
  const act = route[method]
  if (act === undefined) return refuseMethod(method, Object.keys(route))
  const { status, json } = await act({
    id,
    query,
    readBody: (limit) => readBody(request, limit, () => response.writeContinue()),
    client: clientOf(response),
    caller,
    tasks: tasks(),
    settings,
  })
  return { status, headers: json === undefined ? [] : ofJson, body: json ?? Buffer.alloc(0) }
}

function match(path: string): { readonly route: Route; readonly id: string } {
  for (const [pattern, route] of routes) {
    const found = pattern.exec(path)
    if (found !== null) return { route, id: unescaped(found[1] ?? '') }
  }
  throw new Refusal('not_found', 'there is no such route; see PROTOCOL.md, "The runtime API"')
}

function refuseMethod(method: string, allowed: readonly string[]): HttpReply {
  const refusal = new Refusal(
    'method_not_allowed',
    `${method} is not possible here; use ${allowed.join(' or ')}`,
  )
  return toRefusalReply(refusal, [['Allow', allowed.join(', ')]])
}

type Route = Readonly<Partial<Record<string, (call: ApiCall) => Promise<ApiAnswer>>>>

const routes: readonly (readonly [path: RegExp, byMethod: Route])[] = [
  [/^\/v1\/tasks$/, { POST: dispatch }],
  [/^\/v1\/tasks\/([^/]+)$/, { GET: read, PUT: write }],
  [/^\/v1\/tasks\/([^/]+)\/progress$/, { POST: progress }],
]

const ofJson: readonly Header[] = [['Content-Type', 'application/json']]
