import { describe, expect, it } from 'vitest'
import { everyone, type Authorizer } from '../../../src/http/auth/auth.ts'
import { isUsableFunctionId } from '../../../src/event/route.ts'
import { routes } from '../../../src/http/jobs/routes.ts'
import { ask, serveJobs, submit } from '../../harness/jobServing.ts'
import { converse, readAnswer } from '../../harness/sockets.ts'

const body = '{"input":1}'
const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/

function postHead(length: number): string {
  return `POST /purge-queue HTTP/1.1\r\nHost: x\r\nContent-Length: ${length}\r\n`
}

// Accepts one key, whichever way it is shown.
const keyed: Authorizer = { ...everyone, accepts: async (shown) => shown?.value === 'secret' }

describe('the routes of jobs', () => {
  it.each(['/run', '/v2/any-endpoint/run', '//run', '/run/', '/v2//x%2Fy//run/', '/v2/v2/run'])(
    'are at the root and below /v2/{anything}, empty segments do not count: %s (A-1)',
    async (path) => {
      await using serving = await serveJobs()
      const { status, json } = await ask(serving, 'POST', path, { body })
      expect(status).toBe(200)
      expect(json).toEqual({ id: expect.stringMatching(uuid), status: 'IN_QUEUE' })
    },
  )

  it('are below /v2/{--endpoint-id} alone when that is set, and at the root (A-1)', async () => {
    await using serving = await serveJobs({ endpointId: 'mine' })
    for (const path of ['/run', '/v2/mine/run', '/v2/%6Dine/run'])
      expect((await ask(serving, 'POST', path, { body })).status).toBe(200)
    const { status, json } = await ask(serving, 'POST', '/v2/other/run', { body })
    expect([status, json]).toEqual([404, { error: expect.stringContaining('/run') }])
  })

  it.each([
    '/v2/x',
    '/v2/x/',
    '/v2/x/requests',
    '/v2/x/openai/v1/models',
    '/v2/x/status',
    '/v2/x/run/more',
    '/v2/x/_/healthz',
  ])('are named by the 404 of another path below /v2/{anything}: %s (A-11)', async (path) => {
    await using serving = await serveJobs()
    const { status, json, headers } = await ask(serving, 'GET', path)
    expect([status, headers.get('x-fnbox-fault')]).toEqual([404, 'unknown_route'])
    expect(json).toEqual({ error: expect.stringMatching(/\/run, .*\/status\/\{id\}/) })
    expect(serving.refused).toEqual(['unknown_route'])
  })

  it.each(['/', '/requests', '/batch/1', '/openai/v1/models', '/status', '/v2'])(
    'are all there is with a script, apart from /_/: %s (A-11)',
    async (path) => {
      await using serving = await serveJobs({ isScript: true })
      expect((await ask(serving, 'GET', path)).headers.get('x-fnbox-fault')).toBe('unknown_route')
      expect((await fetch(`${serving.url}/_/healthz`)).status).toBe(200)
    },
  )

  it('have words that no function id may be (U-3)', () => {
    const words = Object.values(routes).map(({ path }) => path.split('/')[1] ?? '')
    expect(['v2', '_', ...words].filter(isUsableFunctionId)).toEqual([])
  })

  it('leave the other paths of the root to a function (A-11)', async () => {
    await using serving = await serveJobs()
    for (const [path, fault] of [
      ['/requests', 'not_found'],
      ['/a/b', 'path_not_served'],
      ['/status', 'not_found'],
    ]) {
      const response = await fetch(serving.url + path)
      expect([path, response.headers.get('x-fnbox-fault')]).toEqual([path, fault])
    }
  })

  it.each([
    ['GET', '/run', 'POST'],
    ['PUT', '/v2/x/runsync', 'POST'],
    ['DELETE', '/status/x', 'GET, POST'],
    ['OPTIONS', '/stream/x', 'GET, POST'],
    ['HEAD', '/status/x', 'GET, POST'],
    ['HEAD', '/health', 'GET'],
    ['POST', '/health', 'GET'],
    ['GET', '/cancel/x', 'POST'],
    ['GET', '/retry/x', 'POST'],
    ['GET', '/purge-queue', 'POST'],
    ['POST', '/_/jobs/x', 'GET'],
  ])('answer %s %s with 405 and Allow (A-7)', async (method, path, allow) => {
    await using serving = await serveJobs({}, { authorizer: keyed })
    const { status, headers } = await ask(serving, method, path)
    expect([status, headers.get('allow')]).toEqual([405, allow])
    expect(serving.refused).toEqual(['method_not_allowed'])
  })

  it('answer errors as JSON, like everything else, and nothing is to be stored (A-4, A-5)', async () => {
    await using serving = await serveJobs()
    const { headers, json, status } = await ask(serving, 'POST', '/run', { body: '[]' })
    expect(Object.fromEntries(headers)).toMatchObject({
      'content-type': 'application/json',
      'cache-control': 'no-store',
      'x-fnbox-fault': 'invalid_job',
    })
    expect([status, json]).toEqual([400, { error: expect.any(String) }])
  })

  it.each(['', '{}', 'not JSON at all', '\u0000'])(
    'need no body where none is meant: %j (A-6)',
    async (text) => {
      await using serving = await serveJobs()
      const id = await submit(serving)
      const headers = { 'Content-Type': 'application/json' }
      for (const path of [
        `/status/${id}`,
        `/status-sync/${id}?wait=0`,
        `/stream/${id}?wait=0`,
        `/cancel/${id}`,
        '/purge-queue',
      ])
        expect([path, (await ask(serving, 'POST', path, { body: text, headers })).status]).toEqual([
          path,
          200,
        ])
    },
  )

  it('keep a connection whose ignored body was large (A-6)', async () => {
    await using serving = await serveJobs()
    const large = 'x'.repeat(1_000_000)
    const answer = await converse(
      serving as never,
      `${postHead(large.length)}\r\n`,
      large,
      `${postHead(0)}Connection: close\r\n\r\n`,
    )
    expect(answer.match(/HTTP\/1.1 200 OK/g)?.length).toBeGreaterThanOrEqual(1)
  })

  it.each([
    ['/status/x?ttl=1.5', 'ttl'],
    ['/status/x?ttl=', 'ttl'],
    ['/status-sync/x?wait=-1', 'wait'],
    ['/status-sync/x?wait=1e3', 'wait'],
    ['/stream/x?wait=1&wait=y', 'wait'],
    ['/stream/x?from=0x1', 'from'],
    ['/stream/x?from=%201', 'from'],
  ])('reject %s: only whole numbers (A-8)', async (path, name) => {
    await using serving = await serveJobs()
    const { status, json } = await ask(serving, 'GET', path)
    expect([status, json]).toEqual([400, { error: expect.stringContaining(name) }])
    expect(serving.refused).toEqual(['invalid_parameter'])
  })

  it('ignore parameters that they do not take (A-8)', async () => {
    await using serving = await serveJobs()
    expect((await ask(serving, 'GET', '/health?wait=x&ttl=y')).status).toBe(200)
    expect((await ask(serving, 'POST', '/run?wait=x', { body })).status).toBe(200)
  })

  it('take numbers of any length (A-8)', async () => {
    await using serving = await serveJobs()
    const id = await submit(serving)
    await serving.engine.begin(id)
    await serving.engine.finish(id, {})
    const huge = '9'.repeat(400)
    expect((await ask(serving, 'GET', `/status-sync/${id}?wait=${huge}`)).status).toBe(200)
    expect((await ask(serving, 'GET', `/status/${id}?ttl=${huge}`)).status).toBe(200)
    expect((await ask(serving, 'GET', `/stream/${id}?from=${huge}`)).json).toMatchObject({ stream: [] })
  })
})

