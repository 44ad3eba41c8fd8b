// Scripts in Python on the wire: how they are run, what their handlers' behaviour means, how they are controlled
// (jobs.md §10.1 to §10.6, §12).

import { mkdtemp, rm, writeFile, mkdir } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { eventually } from '../harness/calling.ts'
import { functionsOf, Peer } from './player.ts'
import { endOf, errorOf, loadErrorOf, run, servingWith } from './scripts.ts'

function serving(script: string, ...args: string[]): Promise<Peer> {
  return servingWith(new Peer('python'), script, args)
}

async function loadError(script: string, ...args: string[]): Promise<unknown> {
  await using peer = new Peer('python')
  return await loadErrorOf(peer, script, args)
}

describe('a script (§10.1)', () => {
  test('runs as __main__ in the code root, with its arguments and its siblings (W-1, W-3, W-5)', async () => {
    await using peer = await serving('job_program', 'own', '--rp_debugger', '--other=1')
    const { output } = await run(peer, {})
    const file = join(functionsOf('python'), 'job_program.py')
    expect(output).toEqual({
      name: '__main__',
      file,
      main: file,
      same: true,
      argv: [file, 'own', '--other=1'],
      cwd: functionsOf('python'),
      sibling: 'counts',
      args: {
        test_input: null,
        test_output: null,
        rp_log_level: null,
        rp_debugger: true,
        rp_serve_api: false,
        rp_api_host: 'localhost',
        rp_api_port: 8000,
        rp_api_concurrency: 1,
      },
      version: ['1.12.0', '1.12.0', true],
      runpod: [],
      rp_debugger: expect.objectContaining({ timestamps: [] }),
    })
  })

  test('start() returns when the instance is stopped, and the process ends with 0 (W-2)', async () => {
    await using peer = await serving('job_control')
    peer.hangUp()
    expect(await peer.exit()).toBe(0)
    await peer.outputEnded
    expect(peer.stdout).toContain('start() has returned')
  })

  test('a handler that runs then is cancelled', async () => {
    await using peer = await serving('job_control')
    await peer.submit('waits')
    await eventually(() => peer.stdout.includes('started'))
    peer.hangUp()
    expect(await peer.exit()).toBe(0)
    await peer.outputEnded
    expect(peer.stdout).toContain('released')
  })

  test.each([
    ['ends', 'job_never_starts.py ended without serving: it has to call runpod.serverless.start(…)'],
    ['no handler', 'start() needs a config with a callable "handler"'],
    ['not callable', 'start() needs a config with a callable "handler"'],
    ['raises', 'not today'],
  ])('that %s without serving is a load fault (W-2)', async (how, errorMessage) => {
    expect(await loadError('job_never_starts', how)).toMatchObject({ errorMessage })
  })

  test('its own frames are in the error, those of the runtime are not', async () => {
    expect(await loadError('job_never_starts', 'raises')).toEqual({
      errorMessage: 'not today',
      errorType: 'ValueError',
      stackTrace: [expect.stringContaining('job_never_starts.py", line 9, in <module>')],
    })
  })

  test('that leaves ends the process with its code', async () => {
    await using peer = new Peer('python')
    await peer.send({ type: 'load', module: 'job_never_starts', script: { args: ['leaves'] } })
    expect(await peer.exit()).toBe(5)
  })

  test('a second start() while one serves raises RuntimeError (W-2)', async () => {
    await using peer = await serving('job_control', 'twice')
    expect(errorOf(await run(peer, 1))).toMatchObject({ error_type: "<class 'RuntimeError'>" })
  })

  test('is run to completion of what one job needs by --test_input, below fnbox too (§11)', async () => {
    await using peer = new Peer('python')
    const args = ['plain', '--test_input', '{"input":1}']
    await peer.send({ type: 'load', module: 'job_kinds', script: { args: ['def', ...args.slice(1)] } })
    expect(await peer.exit()).toBe(0)
    await peer.outputEnded
    expect(peer.stdout).toContain('Job result: {"output": 1}')
  })

  test('--rp_serve_api has no effect (§11)', async () => {
    await using peer = await serving('job_kinds', 'def', '--rp_serve_api')
    expect((await run(peer, 1)).output).toBe(1)
  })
})

