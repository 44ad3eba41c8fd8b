import { once } from 'node:events'
import { existsSync, mkdtempSync, statSync } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { connect, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { text } from 'node:stream/consumers'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { callRaw, eventually } from '../../harness/calling.ts'
import { run } from '../../harness/program.ts'
import { askApi, dispatchBody, openApi, pathOf, socketOf } from '../../harness/runtimeApi.ts'
import { bothLanguages, functionsIn, serve } from '../../harness/serving.ts'

const exit = { type: 'exited', code: 0 } as const
const modeOf = (path: string): number => statSync(path).mode & 0o777

afterEach(() => vi.unstubAllEnvs())

describe('the sockets of the runtime API', () => {
  it('belong to one instance each, in a private folder (tasks.md §12)', async () => {
    await using served = openApi()
    const other = served.sockets.apiOf('i-2', 'python')
    other.open()
    expect(served.path).toMatch(/\/fnbox-[0-9a-f-]{36}\/i-1\.sock$/)
    expect(pathOf(other)).toBe(join(dirname(served.path), 'i-2.sock'))
    expect([modeOf(dirname(served.path)), modeOf(served.path), modeOf(pathOf(other))]).toEqual([
      0o700, 0o600, 0o600,
    ])
    expect(served.troubles).toEqual([])
  })

  it('close with their connections when their instance has ended', async () => {
    await using served = openApi()
    await askApi(served, 'POST', '/v1/tasks', dispatchBody)
    const client = connect(served.path)
    await once(client, 'connect')
    served.api.close(exit)
    await once(client, 'close')
    expect(existsSync(served.path)).toBe(false)
    await expect(askApi(served, 'GET', '/v1/tasks/t-1')).rejects.toThrow('ENOENT')
  })

  it('are removed with their folder when the server stops, also twice', async () => {
    await using served = openApi()
    await served.sockets.stop()
    expect(existsSync(dirname(served.path))).toBe(false)
    await served.sockets.stop()
  })

  it('are in /tmp where the usual folder has too long a name', async () => {
    vi.stubEnv('TMPDIR', mkdtempSync(join(tmpdir(), `fnbox-test-${'x'.repeat(60)}-`)))
    await using served = openApi()
    expect(dirname(dirname(served.path))).toBe('/tmp')
    await askApi(served, 'POST', '/v1/tasks', dispatchBody)
  })

  it('are announced where they cannot be made, and the function runs without', async () => {
    vi.stubEnv('TMPDIR', '/dev/null')
    await using served = openApi()
    expect(served.troubles).toEqual(['i-1 has no runtime API: it cannot dispatch tasks'])
    expect(served.path).toMatch(/^\/dev\/null\/fnbox-/)
    served.api.close(exit)
  })

  it('take at most 64 connections', async () => {
    await using served = openApi()
    const clients = Array.from({ length: 64 }, () => connect(served.path))
    await Promise.all(clients.map((each) => once(each, 'connect')))
    const oneMore = connect(served.path)
    await once(oneMore.resume(), 'close')
    expect(clients.filter((each) => each.closed)).toEqual([])
    for (const each of clients) each.destroy()
  })
})

describe('the runtime API', () => {
  it.each([
    ['GET', '/v1/tasks', 405, 'method_not_allowed', 'POST'],
    ['DELETE', '/v1/tasks/t-1', 405, 'method_not_allowed', 'GET, PUT'],
    ['GET', '/v1/tasks/t-1/progress', 405, 'method_not_allowed', 'POST'],
    ['GET', '/', 404, 'not_found', undefined],
    ['POST', '/v2/tasks', 404, 'not_found', undefined],
    ['GET', '/v1/tasks/', 404, 'not_found', undefined],
    ['GET', '/v1/tasks/t-1/else', 404, 'not_found', undefined],
    ['PUT', '/v1/tasks/__proto__/progress', 405, 'method_not_allowed', 'POST'],
  ])('answers %s %s with %i (H2)', async (method, path, status, code, allow) => {
    await using served = openApi()
    const { status: given, json, headers } = await askApi(served, method, path)
    expect([given, json]).toEqual([status, { error: { code, message: expect.any(String) } }])
    expect(headers.allow).toBe(allow)
  })

  it('reports an unreadable request in its form of errors (H2)', async () => {
    await using served = openApi()
    for (const lines of ['nonsense\r\n\r\n', `POST /v1/tasks HTTP/1.1\r\nContent-Length: 2\r\n\r\n{}`]) {
      const client = connect({ path: served.path, allowHalfOpen: true })
      client.end(lines)
      const answer = await text(client)
      expect(answer).toMatch(/^HTTP\/1\.1 400 Bad Request\r\n/)
      expect(answer).toContain('{"error":{"code":"bad_request","message":')
    }
  })

  it('sends 100 Continue only for a body within the limit', async () => {
    await using served = openApi()
    const body = JSON.stringify(dispatchBody)
    const refused = connect(served.path)
    refused.write(expectant(2_000_000))
    expect(await next(refused)).toMatch(/^HTTP\/1\.1 413 /)
    refused.destroy()
    const taken = connect(served.path)
    taken.write(expectant(body.length))
    expect(await next(taken)).toBe('HTTP/1.1 100 Continue\r\n\r\n')
    taken.write(body)
    expect(await text(taken)).toMatch(/^HTTP\/1\.1 202 /)
  })
})

describe.each(bothLanguages)('an instance of %s', (language) => {
  it('can ask from before its function is loaded until its end (tasks.md §12)', async () => {
    let path = ''
    {
      await using serving = await serve(language, 'asks.handler')
      expect((await callRaw(serving)).body).toEqual([404, 404])
      path = await socketOf(serving.pids[0])
      expect(modeOf(path)).toBe(0o600)
    }
    expect(existsSync(dirname(path))).toBe(false)
  })

  it('has its own socket, which is removed with it', async () => {
    await using serving = await serve(language, 'hostile.handler', { instances: '2', 'min-instances': '2' })
    await eventually(() => serving.pids.length === 2)
    const folder = dirname(await socketOf(serving.pids[0]))
    expect(await readdir(folder)).toEqual(['i-1.sock', 'i-2.sock'])
    process.kill(serving.pids[0] ?? 0, 'SIGKILL')
    await eventually(async () => (await readdir(folder)).join() === 'i-2.sock,i-3.sock')
  })

  it('can ask under fnbox invoke, too', async () => {
    const { stdout } = await run(['invoke', '--root', functionsIn(language), 'asks.handler'])
    expect(stdout).toBe('[404,404]\n')
  })
})

function expectant(length: number): string {
  return `POST /v1/tasks HTTP/1.1\r\nHost: x\r\nConnection: close\r\nExpect: 100-continue\r\nContent-Length: ${length}\r\n\r\n`
}

// The next that comes on a connection.
async function next(client: Socket): Promise<string> {
  const [first] = (await once(client, 'data')) as [Buffer]
  return first.toString()
}
