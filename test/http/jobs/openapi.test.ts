import { validate } from '@readme/openapi-parser'
import { describe, expect, it } from 'vitest'
import { description } from '../../../src/http/jobs/openapi.ts'
import { paths } from '../../harness/openapi.ts'
import { ask, serveJobs } from '../../harness/jobServing.ts'

// The table of jobs.md §2.2: method and path → statuses of its own.
const own: Readonly<Record<string, readonly number[]>> = {
  'POST /run': [400, 409, 413, 429],
  'POST /runsync': [400, 409, 413, 429],
  'GET /status/{id}': [400, 404],
  'POST /status/{id}': [400, 404],
  'GET /status-sync/{id}': [400, 404],
  'POST /status-sync/{id}': [400, 404],
  'GET /stream/{id}': [204, 400, 404],
  'POST /stream/{id}': [204, 400, 404],
  'POST /cancel/{id}': [404],
  'POST /retry/{id}': [400, 404, 429],
  'POST /purge-queue': [],
  'GET /health': [],
  'GET /_/jobs/{id}': [404],
  'GET /_/openapi.json': [],
}
const common = [200, 401, 500, 503]

describe('the OpenAPI description', () => {
  it('is valid', async () => {
    const result = await validate(structuredClone(description) as never) // the parser's types know fewer schemas
    expect(result).toMatchObject({ valid: true, warnings: [] })
  })

  it('has the routes, methods and statuses that there are, and no others', () => {
    const table = Object.entries(own).map(([operation, statuses]) => [
      operation,
      [...statuses, ...common].toSorted((one, other) => one - other),
    ])
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