describe('the bundled modules (W-4)', () => {
  test('are behind everything else, with `bundled` in front of it', async () => {
    const sdk = expect.stringMatching(/\/runtime\/python\/sdk$/)
    await using behind = await serving('job_program')
    expect(((await run(behind, 'path')).output as string[]).at(-1)).toEqual(sdk)
    await using first = new Peer('python')
    await first.loadScript('job_program', [], { sdk: 'bundled' })
    expect(((await run(first, 'path')).output as string[])[0]).toEqual(sdk)
  })

  test.each([
    ['runpod', 'from . import serverless', 'import runpod\nrunpod.serverless.start({})'],
    ['snowcell', '', 'import snowcell\nsnowcell.serverless.start({})'],
  ])('an installed %s leads to a fault that names --sdk bundled', async (name, content, program) => {
    const root = await mkdtemp(join(tmpdir(), 'fnbox-test-'))
    const installed = join(root, 'installed')
    await mkdir(join(installed, name), { recursive: true })
    await writeFile(join(installed, name, '__init__.py'), content)
    await writeFile(join(installed, name, 'serverless.py'), 'raise SystemExit(1)')
    await writeFile(join(root, 'handler.py'), `${program}\n`)
    try {
      await using peer = new Peer('python', root, { PYTHONPATH: installed })
      await peer.send({ type: 'load', module: 'handler', script: {} })
      await peer.expect({ type: 'hello' })
      const { header } = await peer.next()
      expect(header).toMatchObject({
        type: 'load-failed',
        error: { errorMessage: expect.stringContaining('start with --sdk bundled') as string },
      })
    } finally {
      await rm(root, { recursive: true })
    }
  })

  test('--sdk bundled hides the installed package', async () => {
    const root = await mkdtemp(join(tmpdir(), 'fnbox-test-'))
    await writeFile(join(root, 'runpod.py'), 'raise SystemExit(1)')
    try {
      await using peer = new Peer('python', functionsOf('python'), { PYTHONPATH: root })
      await peer.loadScript('job_kinds', ['def'], { sdk: 'bundled' })
      expect((await run(peer, 1)).output).toBe(1)
    } finally {
      await rm(root, { recursive: true })
    }
  })
})

describe('the job (W-7)', () => {
  test.each([
    ['only what the request had', {}],
    ['the rest as it was sent', { webhook: 'https://x/y', policy: { ttl: 1e4 }, s3Config: { a: 'b' } }],
  ])('has %s', async (_, members) => {
    await using peer = await serving('job_returns')
    const { output } = await run(peer, 'job', 'sync-1', members)
    expect(output).toEqual({ id: 'sync-1', input: 'job', ...members })
  })

  test('numbers come back as they were sent (A-9)', async () => {
    await using peer = await serving('job_kinds', 'def')
    const text = '{"id":"1","input":[12345678901234567890,0.1234567890123456,"\\u0000ä😀"]}'
    await peer.send({ type: 'invoke', id: '1', mode: 'job' }, Buffer.from(text))
    expect((await peer.next()).body.toString()).toBe('[12345678901234567890,0.1234567890123456,"\\u0000ä😀"]')
  })

  test('an input nested too deep for Python fails its job alone', async () => {
    await using peer = await serving('job_kinds', 'def')
    const deep = `{"id":"1","input":${'['.repeat(100_000)}${']'.repeat(100_000)}}`
    await peer.send({ type: 'invoke', id: '1', mode: 'job' }, Buffer.from(deep))
    await peer.expect({ type: 'returned', id: '1', error: 'the input is nested too deep*' })
    expect((await run(peer, 1)).output).toBe(1)
  })
})

