// A server on a free port in front of services that a test drives; the function behind it is not called.

import { App } from '../../src/app.ts'
import type { Config, Flags } from '../../src/config.ts'
import type { FaultCode } from '../../src/errors.ts'
import { everyone, type Authorizer } from '../../src/http/auth/auth.ts'
import type { RouteParts } from '../../src/http/router.ts'
import { HttpServer } from '../../src/http/server.ts'
import { readConfig } from './config.ts'
import { functionsIn } from './serving.ts'

/** What a test may choose. */
export interface EndpointTerms {
  readonly authorizer?: Authorizer
  readonly flags?: Flags
  readonly adminPort?: number
}

/** A running server. */
export interface ServedEndpoints {
  /** both without a slash at the end */
  readonly url: string
  readonly adminUrl: string | undefined
  /** codes of the requests that were announced as refused */
  readonly refused: readonly FaultCode[]
  readonly stop: () => Promise<void>
}

/** Serves what `toRoutes` makes of the configuration. */
export async function serveEndpoints(
  { authorizer = everyone, flags, adminPort }: EndpointTerms,
  toRoutes: (config: Config) => Pick<RouteParts, 'jobs' | 'tasks'>,
): Promise<ServedEndpoints> {
  const config = readConfig(
    'counts.handler',
    { root: functionsIn('node'), ...flags },
    { PATH: process.env['PATH'] },
  )
  const app = new App(config)
  const refused: FaultCode[] = []
  app.events.on('request-refused', ({ fault }) => refused.push(fault.code))
  const server = new HttpServer(
    app.invoker,
    { ...app.endpoint, host: '127.0.0.1', port: 0, adminPort },
    {
      authorizer,
      certificate: undefined,
      metrics: { contentType: 'text/plain', read: async () => '' },
      events: app.events,
      ...toRoutes(config),
    },
  )
  const { url, adminUrl } = await server.start()
  return {
    url: url.replace(/\/$/, ''),
    adminUrl: adminUrl?.replace(/\/$/, ''),
    refused,
    stop: async () => {
      await server.stop(0)
      await app.stop()
    },
  }
}