describe('a caller of the jobs API', () => {
  it.each(['Bearer secret', 'bearer   secret', 'secret', ' secret ', 'Api-Key secret'])(
    'is accepted with %j (A-2)',
    async (authorization) => {
      await using serving = await serveJobs({}, { authorizer: keyed })
      expect((await ask(serving, 'GET', '/v2/x/health', { headers: { authorization } })).status).toBe(200)
    },
  )

  it.each([undefined, 'Bearer wrong', 'wrong', 'Basic secret', 'Bearer '])(
    'gets 401 with %j (A-2)',
    async (authorization) => {
      await using serving = await serveJobs({}, { authorizer: keyed })
      const headers: Record<string, string> = authorization === undefined ? {} : { authorization }
      for (const [method, path] of [
        ['GET', '/health'],
        ['POST', '/run'],
        ['GET', '/status/x'],
        ['GET', '/_/jobs/x'],
        ['GET', '/_/openapi.json'],
      ] as const) {
        const { status, json, headers: answered } = await ask(serving, method, path, { headers })
        expect([path, status, json]).toEqual([path, 401, { error: expect.any(String) }])
        expect(answered.get('www-authenticate')).toBe('Bearer')
      }
    },
  )

  it('is checked after route and method, before body and query (A-7)', async () => {
    await using serving = await serveJobs({ limit: 10 }, { authorizer: keyed })
    const headers = { authorization: 'secret' }
    const large = 'x'.repeat(100)
    const seen = [
      await ask(serving, 'POST', '/v2/x/nothing'),
      await ask(serving, 'PUT', '/run'),
      await ask(serving, 'POST', '/run', { body: large }),
      await ask(serving, 'POST', '/run', { body: large, headers }),
      await ask(serving, 'POST', '/run', { body: 'x', headers }),
      await ask(serving, 'GET', '/status/x?ttl=x', { headers }),
      await ask(serving, 'GET', '/status/x?ttl=1', { headers }),
    ]
    expect(seen.map(({ status }) => status)).toEqual([404, 405, 401, 413, 400, 400, 404])
  })

  it('needs a credential for jobs below /_/, on the admin port as well', async () => {
    await using serving = await serveJobs({}, { authorizer: keyed, adminPort: 0 })
    const headers = { authorization: 'secret' }
    const { json } = await ask(serving, 'POST', '/run', { body, headers })
    const { id } = json as { id: string }
    const admin = { url: String(serving.adminUrl) }
    expect((await ask(admin, 'GET', `/_/jobs/${id}`, { headers })).json).toEqual({ id, status: 'IN_QUEUE' })
    expect((await ask(admin, 'GET', `/_/jobs/${id}`)).status).toBe(401)
    expect((await fetch(`${serving.url}/_/jobs/${id}`, { headers })).status).toBe(404)
  })
})

describe('a request without Host', () => {
  it('gets an error in the form of the jobs API', async () => {
    await using serving = await serveJobs()
    const text = await converse(
      serving as never,
      'POST /run HTTP/1.1\r\nConnection: close\r\nContent-Length: 2\r\n\r\n{}',
    )
    const { status, body: answered } = readAnswer(text)
    expect([status, JSON.parse(answered)]).toEqual([400, { error: expect.stringContaining('Host') }])
  })
})