describe('handler kinds (§10.3)', () => {
  test.each([
    ['def with yield'],
    ['async def with yield'],
    ['bound method'],
    ['static method'],
    ['lambda of a generator'],
    ['wrapper'],
    ['callable object that yields'],
    ['async def that returns a generator'],
    ['async def that returns an async generator'],
    ['def that returns an iterator'],
  ])('%s is a stream', async (kind) => {
    await using peer = await serving('job_kinds', kind)
    expect(await run(peer, [1, 2])).toMatchObject({ chunks: [1, 2], header: { type: 'ended' } })
  })

  test('partial of a generator is a stream', async () => {
    await using peer = await serving('job_kinds', 'partial of a generator')
    expect(await run(peer, [1])).toMatchObject({ chunks: [0, 1], header: { type: 'ended' } })
  })

  test.each([
    ['def', [1]],
    ['async def', [1]],
    ['callable object', [1]],
    ['partial', ['option', [1]]],
    ['def that returns an awaitable', 'awaited'],
    ['list', [1]],
    ['tuple', [1]],
    ['dict', { 1: 1 }],
    ['string', 'text'],
  ])('%s is one result', async (kind, output) => {
    await using peer = await serving('job_kinds', kind)
    expect(await run(peer, [1])).toMatchObject({ chunks: [], header: { type: 'returned' }, output })
  })

  test('all jobs run on one loop, for the life of the instance (W-8)', async () => {
    await using peer = await serving('job_control')
    const { output } = await run(peer, 'loop')
    expect((await run(peer, 'loop', '2')).output).toBe(output)
  })
})

describe.each([['sync'], ['async']])('what a %s handler returns (§10.4)', (kind) => {
  test.each<[string, unknown]>([
    ['string', 'text ä'],
    ['bool', true],
    ['list', [1, [2]]],
    ['None', null],
    ['tuple', [1, [2]]],
    ['dict', { a: 1 }],
    ['output', { output: { a: 1 } }],
    ['deeper', { a: { error: 'b', refresh_worker: true } }],
  ])('%s: COMPLETED with it', async (what, output) => {
    await using peer = await serving('job_returns', kind)
    const ending = await run(peer, what)
    expect(ending).toEqual({ chunks: [], header: { type: 'returned', id: '1' }, output })
  })

  test('number: COMPLETED with it, whatever its size', async () => {
    await using peer = await serving('job_returns', kind)
    await peer.submit('number')
    expect((await peer.next()).body.toString()).toBe('12345678901234567890')
  })

  test.each<[string, object, unknown]>([
    ['{}', { undefined: true }, undefined],
    ['error', { undefined: true, error: 'boom' }, undefined],
    ['error and x', { error: 'boom' }, { x: 1 }],
    ["error ''", { undefined: true }, undefined],
    ['error None', { undefined: true }, undefined],
    ['error 0 and x', {}, { x: 1 }],
    ['error dict', { undefined: true, error: '{"code":7}' }, undefined],
    ['error object', { undefined: true, error: 'an object' }, undefined],
    ['refresh', { undefined: true, refresh: true }, undefined],
    ['refresh and x', { refresh: true }, { x: 1 }],
    ['refresh False', {}, { x: 1 }],
  ])('%s', async (what, header, output) => {
    await using peer = await serving('job_returns', kind)
    const ending = await run(peer, what)
    expect(ending).toEqual({ chunks: [], header: { type: 'returned', id: '1', ...header }, output })
  })

  test('control keys are removed from the returned dict itself, of a subclass too (W-9)', async () => {
    await using peer = await serving('job_returns', kind)
    expect(await run(peer, 'subclass')).toMatchObject({ header: { error: 'kept' }, output: { x: 1 } })
    expect((await run(peer, 'subclass afterwards')).output).toEqual(['x'])
  })

  test.each([
    ['raises', "<class 'ValueError'>", 'm'],
    ['cancelled', "<class 'asyncio.exceptions.CancelledError'>", ''],
    ['exits generator', "<class 'GeneratorExit'>", 'odd'],
  ])('%s: FAILED with the text of W-10', async (what, type, message) => {
    await using peer = await serving('job_returns', kind)
    const ending = await run(peer, what)
    expect(ending.header).toMatchObject({ type: 'returned', undefined: true })
    expect(errorOf(ending)).toEqual({
      error_type: type,
      error_message: message,
      error_traceback: expect.stringMatching(
        /^Traceback \(most recent call last\):\n {2}File ".*job_returns\.py"/,
      ) as string,
      hostname: 'unknown',
      worker_id: 'i-1',
      runpod_version: '1.12.0',
    })
    expect(errorOf(ending)['error_traceback']).not.toContain('fnbox_serverless')
  })

  test.each([
    ['bytes', 'Object of type bytes is not JSON serializable'],
    ['set', 'Object of type set is not JSON serializable'],
    ['object', 'Object of type Plain is not JSON serializable'],
    ['nested', 'Object of type Plain is not JSON serializable (in a value of type dict)'],
    ['decimal', 'Object of type Decimal is not JSON serializable (in a value of type OrderedDict)'],
    ['key', 'not tuple (in a value of type dict)'],
    ['circle', '(in a value of type list)'],
  ])('%s, which JSON cannot hold: FAILED, and the type is named', async (what, text) => {
    await using peer = await serving('job_returns', kind)
    const { header } = await run(peer, what)
    expect(header).toMatchObject({ type: 'returned', undefined: true })
    expect(header['error']).toContain('the handler returned a value that JSON cannot hold: ')
    expect(header['error']).toContain(text)
  })

  test.each<[string, number | string]>([
    ['sys.exit', 3],
    ['os._exit', 3],
    ['kill', 'SIGKILL'],
  ])('%s: the process ends with its code or signal (DUR-5)', async (what, code) => {
    await using peer = await serving('job_returns', kind)
    await peer.submit(what)
    expect(await peer.exit()).toBe(code)
  })
})

