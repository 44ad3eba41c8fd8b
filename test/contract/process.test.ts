// The vectors of the contract that are about handlers, context and environment (yandex.md §19).

import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { callRaw } from '../harness/calling.ts'
import { bothLanguages, functionsIn, serve, serveFrom } from '../harness/serving.ts'

describe.each(bothLanguages)('the process of a %s function', (language) => {
  it('TV-49: has the environment of the contract and nothing else of the server (E-1, E-6 to E-13)', async () => {
    const root = functionsIn(language)
    await using serving = await serve(language, 'vectors.environment', {
      'function-id': 'd4efunction',
      memory: '256MB',
    })
    const { cwd, env } = (await callRaw(serving)).body as { cwd: string; env: Record<string, string> } // what the function returns
    const runtime = env['LAMBDA_RUNTIME_DIR'] ?? ''
    expect(cwd).toBe(root)
    expect(env).toMatchObject({
      _HANDLER: 'vectors.environment',
      LAMBDA_TASK_ROOT: root,
      LAMBDA_RUNTIME_DIR: expect.stringMatching(/\/runtime$/) as unknown,
      AWS_LAMBDA_RUNTIME_API: '169.254.169.254',
      AWS_LAMBDA_FUNCTION_NAME: 'd4efunction',
      X_YCF_MEMORY_SIZE: String(256 * 1024 * 1024),
      X_YCF_CONCURRENCY: '1',
      HOME: '/tmp',
      PWD: root,
      LD_LIBRARY_PATH: `${join(root, 'shared-libs')}:${join(runtime, 'shared-libs')}`,
      FNBOX_RUNTIME_API: expect.stringMatching(/^unix:\//) as unknown,
    })
    expect(env['PATH']).toContain(`${root}:${join(runtime, 'bin')}:${runtime}:`) // a wrapper of the interpreter may put something in front
    expect(env['NODE_ENV']).toBe(language === 'node' ? 'production' : undefined)
    expect(Object.keys(env).filter((name) => name.startsWith('FNBOX_'))).toEqual(['FNBOX_RUNTIME_API'])
    expect(env).not.toHaveProperty('PORT')
  })
})

describe('the handler string', () => {
  it.each([
    ['typed.handler', { name: 'x' }, 'hello x'],
    ['on_default.handler', {}, 'hello'],
    ['only_default.default', {}, 'default'],
    ['thenable.handler', {}, 'then'],
    ['handler', {}, 'from the package'],
    ['./counts.handler', {}, 1],
    ['counts.handler.ignored', {}, 1],
  ])('TV-45, TV-41: %s is found in Node.js (H-1 to H-6, K-3)', async (handler, event, result) => {
    await using serving = await serve('node', handler, { runtime: 'node' })
    expect((await callRaw(serving, event)).body).toEqual(result)
  })

  it('TV-45: names a file in a folder, also one with dots (H-1, H-2)', async () => {
    const root = join(functionsIn('node'), '..')
    await using serving = await serveFrom(root, 'node/counts.handler')
    expect((await callRaw(serving)).body).toBe(1)
  })

  it.each([
    ['pkg.loader.handler', {}, 'pkg.loader'],
    ['pkg/loader.handler', {}, 'pkg.loader'],
    ['kinds.called', {}, 'callable'],
    ['kinds.method', {}, 'method'],
    ['kinds.of_class', {}, 'class method'],
  ])('TV-46: %s is found in Python (H-8 to H-10)', async (handler, event, result) => {
    await using serving = await serve('python', handler)
    const { body } = await callRaw(serving, event)
    expect(body).toEqual(result)
  })

  it('TV-41: a callback handler gets no third argument (K-5)', async () => {
    await using serving = await serve('node', 'vectors.callback')
    expect((await callRaw(serving)).body).toEqual({ arguments: 3, third: 'undefined' })
  })

  it('TV-40: a Python client bound to the loop at import works in every call (K-7)', async () => {
    await using serving = await serve('python', 'own_loop.bound_at_import')
    expect([(await callRaw(serving)).body, (await callRaw(serving)).body]).toEqual([true, true])
  })
})

describe('getPayload() of a Node.js context', () => {
  it.each([
    ['application/json', '{"a":1}', { a: 1 }],
    ['application/json; charset=utf-8', '{"a":1}', { a: 1 }],
    ['application/json', '', {}],
    ['application/x-www-form-urlencoded', 'a=1&b=2&b=3', { a: '1', b: ['2', '3'] }],
    ['text/plain', 'text', { buffer: 'text' }],
  ])('TV-39: for %s %j is %j (C-4)', async (type, body, payload) => {
    await using serving = await serve('node', 'payload.handler')
    const response = await fetch(serving.url, { method: 'POST', body, headers: { 'content-type': type } })
    expect(await response.json()).toEqual(payload)
  })

  it('TV-39: for a raw invocation is an empty Buffer (C-4)', async () => {
    await using serving = await serve('node', 'payload.raw')
    expect((await callRaw(serving, { a: 1 })).body).toEqual({ buffer: '' })
  })
})
