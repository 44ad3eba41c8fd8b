import { mkdtempSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import request from 'supertest'
import { describe, expect, it } from 'vitest'
import { callRaw, eventually } from '../harness/calling.ts'
import { serveFrom, type Serving } from '../harness/serving.ts'
import type { Flags } from '../../src/config.ts'

const folder = mkdtempSync(join(tmpdir(), 'fnbox-test-'))
let count = 0

// A function of its own for each test: the file is written before the server starts.
async function serveSource(
  extension: string,
  source: string,
  name = 'handler',
  flags: Flags = {},
): Promise<Serving> {
  const module = `module${count++}`
  await writeFile(join(folder, module + extension), source)
  return serveFrom(folder, `${module}.${name}`, flags)
}

const broken = [
  ['a syntax error', '.js', 'exports.handler = (', 'SyntaxError', /Unexpected/],
  ['a syntax error', '.py', 'def handler(:', 'SyntaxError', /invalid syntax/],
  ['an error while it loads', '.js', 'throw new RangeError("at load")', 'RangeError', /^at load$/],
  ['an error while it loads', '.py', 'raise LookupError("at load")', 'LookupError', /^at load$/],
  ['an import that is missing', '.js', 'require("nowhere")', 'Error', /Cannot find module 'nowhere'/],
  ['an import that is missing', '.py', 'import nowhere', 'ModuleNotFoundError', /No module named 'nowhere'/],
  [
    'no such export',
    '.js',
    'exports.other = () => 1',
    'HandlerNotFound',
    /^Can't find handler function handler in module\d+$/,
  ],
  [
    'no such name',
    '.py',
    'other = 1',
    'HandlerNotFound',
    /^Can't find handler function handler in module\d+$/,
  ],
  [
    'an export that is not callable',
    '.js',
    'exports.handler = 1',
    'HandlerNotCallable',
    /^module\d+\.handler must be function$/,
  ],
  [
    'a name that is not callable',
    '.py',
    'handler = 1',
    'HandlerNotCallable',
    /^module\d+\.handler must be function$/,
  ],
  ['a process that ends', '.js', 'process.exit(4)', 'ProcessExit', /exit code 4$/],
  ['a process that ends', '.py', 'import sys; sys.exit(4)', 'ProcessExit', /exit code 4$/],
] as const

describe('a function that does not load (TV-29, H-16, H-17, F-2)', () => {
  it.each(broken)(
    'because of %s (%s): the server is up, not ready, and says so on every call',
    async (_, extension, source, errorType, message) => {
      await using serving = await serveSource(extension, source)
      for (let time = 0; time < 2; time++) {
        const answer = await callRaw(serving)
        expect(answer.status).toBe(502)
        expect(answer.headers['x-function-error']).toBe('true')
        expect(answer.headers['x-fnbox-fault']).toBe('load_failed')
        expect(answer.body).toMatchObject({
          errorType,
          errorMessage: expect.stringMatching(message),
        })
      }
      const ready = await request(serving.url).get('/_/readyz')
      expect([ready.status, ready.body.status]).toEqual([503, 'failed'])
      expect(ready.body.reason).toMatch(message)
      expect((await request(serving.url).get('/_/healthz')).body).toEqual({ status: 'ok' })
    },
  )

  it('has a handler whose file is missing: it is served when the file comes', async () => {
    await using serving = await serveFrom(folder, 'later.handler')
    expect((await callRaw(serving)).body).toMatchObject({ errorType: 'HandlerNotFound' })
    await writeFile(join(folder, 'later.py'), 'def handler(event, context): return "here"')
    await eventually(async () => (await request(serving.url).get('/_/readyz')).status === 200)
    expect((await callRaw(serving)).body).toBe('here')
  })

  it('takes too long: LoadTimeout (F-3)', async () => {
    await using serving = await serveSource('.js', 'for (;;);', 'handler', { 'init-timeout': '200ms' })
    const answer = await callRaw(serving)
    expect([answer.status, answer.body.errorType]).toEqual([502, 'LoadTimeout'])
    expect(answer.headers['x-fnbox-fault']).toBe('load_timeout')
  })

  it('has no interpreter: the message says what to do', async () => {
    await using serving = await serveSource('.py', 'def handler(event, context): return 1', 'handler', {
      python: '/nowhere/python',
    })
    expect((await callRaw(serving)).body.errorMessage).toMatch(/\/nowhere\/python ENOENT.*--python/)
  })
})

describe('a function whose process ends again and again without being called', () => {
  it('is started with growing pauses, and readiness says failed with the reason', async () => {
    await using serving = await serveSource(
      '.js',
      'setTimeout(() => process.exit(5), 50); exports.handler = () => 1',
    )
    await eventually(async () => {
      const { body } = await request(serving.url).get('/_/readyz')
      return body.status === 'failed' && String(body.reason).endsWith('exit code 5')
    })
    const pauses: number[] = []
    serving.app.events.on('start-failed', ({ pauseMs }) => pauses.push(pauseMs))
    await eventually(() => pauses.length >= 2)
    expect(pauses[1]).toBe((pauses[0] ?? 0) * 2)
  })
})

describe('readiness', () => {
  it('counts idle and busy instances, and asks for an idle one with ?idle', async () => {
    const gate = join(folder, 'gate')
    const source = `exports.handler = async () => { while (!require('fs').existsSync(${JSON.stringify(gate)})) await new Promise((r) => setTimeout(r, 5)); return 1 }`
    await using serving = await serveSource('.js', source)
    const ready = async (query = ''): Promise<unknown[]> => {
      const { status, body } = await request(serving.url).get(`/_/readyz${query}`)
      return [status, body]
    }
    expect(await ready('?idle')).toEqual([200, { status: 'ready', instances: { idle: 1, busy: 0 } }])
    const call = callRaw(serving).then((answer) => answer.status)
    await eventually(async () => (await ready('?idle'))[0] === 503)
    expect(await ready()).toEqual([200, { status: 'ready', instances: { idle: 0, busy: 1 } }])
    await writeFile(gate, '')
    expect(await call).toBe(200)
  })

  it('is given with --min-instances 0 before anything is loaded, and the first call loads', async () => {
    await using serving = await serveSource('.js', 'exports.handler = () => 1', 'handler', {
      'min-instances': '0',
    })
    expect((await request(serving.url).get('/_/readyz')).body).toEqual({
      status: 'ready',
      instances: { idle: 0, busy: 0 },
    })
    expect((await callRaw(serving)).body).toBe(1)
  })

  it.each(['/_/nothing', '/_', '/_/'])('answers 404 at %s (F-26)', async (path) => {
    await using serving = await serveSource('.js', 'exports.handler = () => 1')
    const answer = await request(serving.url).get(path)
    expect([answer.status, answer.body]).toEqual([
      404,
      { errorCode: 404, errorType: 'ClientError', errorMessage: 'Not Found' },
    ])
  })
})