describe('serialisation (W-11)', () => {
  test('keys that are numbers, bools or None become strings', async () => {
    await using peer = await serving('job_returns')
    expect((await run(peer, 'keys')).output).toEqual({ 7: 'a', true: 'b', null: 'c', 1.5: 'd' })
  })

  test.each<[string, unknown]>([
    ['nan', [null, null, null, 'NaN', 'a "NaN', { k: null }]],
    ['surrogate', ['\u{FFFD}x', '😀']],
  ])('what JSON cannot spell is replaced, with a warning: %s', async (what, output) => {
    await using peer = await serving('job_returns')
    expect((await run(peer, what)).output).toEqual(output)
    await eventually(() => peer.stdout.includes('WARN   | 1 | NaN, infinities and lone surrogates'))
  })

  test('a result above the limit is not sent (LIM-1)', async () => {
    await using peer = await serving('job_returns')
    expect((await run(peer, 'large')).header).toEqual({ type: 'oversized', size: 4_000_002, id: '1' })
  })

  test('what no frame can hold fails its job alone', async () => {
    await using peer = await serving('job_returns')
    const document = Buffer.from('{"id":"1","input":"huge"}')
    await peer.send({ type: 'invoke', id: '1', mode: 'job', responseLimit: 100_000_000 }, document)
    await peer.expect({ type: 'returned', id: '1', error: '70*' })
    expect((await run(peer, 'huge error', '2')).header['error']).toHaveLength(1_000_001)
    expect((await run(peer, 'bool', '3')).output).toBe(true)
  })

  test('what the handler printed is with the kernel before its end is sent', async () => {
    await using peer = await serving('job_returns')
    await run(peer, 'string')
    process.kill(peer.pid, 'SIGKILL')
    await peer.outputEnded
    expect(peer.stdout).toContain('did string\n')
  })
})

