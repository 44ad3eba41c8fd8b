// Rules of the contract that no vector names, in both languages through real servers.

import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { callRaw, eventually } from '../harness/calling.ts'
import { run } from '../harness/program.ts'
import { bothLanguages, functionsIn, serve, serveFrom } from '../harness/serving.ts'

const modules = { node: 'counts.handler', python: 'counts.handler' } as const

describe.each(bothLanguages)('a %s function', (language) => {
  it('is loaded once for each instance; what its module holds lives as long (H-15)', async () => {
    await using serving = await serve(language, modules[language])
    expect([(await callRaw(serving)).body, (await callRaw(serving)).body]).toEqual([1, 2])
    expect(serving.pids).toHaveLength(1)
  })

  it('gets the body as its argument in raw mode, and nothing of the request besides (M-1, M-2)', async () => {
    await using serving = await serve(language, 'vectors.given')
    const response = await fetch(`${serving.url}/?integration=raw&a=1`, {
      method: 'PUT',
      body: '{"only":"this"}',
      headers: { 'x-a': '1' },
    })
    expect(await response.json()).toEqual({ only: 'this' })
  })

  it('is answered for its error in raw mode as in normal mode (M-5)', async () => {
    await using serving = await serve(language, 'vectors.fails')
    const [normal, raw] = [
      await fetch(serving.url),
      await fetch(`${serving.url}/?integration=raw`, { method: 'POST' }),
    ]
    expect([raw.status, raw.headers.get('x-function-error')]).toEqual([normal.status, 'true'])
    expect(await raw.json()).toEqual(await normal.json())
  })

  it('finds a folder with its runtime, and shared libraries below its code (E-2, E-5)', async () => {
    await using serving = await serve(language, 'vectors.environment')
    const { env } = (await callRaw(serving)).body as { env: Record<string, string> } // what the function returns
    expect(existsSync(join(env['LAMBDA_RUNTIME_DIR'] ?? '', language))).toBe(true)
    expect(env['LD_LIBRARY_PATH']?.split(':')[0]).toBe(join(functionsIn(language), 'shared-libs'))
  })

  it('is told 128 MB when nothing is known of its memory (L-4)', async () => {
    await using serving = await serve(language, 'vectors.environment')
    const { env } = (await callRaw(serving)).body as { env: Record<string, string> } // what the function returns
    expect(env['X_YCF_MEMORY_SIZE']).toBe(String(128 * 1024 * 1024))
  })
})

describe('a function', () => {
  it('may be a plain Python function or a plain Node.js function that gives a value (K-2, K-6, H-7)', async () => {
    const root = mkdtempSync(join(tmpdir(), 'fnbox-test-'))
    writeFileSync(join(root, 'plain.js'), 'exports.handler = (event) => event.a + 1')
    writeFileSync(join(root, 'simple.py'), 'def handler(event, context):\n    return event["a"] + 1\n')
    for (const handler of ['plain.handler', 'simple.handler']) {
      await using serving = await serveFrom(root, handler)
      expect((await callRaw(serving, { a: 1 })).body).toBe(2)
    }
  })

  it('writes to /tmp in one invocation and reads it in the next (E-3)', async () => {
    const root = mkdtempSync(join(tmpdir(), 'fnbox-test-'))
    const file = `/tmp/${root.split('/').at(-1)}.txt`
    writeFileSync(
      join(root, 'index.js'),
      `const fs = require('fs'); exports.handler = async () => { const there = fs.existsSync(${JSON.stringify(file)}); fs.writeFileSync(${JSON.stringify(file)}, ''); return there }`,
    )
    await using serving = await serveFrom(root, 'index.handler')
    expect([(await callRaw(serving)).body, (await callRaw(serving)).body]).toEqual([false, true])
    rmSync(file)
  })

  it("sees the user's own variables, and cannot have the platform's overridden (E-15, E-6)", async () => {
    const environment = { MY_OWN: 'x'.repeat(5000), _HANDLER: 'forged', PORT: '1234' }
    const { code, stdout } = await run(
      ['invoke', '--root', functionsIn('python'), 'vectors.environment', '-d', '{}'],
      environment,
    )
    const { env } = JSON.parse(stdout) as { env: Record<string, string> } // what the function returns
    expect(code).toBe(0)
    expect([env['MY_OWN']?.length, env['_HANDLER'], env['PORT']]).toEqual([
      5000,
      'vectors.environment',
      undefined,
    ])
  })

  it('may have any execution timeout (L-3)', async () => {
    const { code, stdout } = await run([
      'check',
      '--root',
      functionsIn('node'),
      'counts.handler',
      '--timeout',
      '48h',
    ])
    expect([code, stdout]).toEqual([0, expect.stringContaining('loads')])
  })

  it('that is public accepts every caller (A-1)', async () => {
    await using serving = await serve('node', 'vectors.echo')
    expect((await fetch(serving.url)).status).toBe(200)
  })

  it('that is asked for an asynchronous invocation stores it and runs it later, by default (M-11, TV-17)', async () => {
    await using serving = await serve('node', 'vectors.echo', { 'job-store': 'memory' })
    const response = await fetch(`${serving.url}/?integration=async`, { method: 'POST', body: '{}' })
    expect([response.status, await response.text()]).toEqual([202, ''])
    const id = response.headers.get('x-request-id')
    await eventually(async () => {
      const job: unknown = await (await fetch(`${serving.url}/status/${id}`)).json()
      return JSON.stringify(job).includes('"COMPLETED"')
    })
  })
})

describe('in a container of the cloud', () => {
  it('the server listens on the port of PORT, also on every address, and / invokes (X-2, X-3, X-6)', async () => {
    await using serving = await serve('node', 'vectors.echo', { host: '0.0.0.0' })
    const response = await fetch(serving.url.replace('0.0.0.0', '127.0.0.1'), {
      headers: { 'x-ycf-container-integration-type': 'async' },
    })
    expect(response.status).toBe(200)
  })

  it('a trigger posts its event as the body of a normal invocation, or of a raw one where the address says so (X-7, M-10)', async () => {
    await using normal = await serve('node', 'vectors.echo')
    const post = { method: 'POST', body: '{"messages":[]}', headers: { 'content-type': 'application/json' } }
    expect(await (await fetch(normal.url, post)).json()).toMatchObject({ body: '{"messages":[]}' })
    await using raw = await serve('node', 'vectors.given')
    expect(await (await fetch(`${raw.url}/?integration=raw`, post)).json()).toEqual({ messages: [] })
  })

  it('a request id of the platform is taken over (X-5)', async () => {
    await using serving = await serve('node', 'vectors.echo')
    const id = '6e8356f9-489b-4c7b-8ba6-c8cd74f25455'
    expect((await fetch(serving.url, { headers: { 'x-request-id': id } })).headers.get('x-request-id')).toBe(
      id,
    )
  })
})
