// The door of the jobs API: checks each request in the order of jobs.md A-7, has it answered, or refuses it.

import { asFault, Fault } from '../../errors.ts'
import type { Header } from '../../event/http.ts'
import type { Events } from '../../events.ts'
import type { JobService } from '../../jobs/service.ts'
import { toCredential, type Authorizer, type Credential } from '../auth/auth.ts'
import { answers, type JobParts } from './handlers.ts'
import { replyFault, type JobExchange } from './exchange.ts'
import { readParameters } from './parameters.ts'
import { matchOwnRoute, matchRoute, type Match } from './routes.ts'
import type { JobSettings } from './settings.ts'
import { Streams } from './chunkPolling.ts'

/** Answers requests about jobs. */
export class JobsApi {
  readonly #parts: JobParts
  readonly #authorizer: Authorizer
  readonly #events: Events

  constructor(service: JobService, settings: JobSettings, authorizer: Authorizer, events: Events) {
    this.#parts = { service, settings, streams: new Streams(service, settings.cancelledAs) }
    this.#authorizer = authorizer
    this.#events = events
  }

  /** aborted when the server drains */
  get draining(): AbortSignal {
    return this.#parts.service.draining
  }

  /** Answers a request if its path belongs to the jobs API. @returns whether it does; the answer may come later */
  admit(exchange: JobExchange): boolean {
    return this.#admit(exchange, () => matchRoute(exchange.head.path, this.#parts.settings))
  }

  /** The same for the paths below `/_/` (interface.md §4); the exchange's path is what follows that. */
  admitOwn(exchange: JobExchange): boolean {
    return this.#admit(exchange, () => matchOwnRoute(exchange.head.path))
  }

  #admit(exchange: JobExchange, match: () => Match | undefined): boolean {
    try {
      const found = match()
      if (found !== undefined) void this.#answer(exchange, found)
      return found !== undefined
    } catch (error) {
      void this.#refuse(exchange, error, [])
      return true
    }
  }

  async #answer(exchange: JobExchange, { route, id }: Match): Promise<void> {
    const { head } = exchange
    const { settings } = this.#parts
    try {
      if (!route.methods.includes(head.method)) throw methodNotAllowed(head.method, route.methods)
      if (!(await this.#authorizer.accepts(toJobCredential(head.headers)))) throw unauthenticated()
      let body: Buffer = Buffer.alloc(0)
      if (route.name === 'run') body = await exchange.readBody(settings.limit)
      else if (route.name === 'runsync') body = await exchange.readBody(settings.syncLimit)
      else exchange.ignoreBody()
      const parameters = readParameters(head.query, route.parameters)
      await answers[route.name]({ exchange, id, parameters, body }, this.#parts)
    } catch (error) {
      await this.#refuse(exchange, error, route.methods)
    }
  }

  async #refuse(exchange: JobExchange, error: unknown, methods: readonly string[]): Promise<void> {
    const fault = asFault(error)
    this.#events.emit('request-refused', { fault })
    await replyFault(exchange, fault, methods)
  }
}

// Bearer as everywhere, or the bare key as the whole header (jobs.md A-2).
function toJobCredential(headers: readonly Header[]): Credential | undefined {
  const lines = headers.filter(([name]) => name.toLowerCase() === 'authorization')
  const value = lines.length === 1 ? (lines[0]?.[1] ?? '').trim() : ''
  return toCredential(headers) ?? (value === '' ? undefined : { scheme: 'api-key', value })
}

function methodNotAllowed(method: string, allowed: readonly string[]): Fault {
  return new Fault('method_not_allowed', `${method} is not possible here; use ${allowed.join(' or ')}`)
}

function unauthenticated(): Fault {
  return new Fault('unauthenticated', 'missing or wrong key; send Authorization: Bearer <key>')
}
