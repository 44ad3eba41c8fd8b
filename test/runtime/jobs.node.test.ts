// Scripts in Node.js on the wire: how they are run, what their handlers' behaviour means, how they are controlled
// (jobs.md §13 with §10.3 to §10.6).

import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { withFiles } from '../harness/files.ts'
import { eventually } from '../harness/calling.ts'
import { functionsOf, Peer } from './player.ts'
import { endOf, errorOf, loadErrorOf, run, servingWith } from './scripts.ts'

function serving(script: string, ...args: string[]): Promise<Peer> {
  return servingWith(new Peer('node'), script, args)
}

/** What the program has written once it is so many lines. Descriptor 1 and the channel are read independently of each other. */
async function printed(peer: Peer, lines: number): Promise<string> {
  await eventually(() => peer.stdout.split('\n').length > lines)
  return peer.stdout
}

async function loadError(script: string, ...args: string[]): Promise<unknown> {
  await using peer = new Peer('node')
  return await loadErrorOf(peer, script, args)
}

describe('a script (NODE-1, NODE-2)', () => {
  test('runs as the main program in the code root, with its arguments; ES module', async () => {
    await using peer = await serving('job_program', 'own', '--rp_debugger', '--other=1')
    const { output } = await run(peer, {})
    const file = join(functionsOf('node'), 'job_program.mjs')
    expect(output).toEqual({
      main: true,
      file,
      cwd: functionsOf('node'),
      sibling: 'here',
      argv: [process.execPath, file, 'own', '--other=1'],
      rp_debugger: { system_info: expect.any(Object) as object, timestamps: [] },
    })
  })

  test('may be CommonJS, and call start late', async () => {
    await using peer = await serving('job_common', 'own')
    const file = join(functionsOf('node'), 'job_common.cjs')
    const argv = [process.execPath, file, 'own']
    expect((await run(peer, 1)).output).toEqual({ main: true, file, argv })
  })

  test('may be TypeScript', async () => {
    await using peer = await serving('job_typed')
    expect((await run(peer, { name: 'you' })).output).toBe('hello you')
  })

  test('start() settles when the instance is stopped, and the process ends with 0', async () => {
    await using peer = await serving('job_control')
    peer.hangUp()
    expect(await peer.exit()).toBe(0)
    await peer.outputEnded
    expect(peer.stdout).toBe('start() has settled\n')
  })

  test('a handler that runs then is told', async () => {
    await using peer = await serving('job_control')
    await peer.submit('waits')
    await eventually(() => peer.stdout.includes('started'))
    peer.hangUp()
    expect(await peer.exit()).toBe(0)
    await peer.outputEnded
    expect(peer.stdout).toBe('started\nreleased AbortError\nstart() has settled\n')
  })

  const unserved =
    'job_never_starts.mjs ended without serving: it has to call start({ handler }) of fnbox/serverless'
  test.each([
    ['ends', unserved],
    ['waits for nothing', unserved],
    ['ends later', unserved],
    ['no handler', 'start() needs { handler } with a function'],
    ['not callable', 'start() needs { handler } with a function'],
    ['throws', 'not today'],
    ['throws later', 'not today'],
  ])('that %s without serving is a load fault (W-2)', async (how, errorMessage) => {
    expect(await loadError('job_never_starts', how)).toMatchObject({ errorMessage })
  })

  test.each([
    ['job_throws_on_load', 'job_throws_on_load.cjs', 1],
    ['broken_syntax', 'broken_syntax.js', 2],
  ])('%s: its own frames are in the error, those of the runtime are not', async (script, name, line) => {
    const { stackTrace } = (await loadError(script)) as { stackTrace: { file: string; line: number }[] }
    expect(stackTrace[0]).toMatchObject({ file: join(functionsOf('node'), name), line })
    expect(stackTrace.filter(({ file }) => /^node:|runtime\/node/.test(file))).toEqual([])
  })

  test('that leaves ends the process with its code', async () => {
    await using peer = new Peer('node')
    await peer.send({ type: 'load', module: 'job_never_starts', script: { args: ['leaves'] } })
    expect(await peer.exit()).toBe(5)
  })

  test('a second start() is rejected (W-2)', async () => {
    await using peer = await serving('job_control')
    expect(errorOf(await run(peer, 'twice'))).toMatchObject({
      error_message: 'start() was called a second time in this program',
    })
  })

  test('snake-case keys have no effect and are warned of', async () => {
    await using peer = await serving('job_control', 'snakes')
    expect((await run(peer, 1)).header).toEqual({ type: 'returned', id: '1' })
    expect(await printed(peer, 3)).toBe(
      'WARN   | return_aggregate_stream has no effect in Node.js; it is spelt returnAggregateStream\n' +
        'WARN   | refresh_worker has no effect in Node.js; it is spelt refreshWorker\n' +
        'WARN   | concurrency_modifier has no effect in Node.js; it is spelt concurrencyModifier\n',
    )
  })
})

