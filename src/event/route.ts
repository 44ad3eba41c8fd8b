// Decides whether a request reaches the function at all, and in which mode.

import { Fault } from '../errors.ts'
import type { CallerMode } from '../wire/frames.ts'
import { unescaped, type HttpRequest } from './http.ts'
import { lastQueryValue } from './query.ts'

/** What a request asks for: an invocation whose end its caller waits for, or one that is stored (yandex.md §4). */
export type RequestMode = CallerMode | 'async'

/**
 * Chooses the mode of the invocation that a request asks for; checks path, method and integration, in this order.
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
  // A reserved path that nobody served before us is unknown, not malformed (F-26).
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

const methods: ReadonlySet<string> = new Set(['DELETE', 'GET', 'HEAD', 'OPTIONS', 'PATCH', 'POST', 'PUT'])

const oneSegment = /^[ -.0-~\u0080-\uffff]+$/ // anything but a slash and control characters

// Clients remove these from a URL before they send it.
const dotSegments: ReadonlySet<string> = new Set(['.', '..'])
