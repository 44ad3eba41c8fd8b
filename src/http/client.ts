// Whether the client that is to get an answer is still there.

import type { ServerResponse } from 'node:http'

/** A signal that is aborted when the client goes before its answer was written. */
export function clientOf(response: ServerResponse): AbortSignal {
  const client = new AbortController()
  if (response.destroyed) client.abort() // it has gone before anybody looked at its request
  response.on('close', () => {
    if (!response.writableFinished) client.abort()
  })
  return client.signal
}
