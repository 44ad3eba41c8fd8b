import { validate } from '@readme/openapi-parser'
import { describe, expect, it } from 'vitest'
import { description } from '../../../src/http/jobs/openapi.ts'
import { ownRoutes, routes } from '../../../src/http/jobs/routes.ts'
import { paths } from '../../harness/openapi.ts'
import { ask, serveJobs } from '../../harness/jobServing.ts'

// The table of jobs.md §2.2: route → statuses of its own.
const own: Readonly<Record<string, readonly number[]>> = {
  run: [400, 409, 413, 429],
  runsync: [400, 409, 413, 429],
  status: [400, 404],
  'status-sync': [400, 404],
  stream: [204, 400, 404],
  cancel: [404],
  retry: [400, 404, 429],
  'purge-queue': [],
  health: [],
  jobs: [404],
  'openapi.json': [],
}
const common = [200, 401, 500, 503]

describe('the OpenAPI description', () => {
  it('is valid', async () => {
    const result = await validate(structuredClone(description) as never) // the parser's types know fewer schemas
    expect(result).toMatchObject({ valid: true, warnings: [] })
  })

  it('has the routes, methods and statuses that there are, and no others', () => {
    const table = [...Object.entries(routes), ...Object.entries(ownRoutes)].flatMap(
      ([name, { methods, takesId }]) =>
        methods.map((method) => {
          const path = `${name in ownRoutes ? '/_' : ''}/${name}${takesId ? '/{id}' : ''}`
          return [
            `${method} ${path}`,
            [...(own[name] ?? []), ...common].toSorted((one, other) => one - other),
          ]
        }),
    )
    const described = Object.entries(paths).flatMap(([path, item]) =>
      Object.entries(item)
        .filter(([method]) => method !== 'servers')
        .map(([method, operation]) => [
          `${method.toUpperCase()} ${path}`,
          Object.keys(operation?.responses ?? {}).map(Number),
        ]),
    )
    expect(Object.fromEntries(described)).toEqual(Object.fromEntries(table))
  })

  it('is served at /_/openapi.json', async () => {
    await using serving = await serveJobs()
    expect((await ask(serving, 'GET', '/_/openapi.json')).json).toEqual(
      JSON.parse(JSON.stringify(description)),
    )
  })
})
