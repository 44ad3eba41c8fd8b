// The routes of the jobs API (jobs.md §2.2) as a table, and which of them a path means (jobs.md ).

import { Fault } from '../../errors.ts'
import { unescaped } from '../../event/http.ts'
import type { ParameterName } from './parameters.ts'
import type { JobSettings } from './settings.ts'

/** What can be asked of jobs. */
export type RouteName = keyof typeof routes | keyof typeof ownRoutes

/** One row of the table. */
export interface Route {
  readonly name: RouteName
  readonly methods: readonly string[]
  readonly parameters: readonly ParameterName[]
}

/** A route with the id that its path names; "" where it takes none. */
export interface Match {
  readonly route: Route
  readonly id: string
}

/** First segment of the path → what follows, which methods and parameters it takes. */
export const routes = {
  run: row(['POST'], false, []),
  runsync: row(['POST'], false, ['wait']),
  status: row(['GET', 'POST'], true, ['ttl']),
  'status-sync': row(['GET', 'POST'], true, ['wait']),
  stream: row(['GET', 'POST'], true, ['wait', 'from']),
  cancel: row(['POST'], true, []),
  retry: row(['POST'], true, []),
  'purge-queue': row(['POST'], false, []),
  health: row(['GET'], false, []),
} as const

/** The same for what is below `/_/` (interface.md §4). */
export const ownRoutes = {
  jobs: row(['GET'], true, []),
  'openapi.json': row(['GET'], false, []),
} as const

/**
 * The route that a path means; undefined when it is not one of the jobs API.
 * @param path as received, without the query
 * @throws Fault unknown_route
 */
export function matchRoute(
  path: string,
  settings: Pick<JobSettings, 'endpointId' | 'isScript'>,
): Match | undefined {
  const segments = path.split('/').filter((each) => each !== '')
  const [first, endpoint] = segments
  const isBelowEndpoint = first === 'v2' && endpoint !== undefined
  const match = matchSegments(routes, isBelowEndpoint ? segments.slice(2) : segments)
  const isServed = !isBelowEndpoint || (settings.endpointId ?? unescaped(endpoint)) === unescaped(endpoint)
  if (match !== undefined && isServed) return match
  if (isBelowEndpoint || settings.isScript) throw unknownRoute()
  return undefined
}

/** The route below `/_/` that a path means. @param path what follows `/_` */
export function matchOwnRoute(path: string): Match | undefined {
  return matchSegments(
    ownRoutes,
    path.split('/').filter((each) => each !== ''),
  )
}

// It names the paths that lead somewhere (jobs.md A-11).
function unknownRoute(): Fault {
  const paths = Object.entries(routes).map(([name, { takesId }]) => (takesId ? `/${name}/{id}` : `/${name}`))
  return new Fault(
    'unknown_route',
    `not found; the routes are ${paths.join(', ')}, all of them also below /v2/{endpoint}`,
  )
}

function matchSegments(table: Table, [first = '', id, ...more]: readonly string[]): Match | undefined {
  if (!Object.hasOwn(table, first) || more.length > 0) return undefined
  const name = first as RouteName // it is a key of the table
  const found = table[name]
  if (found === undefined || found.takesId !== (id !== undefined)) return undefined
  const { methods, parameters } = found
  return { route: { name, methods, parameters }, id: unescaped(id ?? '') }
}

type Table = { readonly [Name in RouteName]?: Omit<Route, 'name'> & { readonly takesId: boolean } }

function row(
  methods: readonly string[],
  takesId: boolean,
  parameters: readonly ParameterName[],
): Omit<Route, 'name'> & { readonly takesId: boolean } {
  return { methods, takesId, parameters }
}
