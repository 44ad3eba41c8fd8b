// A listener that is loaded when the first request for it comes. Owns whether it is there.

import type { RequestListener } from 'node:http'
import { Fault } from '../errors.ts'
import { toFaultReply } from '../event/faultReply.ts'
import type { HttpReply } from '../event/http.ts'
import type { Events } from '../events.ts'
import { writeReply } from './exchange.ts'

/**
 * Hands each request to what `load` brings. While that fails (there may be no descriptor left to read a file with) the
 * answer is 500, and the next request tries again.
 * @param toRefusal makes that answer
 */
export function onDemand(
  load: () => Promise<RequestListener>,
  events: Events,
  toRefusal: (fault: Fault) => HttpReply = toFaultReply,
): RequestListener {
  let loaded: RequestListener | undefined
  return (request, response) => {
    if (loaded !== undefined) return loaded(request, response)
    load().then(
      (listener) => {
        loaded ??= listener
        loaded(request, response)
      },
      (cause: unknown) => {
        events.emit('trouble', { what: 'a part of the server could not be loaded', cause })
        writeReply(response, toRefusal(new Fault('internal', 'Internal Server Error')), false)
      },
    )
  }
}
