// Scripts on the wire: what only Python has (jobs.md §10.1 to §10.6, §12).

import { mkdtemp, rm, writeFile, mkdir } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { eventually } from '../harness/calling.ts'
import { functionsOf, Peer } from './player.ts'
import { endOf, loadErrorOf, run, servingWith } from './scripts.ts'

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

  test('its own frames are in the error, those of the runtime are not', async () => {
    expect(await loadError('job_never_starts', 'raises')).toEqual({
      errorMessage: 'not today',
      errorType: 'ValueError',
      stackTrace: [expect.stringContaining('job_never_starts.py", line 9, in <module>')],
    })
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
  test('numbers come back as they were sent (A-9)', async () => {
    await using peer = await serving('job_kinds', 'def')
    const text = '{"id":"1","input":[12345678901234567890,0.1234567890123456,"\\u0000ä😀"]}'
    await peer.send({ type: 'invoke', id: '1', mode: 'job' }, Buffer.from(text))
    expect((await peer.next()).body.toString()).toBe('[12345678901234567890,0.1234567890123456,"\\u0000ä😀"]')
  })
})

describe('handler kinds (§10.3)', () => {
  test('partial of a generator is a stream', async () => {
    await using peer = await serving('job_kinds', 'partial of a generator')
    expect(await run(peer, [1])).toMatchObject({ chunks: [0, 1], header: { type: 'ended' } })
  })

  test('all jobs run on one loop, for the life of the instance (W-8)', async () => {
    await using peer = await serving('job_control')
    const { output } = await run(peer, 'loop')
    expect((await run(peer, 'loop', '2')).output).toBe(output)
  })
})

describe.each([['sync'], ['async']])('what a %s handler returns (§10.4)', (kind) => {
  test('number: COMPLETED with it, of any size', async () => {
    await using peer = await serving('job_returns', kind)
    await peer.submit('number')
    expect((await peer.next()).body.toString()).toBe('12345678901234567890')
  })

  test('control keys are removed from the returned dict itself, of a subclass too (W-9)', async () => {
    await using peer = await serving('job_returns', kind)
    expect(await run(peer, 'subclass')).toMatchObject({ header: { error: 'kept' }, output: { x: 1 } })
    expect((await run(peer, 'subclass afterwards')).output).toEqual(['x'])
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
  test('progress that cannot be shown is logged, and stops nothing (W-14)', async () => {
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
