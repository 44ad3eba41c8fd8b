// The flow that Zappa documents for captured responses, as one function on one instance (tasks.md Q19).

import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { freshFolder } from '../harness/jobClient.ts'
import { bothLanguages, serveFrom, type Serving } from '../harness/serving.ts'
import { tasksIn } from '../harness/taskClient.ts'

describe.each(bothLanguages)("Zappa's flow of a captured response (%s)", (language) => {
  let serving: Serving
  const folder = freshFolder(afterAll)

  beforeAll(async () => {
    serving = await serveFrom(tasksIn(language), 'flow.handler', { 'data-dir': folder })
  })
  afterAll(() => serving[Symbol.asyncDispose]())

  it('is a chain of redirects that ends with the result (Q19)', async () => {
    const answer = await fetch(`${serving.url}/?delay=5`) // follows redirects
    expect([answer.status, answer.redirected]).toEqual([200, true])
    expect(await answer.json()).toEqual({ MESSAGE: 'It took 5 seconds to generate this.' })
  })

  it('begins with a redirect to the second route (Q19)', async () => {
    const { status, headers } = await fetch(`${serving.url}/`, { redirect: 'manual' })
    expect([status, headers.get('x-redirect-reason')]).toEqual([302, 'dispatched'])
    expect(headers.get('location')).toMatch(/^\/\?response_id=[0-9a-f-]{36}$/)
  })

  it.each(['None', '3d1c6a31-4a5e-4a3f-8a55-000000000000', '..%2F..'])(
    'is 404 for an unknown id: %s (Q19)',
    async (id) => {
      expect((await fetch(`${serving.url}/?response_id=${id}`)).status).toBe(404)
    },
  )
})