describe.each([['sync'], ['async']])('%s generators (§10.5)', (kind) => {
  test.each<[string, string[], readonly unknown[], object]>([
    ['ends normally, flag off', [], ['first', 'last'], {}],
    ['ends normally, flag on', ['aggregate'], ['first', 'last'], { aggregate: true }],
    ['nothing', [], [], {}],
    ['nothing', ['aggregate'], [], { aggregate: true }],
    ['uninterpreted', [], ['first', { error: '' }, { refresh_worker: true }, 'last'], {}],
    ['error', ['aggregate'], ['first'], { error: 'boom' }],
    ['error dict', [], ['first'], { error: '{"code":7}' }],
  ])('%s %j', async (what, flags, chunks, header) => {
    await using peer = await serving('job_streams', kind, ...flags)
    expect(await run(peer, what)).toEqual({
      chunks,
      header: { type: 'ended', id: '1', ...header },
      output: undefined,
    })
    expect((await run(peer, 'closed')).chunks).toEqual([what, 'last'])
  })

  test.each<[string, readonly unknown[], string]>([
    ['raises', ['first'], 'late'],
    ['raises at once', [], 'early'],
  ])('%s: the chunks before, FAILED with message and traceback', async (what, chunks, message) => {
    await using peer = await serving('job_streams', kind, 'aggregate')
    const ending = await run(peer, what)
    expect(ending).toMatchObject({ chunks, header: { type: 'ended' }, output: undefined })
    expect(ending.header['error']).toMatch(
      new RegExp(
        `^handler: ${message} \ntraceback: Traceback \\(most recent call last\\):\n  File ".*job_str`,
      ),
    )
    expect(ending.header).not.toHaveProperty('aggregate')
  })

  test('yields something that JSON cannot hold: FAILED, index and type named, closed', async () => {
    await using peer = await serving('job_streams', kind)
    const { chunks, header } = await run(peer, 'bytes')
    expect(chunks).toEqual(['first'])
    expect(header['error']).toMatch(/chunk 1: Object of type bytes/)
    expect((await run(peer, 'closed')).chunks).toEqual(['bytes', 'last'])
  })

  test.each([
    ['exits', 3],
    ['sys.exit', 4],
  ])('%s: the process ends after the chunks before', async (what, code) => {
    await using peer = await serving('job_streams', kind)
    await peer.submit(what)
    await peer.expect({ type: 'chunk', id: '1', kind: 'json' }, { body: '"first"' })
    expect(await peer.exit()).toBe(code)
  })

  test('stopped while it waits for credit: closed, no error', async () => {
    await using peer = await serving('job_streams', kind, 'aggregate')
    await peer.submit('forever')
    for (const body of ['"first"', undefined, undefined, undefined])
      await peer.expect({ type: 'chunk', id: '1', kind: 'json' }, body === undefined ? {} : { body })
    await peer.send({ type: 'credit', id: '1', bytes: 100_000 })
    await peer.expect({ type: 'chunk', id: '1' })
    await peer.send({ type: 'cancel', id: '1', reason: 'cancelled' })
    await peer.expect({ type: 'cancelling', id: '1' })
    expect(await endOf(peer)).toMatchObject({ chunks: [], header: { type: 'ended' } })
    expect((await run(peer, 'closed')).chunks).toEqual(['forever', 'last'])
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
    expect((await run(peer, 'closed')).chunks).toEqual(['busy', 'last'])
  })
})

describe('a stopped async generator (§10.5, CTL-3)', () => {
  test('gets CancelledError where it waits, and its finally blocks run', async () => {
    await using peer = await serving('job_streams', 'async')
    await peer.submit('waits')
    await peer.expect({ type: 'chunk', id: '1' }, { body: '"waiting"' })
    await peer.send({ type: 'cancel', id: '1', reason: 'cancelled' })
    await peer.expect({ type: 'cancelling', id: '1' })
    await peer.expect({ type: 'ended', id: '1' })
    expect((await run(peer, 'closed')).chunks).toEqual(['waits', 'last'])
  })

  test('is closed at its next value when it swallows that; the value is dropped', async () => {
    await using peer = await serving('job_streams', 'async')
    await peer.submit('swallows')
    await peer.expect({ type: 'chunk', id: '1' }, { body: '"waiting"' })
    await peer.send({ type: 'cancel', id: '1', reason: 'cancelled' })
    await peer.expect({ type: 'cancelling', id: '1' })
    expect(await endOf(peer)).toMatchObject({ chunks: [], header: { type: 'ended' } })
  })
})

