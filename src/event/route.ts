// Decides whether a request reaches the function, in which mode, and under which ids.

import { randomUUID } from 'node:crypto'
import { Fault } from '../errors.ts'
import type { CallerMode } from '../wire/frames.ts'
import { lastHeader, unescaped, type Header, type HttpRequest } from './http.ts'
import { lastQueryValue } from './query.ts'

/** The mode of a request: an invocation that its caller waits for, or one that is stored (yandex.md §4). */
export type RequestMode = CallerMode | 'async'

/**
 * Chooses the mode of a request; checks path, method and integration, in this order.
 * @throws Fault path_not_served, not_found, invalid_request or unknown_integration (yandex.md U-1, U-2, U-4, U-6)
 */
export function route(
  request: Pick<HttpRequest, 'method' | 'path' | 'query'>,
  functionId: string,
): RequestMode {
  checkPath(request.path, functionId)
  checkMethod(request.method)
  return chooseMode(request.query)
}

/** What identifies one request, in the event, the context, the reply and the log. */
export interface RequestIds {
  readonly requestId: string
  readonly traceId: string
}

/**
 * The client's `X-Request-Id` when it is a UUID, as it was spelled; else a new one (yandex.md U-9).
 * The caller checks whether that id is in flight already.
 */
export function chooseRequestId(headers: readonly Header[], newId: () => string = randomUUID): string {
  const given = lastHeader(headers, 'x-request-id')
  return isUuid(given) ? given : newId()
}

/** The client's `X-Trace-Id` when it is a UUID other than the request id, else a new one (yandex.md Q-2). */
export function chooseTraceId(
  headers: readonly Header[],
  requestId: string,
  newId: () => string = randomUUID,
): string {
  const given = lastHeader(headers, 'x-trace-id')
  return isUuid(given) && given.toLowerCase() !== requestId.toLowerCase() ? given : newId()
}

/** Whether a function can be called by this id: one path segment, not reserved, fit for a header (yandex.md U-3, R-13). */
export function isUsableFunctionId(id: string): boolean {
  return oneSegment.test(id) && !dotSegments.has(id) && !reservedSegments.has(id)
}

/** First path segments that never name a function (yandex.md U-3). */
export const reservedSegments: ReadonlySet<string> = new Set([
  '_',
  'run',
  'runsync',
  'status',
  'status-sync',
  'stream',
  'cancel',
  'retry',
  'purge-queue',
  'health',
  'v2',
])

function checkPath(path: string, functionId: string): void {
  const decoded = unescaped(path)
  if (decoded === '/' || decoded === `/${functionId}`) return
  const [root, first = '', ...below] = decoded.split('/')
  const isOneSegment = root === '' && below.length === 0
  // A reserved path without an endpoint is unknown, not malformed (F-26).
  if (isOneSegment || (root === '' && reservedSegments.has(first))) throw new Fault('not_found', 'Not Found')
  throw new Fault('path_not_served', `Invalid functionID: ${path}`)
}

function checkMethod(method: string): void {
  if (!methods.has(method))
    throw new Fault('invalid_request', `Invalid request: unsupported method ${method}`)
}

function chooseMode(query: string): RequestMode {
  const integration = lastQueryValue(query, 'integration')
  switch (integration) {
    case undefined:
      return 'http'
    case 'raw':
    case 'async':
      return integration
    default:
      throw new Fault('unknown_integration', `Invalid integration: ${integration}`)
  }
}

function isUuid(value: string | undefined): value is string {
  return value !== undefined && uuid.test(value)
}

const methods: ReadonlySet<string> = new Set(['DELETE', 'GET', 'HEAD', 'OPTIONS', 'PATCH', 'POST', 'PUT'])

const oneSegment = /^[ -.0-~\u0080-\uffff]+$/ // anything but a slash and control characters

// Clients remove these from a URL before they send it.
const dotSegments: ReadonlySet<string> = new Set(['.', '..'])

const uuid = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i
