// The two ids of a request: taken from the client when they are UUIDs, made otherwise.

import { randomUUID } from 'node:crypto'
import { lastHeader, type Header } from './http.ts'

/** What identifies one request, in the event, the context, the reply and the log. */
export interface RequestIds {
  readonly requestId: string
  readonly traceId: string
}

/**
 * The client's `X-Request-Id` when it is a UUID, as it was spelled; else a new one (yandex.md U-9).
 * Whether that id is in flight already is for the caller to say.
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

function isUuid(value: string | undefined): value is string {
  return value !== undefined && uuid.test(value)
}

const uuid = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i