function recordsOf(peer: Peer): readonly string[] {
  return peer.stdout.split('\n').filter((line) => line.startsWith('[WARNING]'))
}

describe('control (§10.6)', () => {
  test('refresh_worker in config: every end asks for a fresh instance (W-12)', async () => {
    await using peer = await serving('job_control', 'refresh')
    expect((await run(peer, 1)).header).toEqual({ type: 'returned', refresh: true, id: '1' })
  })

  test('concurrency_modifier is asked before each take, and its result applies (W-13)', async () => {
    await using peer = new Peer('python')
    await peer.send({ type: 'load', module: 'job_control', script: { args: ['modifier'] } })
    await peer.expect({ type: 'hello' })
    await peer.expect({ type: 'slots', count: 2 })
    await peer.expect({ type: 'loaded' })
    await peer.submit('asked')
    await peer.expect({ type: 'slots', count: 3 })
    expect(await endOf(peer)).toMatchObject({ output: [1, 2] })
  })

  test.each([
    ['broken', "gave 'three'"],
    ['raises', "raised ValueError('no')"],
  ])('a concurrency_modifier that is %s leaves the value, and is logged once (W-13)', async (how, text) => {
    await using peer = new Peer('python')
    await peer.send({ type: 'load', module: 'job_control', script: { args: ['modifier', how] } })
    await peer.expect({ type: 'hello' })
    await peer.expect({ type: 'slots', count: 1 })
    await peer.expect({ type: 'loaded' })
    expect((await run(peer, 'asked')).output).toEqual([1, 1])
    expect((await run(peer, 'asked')).output).toEqual([1, 1, 1, 1])
    await eventually(() => peer.stdout.includes(`concurrency_modifier ${text}`))
    peer.hangUp()
    await peer.outputEnded
    expect(peer.stdout.split(`concurrency_modifier ${text}`)).toHaveLength(2)
  })

  test('several jobs run at a time, and end in any order (W-13)', async () => {
    await using peer = await serving('job_control')
    await peer.submit('wait for gate', 'a')
    await peer.submit('open gate', 'b')
    const ends = [await endOf(peer), await endOf(peer)].map(({ header }) => header['id'])
    expect(new Set(ends)).toEqual(new Set(['a', 'b']))
  })

  test('progress_update sends each value at once, from any thread (W-14)', async () => {
    await using peer = await serving('job_control')
    await peer.submit('progress', 'x')
    await peer.expect({ type: 'progress', id: 'x' }, { body: '"step 1"' })
    await peer.expect({ type: 'progress', id: 'x' }, { body: '{"step":2}' })
    await peer.expect({ type: 'progress', id: 'x' }, { body: '3' })
    expect(await endOf(peer)).toMatchObject({ output: 'progress' })
  })

  test('progress that cannot be shown is logged, and disturbs nobody (W-14)', async () => {
    await using peer = await serving('job_control')
    expect((await run(peer, 'bad progress')).output).toBe('bad progress')
    await eventually(() =>
      peer.stdout.includes('progress that JSON cannot hold is ignored: Object of type bytes'),
    )
    expect(peer.stdout).toContain('nobody | progress of a job that does not run is ignored')
  })

  test('a job that is cancelled before its start never starts (CTL-3)', async () => {
    await using peer = await serving('job_control')
    await peer.submit('blocks', '1')
    await eventually(() => peer.stdout.includes('started'))
    await peer.submit('waits', '2')
    await peer.send({ type: 'cancel', id: '2', reason: 'cancelled' })
    await peer.expect({ type: 'returned', id: '1' })
    await peer.expect({ type: 'cancelling', id: '2' })
    await peer.expect({ type: 'returned', id: '2', undefined: true })
    expect((await run(peer, 'next', '3')).output).toBe('next')
    expect(peer.stdout.match(/started/g)).toHaveLength(1)
  })

  test('a cancelled coroutine can release what it holds (W-15)', async () => {
    await using peer = await serving('job_control')
    await peer.submit('waits')
    await eventually(() => peer.stdout.includes('started'))
    await peer.send({ type: 'cancel', id: '1', reason: 'cancelled' })
    await peer.expect({ type: 'cancelling', id: '1' })
    await peer.expect({ type: 'returned', id: '1' })
    await eventually(() => peer.stdout.includes('released'))
    expect((await run(peer, 'next', '2')).output).toBe('next')
  })

  test('a handler that lingers has acknowledged before it ends (CTL-3)', async () => {
    await using peer = await serving('job_control')
    await peer.submit('lingers')
    await eventually(() => peer.stdout.includes('started'))
    await peer.send({ type: 'cancel', id: '1', reason: 'deadline' })
    await peer.expect({ type: 'cancelling', id: '1' })
    expect(await endOf(peer)).toMatchObject({ output: 'late' })
  })

  test('a handler that blocks never acknowledges (CTL-3)', async () => {
    await using peer = await serving('job_control')
    await peer.submit('blocks')
    await eventually(() => peer.stdout.includes('started'))
    await peer.send({ type: 'cancel', id: '1', reason: 'cancelled' })
    await peer.expect({ type: 'returned', id: '1' }, { body: '"blocked"' })
    expect((await run(peer, 'next', '2')).output).toBe('next')
  })

  test('fitness checks run once, in order, before the first job (W-16)', async () => {
    await using peer = await serving('job_control')
    await run(peer, 1)
    await run(peer, 2)
    peer.hangUp()
    await peer.outputEnded
    expect(peer.stdout).toBe('checked once\nchecked twice\nstart() has returned\n')
  })

  test.each(['unfit', 'async unfit'])('a failing check ends the instance with 1: %s (W-16)', async (how) => {
    await using peer = new Peer('python')
    await peer.send({ type: 'load', module: 'job_control', script: { args: [how] } })
    expect(await peer.exit()).toBe(1)
    await peer.outputEnded
    expect(peer.stderr).toMatch(/^fitness check (async_)?fit failed: RuntimeError\('no \w+'\)\n$/)
  })

  test('log lines carry the request id as far as one job runs', async () => {
    await using peer = await serving('job_control')
    await peer.submit('logs', 'a')
    await eventually(() => peer.stdout.includes('in a thread'))
    await peer.submit('logs', 'b')
    await eventually(() => peer.stdout.split('in a thread').length === 3)
    await peer.submit('open gate', 'c')
    for (let left = 3; left > 0; left -= 1) await endOf(peer)
    await eventually(() => recordsOf(peer).length === 6)
    expect(recordsOf(peer).map((line) => line.split('\t').slice(2).join(' '))).toEqual([
      'a within',
      'a in a thread',
      'b within',
      ' in a thread',
      'a still within',
      'b still within',
    ])
  })
})

describe.concurrent('the programs that others document run unchanged (§12, §16)', () => {
  test.each([
    ['seed_snowcell', "Processing part 4 of task: {'a': 1}"],
    ['seed_snowcell_async', "Async result for step 4 of job: {'a': 1}"],
    ['seed_runpod', 'Generated async token output 4'],
  ])('%s', async (script, last) => {
    await using peer = await serving(script)
    const { chunks, header } = await run(peer, { a: 1 })
    expect(chunks).toHaveLength(5)
    expect(chunks.at(-1)).toBe(last)
    expect(header).toEqual({ type: 'ended', aggregate: true, id: '1' })
  })
})
