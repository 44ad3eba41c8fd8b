import { expect, it, vi } from 'vitest'
import { askApi, dispatchBody, openApi } from '../../harness/runtimeApi.ts'

it('the runtime API answers 500 while its routes cannot be loaded, and tries again with the next request', async () => {
  await using served = openApi()
  vi.doMock('../../../src/http/runtimeApi/door.ts', () => {
    throw new Error('too many open files')
  })
  const refused = await askApi(served, 'POST', '/v1/tasks', dispatchBody)
  vi.doUnmock('../../../src/http/runtimeApi/door.ts')
  expect([refused.status, refused.json]).toMatchObject([500, { error: { code: 'internal' } }])
  expect(served.troubles).toEqual(['a part of the server could not be loaded'])
  expect((await askApi(served, 'POST', '/v1/tasks', dispatchBody)).status).toBe(202)
})