describe('the import of fnbox/serverless (NODE-1, W-4)', () => {
  const program = `import { start } from 'fnbox/serverless'\nawait start({ handler: () => 'bundled' })`
  const installed = {
    'node_modules/fnbox/package.json': '{"exports":{"./serverless":"./serverless.mjs"}}',
    'node_modules/fnbox/serverless.mjs': `
      export const start = () => globalThis[Symbol.for('fnbox.serverless.host')].serve({
        run: async () => ({ json: Buffer.from('"installed"') }), slots() {}, checks: [], aggregates: false })`,
  }

  test.each<[string, object, string]>([
    ['auto', installed, 'installed'],
    ['bundled', installed, 'bundled'],
    ['auto', {}, 'bundled'],
  ])('with --sdk %s and %j is the %3$s one', async (sdk, files, output) => {
    await withFiles({ 'handler.mjs': program, ...files }, async (root) => {
      await using peer = new Peer('node', root)
      await peer.loadScript('handler', [], { sdk })
      expect((await run(peer, 1)).output).toBe(output)
    })
  })

  test('an installed package without it is a fault of the program', async () => {
    const files = { 'handler.mjs': program, 'node_modules/fnbox/package.json': '{"exports":{}}' }
    await withFiles(files, async (root) => {
      await using peer = new Peer('node', root)
      await peer.send({ type: 'load', module: 'handler', script: {} })
      await peer.expect({ type: 'hello' })
      const { header } = await peer.next()
      expect(header).toMatchObject({
        type: 'load-failed',
        error: {
          errorMessage: expect.stringMatching(
            /'\.\/serverless' is not defined by .* \(start with --sdk bundled,/,
          ) as string,
        },
      })
    })
  })

  test('finds the host from another copy of this package', async () => {
    const serverless = join(import.meta.dirname, '..', '..', 'runtime', 'node', 'sdk', 'serverless.mjs')
    const files = {
      'handler.mjs': program,
      'node_modules/fnbox/package.json': '{"exports":{"./serverless":"./copy.mjs"}}',
      'node_modules/fnbox/copy.mjs': `export * from ${JSON.stringify(`${serverless}?copy`)}`,
    }
    await withFiles(files, async (root) => {
      await using peer = new Peer('node', root)
      await peer.loadScript('handler')
      expect((await run(peer, 1)).output).toBe('bundled')
    })
  })
})

describe('the job (NODE-4, W-7)', () => {
  test.each([
    ['only what the request had', {}],
    ['the rest as it was sent', { webhook: 'https://x/y', policy: { ttl: 1e4 }, s3Config: { a: 'b' } }],
  ])('has %s', async (_, members) => {
    await using peer = await serving('job_returns')
    const { output } = await run(peer, 'job', 'sync-1', members)
    expect(output).toEqual({ id: 'sync-1', input: 'job', ...members })
  })

  test('its text comes back as it was sent (A-9)', async () => {
    await using peer = await serving('job_kinds', 'function')
    const text = '{"id":"1","input":[0.1234567890123456,"\\u0000ä😀",{"__proto__":1}]}'
    await peer.send({ type: 'invoke', id: '1', mode: 'job' }, Buffer.from(text))
    expect((await peer.next()).body.toString()).toBe('[0.1234567890123456,"\\u0000ä😀",{"__proto__":1}]')
  })

  test('an input nested too deep for JSON.stringify fails its job alone', async () => {
    await using peer = await serving('job_kinds', 'function')
    const deep = `{"id":"1","input":${'['.repeat(100_000)}${']'.repeat(100_000)}}`
    await peer.send({ type: 'invoke', id: '1', mode: 'job' }, Buffer.from(deep))
    await peer.expect({ type: 'returned', id: '1', undefined: true, error: 'the handler returned a value *' })
    expect((await run(peer, 1)).output).toBe(1)
  })
})

describe('handler kinds (NODE-3)', () => {
  test.each([
    ['generator'],
    ['async generator'],
    ['function that returns a generator'],
    ['async function that returns a generator'],
    ['async function that returns an async generator'],
    ['function that returns an iterator'],
    ['function that returns an async iterable'],
    ['function that returns a stream'],
    ['bound method'],
    ['generator of promises'],
  ])('%s is a stream', async (kind) => {
    await using peer = await serving('job_kinds', kind)
    expect(await run(peer, [1, 2])).toEqual({
      chunks: [1, 2],
      header: { type: 'ended', id: '1' },
      output: undefined,
    })
  })

  test.each([
    ['function', [1]],
    ['async function', [1]],
    ['function that returns a thenable', [1]],
    ['array', [[1]]],
    ['string', 'text'],
    ['map', {}],
    ['typed array', { 0: 1, 1: 2 }],
    ['object with next alone', { next: 1 }],
  ])('%s is one result', async (kind, output) => {
    await using peer = await serving('job_kinds', kind)
    expect(await run(peer, [1])).toEqual({ chunks: [], header: { type: 'returned', id: '1' }, output })
  })
})

describe.each([['sync'], ['async']])('what a %s handler returns (§10.4, NODE-5)', (kind) => {
  test.each<[string, unknown]>([
    ['string', 'text ä'],
    ['number', 7.5],
    ['bool', true],
    ['list', [1, [2]]],
    ['null', null],
    ['undefined', null],
    ['object', { a: 1 }],
    ['output', { output: { a: 1 } }],
    ['deeper', { a: { error: 'b', refreshWorker: true } }],
    ['snake', { refresh_worker: true }],
    ['class', { error: 'kept', x: 1 }],
    ['nan', [null, null]],
    ['dates', '1970-01-01T00:00:00.000Z'],
  ])('%s: COMPLETED with it', async (what, output) => {
    await using peer = await serving('job_returns', kind)
    const ending = await run(peer, what)
    expect(ending).toEqual({ chunks: [], header: { type: 'returned', id: '1' }, output })
  })

  test.each<[string, object, unknown]>([
    ['{}', { undefined: true }, undefined],
    ['bare {}', { undefined: true }, undefined],
    ['error', { undefined: true, error: 'boom' }, undefined],
    ['error and x', { error: 'boom' }, { x: 1 }],
    ["error ''", { undefined: true }, undefined],
    ['error null', { undefined: true }, undefined],
    ['error undefined', { undefined: true }, undefined],
    ['error 0 and x', {}, { x: 1 }],
    ['error NaN', { undefined: true }, undefined],
    ['error object', { undefined: true, error: '{"code":7}' }, undefined],
    ['error []', { undefined: true, error: '[]' }, undefined],
    ['error Error', { undefined: true, error: 'of an Error' }, undefined],
    ['error Error without message', { undefined: true, error: 'Mishap' }, undefined],
    ['error circle', { undefined: true, error: '[object Object]' }, undefined],
    ['error and circle', { undefined: true, error: 'boom' }, undefined],
    ['refresh', { undefined: true, refresh: true }, undefined],
    ['refresh and x', { refresh: true }, { x: 1 }],
    ['refresh false', {}, { x: 1 }],
  ])('%s', async (what, header, output) => {
    await using peer = await serving('job_returns', kind)
    const ending = await run(peer, what)
    expect(ending).toEqual({ chunks: [], header: { type: 'returned', id: '1', ...header }, output })
  })

  test("the handler's object is not changed", async () => {
    await using peer = await serving('job_returns', kind)
    expect(await run(peer, 'kept')).toMatchObject({
      header: { error: 'boom', refresh: true },
      output: { x: 1 },
    })
    expect((await run(peer, 'kept afterwards')).output).toEqual(['error', 'refreshWorker', 'x'])
  })

  test.each([
    ['throws', 'Mishap', 'm'],
    ['throws text', 'String', 'just text'],
    ['throws object', 'Object', '{"code":7}'],
    ['throws nothing', 'undefined', 'undefined'],
    ['throws bare', 'Object', '{}'],
    ['aborts', 'DOMException', 'gone'],
  ])('%s: FAILED with the text of W-10 (NODE-6)', async (what, type, message) => {
    await using peer = await serving('job_returns', kind)
    const ending = await run(peer, what)
    expect(ending.header).toMatchObject({ type: 'returned', undefined: true })
    const isError = ['throws', 'aborts'].includes(what)
    expect(errorOf(ending)).toEqual({
      error_type: type,
      error_message: message,
      error_traceback: isError ? (expect.stringMatching(/ {4}at .*job_returns\.mjs:\d+/) as string) : '',
      hostname: 'unknown',
      worker_id: 'i-1',
      runpod_version: '1.12.0',
    })
    expect(errorOf(ending)['error_traceback']).not.toMatch(/runtime\/node|\(node:/)
  })

  test.each([
    ['bigint', 'BigInt'],
    ['nested bigint', 'BigInt'],
    ['refresh and bigint', 'BigInt'],
    ['circle', 'circular structure'],
    ['function', 'function'],
    ['symbol', 'symbol'],
    ['throwing toJSON', 'not this'],
  ])('%s, which JSON cannot hold: FAILED, and the type is named (NODE-7)', async (what, text) => {
    await using peer = await serving('job_returns', kind)
    const { header } = await run(peer, what)
    expect(header).toMatchObject({ type: 'returned', undefined: true })
    expect(header['error']).toMatch(/^the handler returned a value that JSON cannot hold: /)
    expect(header['error']).toContain(text)
    expect(header['refresh']).toBe(what.startsWith('refresh') ? true : undefined)
  })

  test.each<[string, number | string]>([
    ['exit', 3],
    ['kill', 'SIGKILL'],
    ['uncaught', 1],
    ['unhandled', 1],
  ])('%s: the process ends with its code or signal (NODE-8, DUR-5)', async (what, code) => {
    await using peer = await serving('job_returns', kind)
    await peer.submit(what)
    expect(await peer.exit()).toBe(code)
    await peer.outputEnded
    expect(peer.stdout).toContain(`did ${what}\n`)
    if (code === 1) expect(peer.stderr).toContain('Mishap')
  })
})

describe('results', () => {
  test('have the names of RunPod in the text of W-10 when the program has them', async () => {
    const env = { RUNPOD_POD_HOSTNAME: 'pod-host', RUNPOD_POD_ID: 'pod' }
    await using peer = new Peer('node', functionsOf('node'), env)
    await peer.loadScript('job_returns')
    expect(errorOf(await run(peer, 'throws'))).toMatchObject({ hostname: 'pod-host', worker_id: 'pod' })
  })

  test('that are errors are in the log, unless the job was stopped', async () => {
    await using peer = await serving('job_returns')
    await run(peer, 'error')
    expect(await printed(peer, 2)).toBe('did error\nERROR  | 1 | boom\n')
    await using stopped = await serving('job_control')
    await stopped.submit('waits')
    await stopped.send({ type: 'cancel', id: '1', reason: 'cancelled' })
    await stopped.expect({ type: 'cancelling', id: '1' })
    await endOf(stopped)
    stopped.hangUp()
    await stopped.outputEnded
    expect(stopped.stdout).toBe('started\nreleased AbortError\nstart() has settled\n')
  })

  test('above the limit are not sent (LIM-1)', async () => {
    await using peer = await serving('job_returns')
    expect((await run(peer, 'large')).header).toEqual({ type: 'oversized', size: 4_000_002, id: '1' })
  })

  test('that no frame can hold fail their job alone', async () => {
    await using peer = await serving('job_returns')
    const document = Buffer.from('{"id":"1","input":"huge"}')
    await peer.send({ type: 'invoke', id: '1', mode: 'job', responseLimit: 100_000_000 }, document)
    await peer.expect({ type: 'returned', id: '1', undefined: true, error: '70*' })
    expect((await run(peer, 'huge error', '2')).header['error']).toHaveLength(1_000_001)
    expect((await run(peer, 'bool', '3')).output).toBe(true)
  })

  test('come after what the handler printed was handed to the kernel', async () => {
    await using peer = await serving('job_returns')
    await run(peer, 'string')
    process.kill(peer.pid, 'SIGKILL')
    await peer.outputEnded
    expect(peer.stdout).toBe('did string\n')
  })
})

describe.each([['sync'], ['async']])('%s generators (§10.5, NODE-5)', (kind) => {
  test.each<[string, string[], readonly unknown[], object]>([
    ['normal', [], ['first', 'last'], {}],
    ['normal', ['aggregate'], ['first', 'last'], { aggregate: true }],
    ['nothing', [], [], {}],
    ['nothing', ['aggregate'], [], { aggregate: true }],
    ['uninterpreted', [], ['first', { error: '' }, { refreshWorker: true }, null, 'last'], {}],
    ['error', ['aggregate'], ['first'], { error: 'boom' }],
    ['error object', [], ['first'], { error: '{"code":7}' }],
    ['error Error', [], [], { error: 'of an Error' }],
  ])('%s %j', async (what, flags, chunks, header) => {
    await using peer = await serving('job_streams', kind, ...flags)
    const ended = { type: 'ended', id: '1', ...header }
    expect(await run(peer, what)).toEqual({ chunks, header: ended, output: undefined })
    expect((await run(peer, 'closed')).chunks).toEqual([what])
  })

  test.each<[string, readonly unknown[], string]>([
    ['throws', ['first'], 'late'],
    ['throws at once', [], 'early'],
  ])('%s: the chunks before, FAILED with message and stack (NODE-6)', async (what, chunks, message) => {
    await using peer = await serving('job_streams', kind, 'aggregate')
    const ending = await run(peer, what)
    expect(ending).toMatchObject({ chunks, header: { type: 'ended' }, output: undefined })
    expect(ending.header['error']).toMatch(
      new RegExp(`^handler: ${message} \ntraceback: RangeError: ${message}\n    at .*job_streams\\.mjs:`),
    )
    expect(ending.header).not.toHaveProperty('aggregate')
  })

  test.each([
    ['bigint', ['first'], 'chunk 1: Do not know how to serialize a BigInt'],
    ['function', [], 'chunk 0: Do not know how to serialize a function'],
  ])('yields a %s: FAILED, index and type named, closed', async (what, chunks, text) => {
    await using peer = await serving('job_streams', kind)
    const ending = await run(peer, what)
    expect(ending.chunks).toEqual(chunks)
    expect(ending.header['error']).toBe(`the handler yielded a value that JSON cannot hold, ${text}`)
    expect((await run(peer, 'closed')).chunks).toEqual([what])
  })

  test('yields what no frame can hold: FAILED, closed', async () => {
    await using peer = await serving('job_streams', kind)
    expect((await run(peer, 'huge')).header['error']).toMatch(
      /^handler: 70\d+ bytes are more than a frame can hold /,
    )
    expect((await run(peer, 'closed')).chunks).toEqual(['huge'])
  })

  test('fails while it is closed: the first error counts', async () => {
    await using peer = await serving('job_streams', kind)
    expect((await run(peer, 'fails when closed')).header).toMatchObject({ type: 'ended', error: 'boom' })
    expect(await printed(peer, 2)).toBe(
      'WARN   | 1 | the generator failed while it was closed: in finally\nERROR  | 1 | boom\n',
    )
  })

  test('the process ends: after the chunks before', async () => {
    await using peer = await serving('job_streams', kind)
    await peer.submit('exits')
    await peer.expect({ type: 'chunk', id: '1', kind: 'json' }, { body: '"first"' })
    expect(await peer.exit()).toBe(3)
  })

  test('stopped while it waits for credit: closed, no error', async () => {
    await using peer = await serving('job_streams', kind, 'aggregate')
    await peer.submit('forever')
    for (let count = 0; count < 3; count += 1) await peer.expect({ type: 'chunk', id: '1', kind: 'json' })
    await peer.send({ type: 'credit', id: '1', bytes: 100_002 })
    await peer.expect({ type: 'chunk', id: '1' })
    await peer.send({ type: 'cancel', id: '1', reason: 'cancelled' })
    await peer.expect({ type: 'cancelling', id: '1' })
    expect(await endOf(peer)).toMatchObject({ chunks: [], header: { type: 'ended' } })
    expect((await run(peer, 'closed')).chunks).toEqual(['forever'])
  })

  test('stopped while it never waits for anything: closed', async () => {
    await using peer = await serving('job_streams', kind)
    await peer.submit('busy')
    await peer.expect({ type: 'chunk', id: '1' })
    await peer.send({ type: 'cancel', id: '1', reason: 'cancelled' })
    let { header } = await peer.next()
    while (header.type === 'chunk') ({ header } = await peer.next())
    expect(header).toEqual({ type: 'cancelling', id: '1' })
    expect((await endOf(peer)).header).toEqual({ type: 'ended', id: '1' })
    expect((await run(peer, 'closed')).chunks).toEqual(['busy'])
  })
})

describe('a stopped async generator (NODE-4, CTL-3)', () => {
  test.each(['waits', 'ignores'])('that %s is told, then closed; what it yields is dropped', async (what) => {
    await using peer = await serving('job_streams', 'async')
    await peer.submit(what)
    await peer.expect({ type: 'chunk', id: '1' }, { body: '"waiting"' })
    await peer.send({ type: 'cancel', id: '1', reason: 'cancelled' })
    await peer.expect({ type: 'cancelling', id: '1' })
    expect(await endOf(peer)).toMatchObject({ chunks: [], header: { type: 'ended' } })
    expect((await run(peer, 'closed')).chunks).toEqual([what])
  })
})

describe('control (§10.6)', () => {
  test('refreshWorker in the config: every end asks for a fresh instance (W-12)', async () => {
    await using peer = await serving('job_control', 'refresh')
    expect((await run(peer, 1)).header).toEqual({ type: 'returned', refresh: true, id: '1' })
  })

  test('concurrencyModifier is asked before each take, and its result applies (W-13)', async () => {
    await using peer = new Peer('node')
    await peer.send({ type: 'load', module: 'job_control', script: { args: ['modifier'] } })
    await peer.expect({ type: 'hello' })
    await peer.expect({ type: 'slots', count: 2 })
    await peer.expect({ type: 'loaded' })
    await peer.submit('asked')
    await peer.expect({ type: 'slots', count: 3 })
    await peer.expect({ type: 'returned', id: '1' }, { json: [1, 2] })
    expect((await peer.next()).header).toEqual({ type: 'slots', count: 4 })
  })

  test.each([
    ['broken', 'gave a value of type string, which is no whole number above 0'],
    ['zero', 'gave 0, which is no whole number above 0'],
    ['throws', 'threw no'],
  ])('a concurrencyModifier that is %s leaves the value, and is logged once (W-13)', async (how, text) => {
    await using peer = new Peer('node')
    await peer.send({ type: 'load', module: 'job_control', script: { args: ['modifier', how] } })
    await peer.expect({ type: 'hello' })
    await peer.expect({ type: 'slots', count: 1 })
    await peer.expect({ type: 'loaded' })
    expect((await run(peer, 'asked')).output).toEqual([1, 1])
    expect((await run(peer, 'asked')).output).toEqual([1, 1, 1, 1])
    expect(await printed(peer, 1)).toBe(`WARN   | concurrencyModifier ${text}; concurrency stays 1\n`)
  })

  test('several jobs run at a time, and end in any order (W-13)', async () => {
    await using peer = await serving('job_control')
    await peer.submit('wait for gate', 'a')
    await peer.submit('open gate', 'b')
    const ends = [await endOf(peer), await endOf(peer)].map(({ header }) => header['id'])
    expect(new Set(ends)).toEqual(new Set(['a', 'b']))
  })

  test('each job has a signal of its own', async () => {
    await using peer = await serving('job_control')
    await peer.submit('wait for gate', 'a')
    await peer.submit('waits', 'b')
    await peer.send({ type: 'cancel', id: 'b', reason: 'deadline' })
    await peer.expect({ type: 'cancelling', id: 'b' })
    await peer.expect({ type: 'returned', id: 'b' })
    await eventually(() => peer.stdout.includes('released TimeoutError'))
    await peer.submit('open gate', 'c')
    expect(new Set([(await endOf(peer)).header['id'], (await endOf(peer)).header['id']])).toEqual(
      new Set(['a', 'c']),
    )
  })

  test('progressUpdate sends each value at once, and gives nothing back (W-14)', async () => {
    await using peer = await serving('job_control')
    await peer.submit('progress', 'x')
    await peer.expect({ type: 'progress', id: 'x' }, { body: '"step 1"' })
    await peer.expect({ type: 'progress', id: 'x' }, { body: '{"step":2}' })
    await peer.expect({ type: 'progress', id: 'x' }, { body: 'null' })
    expect(await endOf(peer)).toMatchObject({ header: { type: 'returned', id: 'x' } })
    expect(await printed(peer, 1)).toBe('undefined\n')
  })

  test('progress that cannot be shown is logged, and disturbs nobody (W-14)', async () => {
    await using peer = await serving('job_control')
    expect((await run(peer, 'bad progress')).output).toBe('bad progress')
    expect(await printed(peer, 5)).toBe(
      'WARN   | nobody | progress of a job that does not run is ignored\n' +
        'WARN   | progress of a job that does not run is ignored\n' +
        'WARN   | Symbol(s) | progress of a job that does not run is ignored\n' +
        'WARN   | progress is ignored: undefined\n' +
        'WARN   | 1 | progress that JSON cannot hold is ignored: Do not know how to serialize a BigInt\n',
    )
  })

  test('late progress is ignored with a log line (W-14)', async () => {
    await using peer = await serving('job_control')
    await peer.submit('late progress')
    await peer.expect({ type: 'returned', id: '1' })
    expect(await printed(peer, 1)).toBe('WARN   | 1 | progress of a job that does not run is ignored\n')
    expect(await run(peer, 'next', '2')).toMatchObject({ output: 'next' })
  })

  test('a stopped handler can release what it holds (NODE-4)', async () => {
    await using peer = await serving('job_control')
    await peer.submit('waits')
    await eventually(() => peer.stdout.includes('started'))
    await peer.send({ type: 'cancel', id: '1', reason: 'cancelled' })
    await peer.expect({ type: 'cancelling', id: '1' })
    await peer.expect({ type: 'returned', id: '1' })
    await eventually(() => peer.stdout.includes('released AbortError'))
    expect((await run(peer, 'next', '2')).output).toBe('next')
  })

  test('a handler that lingers has acknowledged before it ends (CTL-3)', async () => {
    await using peer = await serving('job_control')
    await peer.submit('lingers')
    await eventually(() => peer.stdout.includes('started'))
    await peer.send({ type: 'cancel', id: '1', reason: 'deadline' })
    await peer.expect({ type: 'cancelling', id: '1' })
    expect(await endOf(peer)).toMatchObject({ header: { type: 'returned' }, output: 'late' })
  })

  test('a handler that blocks does not acknowledge (CTL-3)', async () => {
    await withFiles({}, async (folder) => {
      const until = join(folder, 'until')
      await using peer = await serving('job_control')
      await peer.submit({ until })
      await eventually(() => peer.stdout.includes('started'))
      await peer.send({ type: 'cancel', id: '1', reason: 'cancelled' })
      await writeFile(until, '')
      await peer.expect({ type: 'returned', id: '1' }, { body: '"blocked"' })
      expect((await run(peer, 'next', '2')).output).toBe('next')
    })
  })

  test('fitness checks run once, in order, before the first job, and come back unchanged (W-16)', async () => {
    await using peer = await serving('job_control', 'checked')
    await run(peer, 1)
    await run(peer, 2)
    expect(await printed(peer, 2)).toBe('checked once\nchecked twice\n')
  })

  test.each(['unfit', 'async unfit'])('a failing check ends the instance with 1: %s (W-16)', async (how) => {
    await using peer = new Peer('node')
    await peer.send({ type: 'load', module: 'job_control', script: { args: [how] } })
    expect(await peer.exit()).toBe(1)
    await peer.outputEnded
    expect(peer.stderr).toMatch(/^fitness check (fit|without a name) failed: RangeError: not today/)
  })
})
