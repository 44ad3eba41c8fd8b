// Scripts on the wire: what only Node.js has (jobs.md §13 with §10.3 to §10.6).

import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { withFiles } from '../harness/files.ts'
import { eventually } from '../harness/calling.ts'
import { functionsOf, Peer } from './player.ts'
import { endOf, loadErrorOf, run, servingWith } from './scripts.ts'

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

describe('a script in Node.js (NODE-1, NODE-2)', () => {
  test('runs as the main program in the code root, with its arguments', async () => {
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

  test('may be CommonJS, and may call start late', async () => {
    await using peer = await serving('job_common', 'own')
    const file = join(functionsOf('node'), 'job_common.cjs')
    const argv = [process.execPath, file, 'own']
    expect((await run(peer, 1)).output).toEqual({ main: true, file, argv })
  })

  test('may be TypeScript', async () => {
    await using peer = await serving('job_typed')
    expect((await run(peer, { name: 'you' })).output).toBe('hello you')
  })

  test.each([
    ['job_throws_on_load', 'job_throws_on_load.cjs', 1],
    ['broken_syntax', 'broken_syntax.js', 2],
  ])('has only its own frames in a load error: %s', async (script, name, line) => {
    const { stackTrace } = (await loadError(script)) as { stackTrace: { file: string; line: number }[] }
    expect(stackTrace[0]).toMatchObject({ file: join(functionsOf('node'), name), line })
    expect(stackTrace.filter(({ file }) => /^node:|runtime\/node/.test(file))).toEqual([])
  })

  test('warns of snake-case keys, which have no effect', async () => {
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

  test('fails with a hint when the installed package lacks it', async () => {
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
  test('gives back its text as it was sent (A-9)', async () => {
    await using peer = await serving('job_kinds', 'function')
    const text = '{"id":"1","input":[0.1234567890123456,"\\u0000ä😀",{"__proto__":1}]}'
    await peer.send({ type: 'invoke', id: '1', mode: 'job' }, Buffer.from(text))
    expect((await peer.next()).body.toString()).toBe('[0.1234567890123456,"\\u0000ä😀",{"__proto__":1}]')
  })
})

describe.each([['sync'], ['async']])('what a %s handler returns (§10.4, NODE-5)', (kind) => {
  test("leaves the handler's object as it is", async () => {
    await using peer = await serving('job_returns', kind)
    expect(await run(peer, 'kept')).toMatchObject({
      header: { error: 'boom', refresh: true },
      output: { x: 1 },
    })
    expect((await run(peer, 'kept afterwards')).output).toEqual(['error', 'refreshWorker', 'x'])
  })
})

describe('results', () => {
  test('are logged when they are errors, unless the job was stopped', async () => {
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
})

describe.each([['sync'], ['async']])('%s generators (§10.5, NODE-5)', (kind) => {
  test('are closed when no frame can hold their chunk', async () => {
    await using peer = await serving('job_streams', kind)
    expect((await run(peer, 'huge')).header['error']).toMatch(
      /^handler: 70\d+ bytes are more than a frame can hold /,
    )
    expect((await run(peer, 'closed')).chunks).toEqual(['huge'])
  })

  test('keep their first error when they fail while they are closed', async () => {
    await using peer = await serving('job_streams', kind)
    expect((await run(peer, 'fails when closed')).header).toMatchObject({ type: 'ended', error: 'boom' })
    expect(await printed(peer, 2)).toBe(
      'WARN   | 1 | the generator failed while it was closed: in finally\nERROR  | 1 | boom\n',
    )
  })
})

describe('a stopped async generator (NODE-4, CTL-3)', () => {
  test.each(['waits', 'ignores'])('is told, then closed, and what it yields is dropped: %s', async (what) => {
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
  test('gives each job its own signal', async () => {
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

  test('logs progress that cannot be shown (W-14)', async () => {
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

  test('logs progress that comes too late (W-14)', async () => {
    await using peer = await serving('job_control')
    await peer.submit('late progress')
    await peer.expect({ type: 'returned', id: '1' })
    expect(await printed(peer, 1)).toBe('WARN   | 1 | progress of a job that does not run is ignored\n')
    expect(await run(peer, 'next', '2')).toMatchObject({ output: 'next' })
  })

  test('does not acknowledge a cancel while the handler blocks (CTL-3)', async () => {
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

  test('runs fitness checks once, in order, before the first job (W-16)', async () => {
    await using peer = await serving('job_control', 'checked')
    await run(peer, 1)
    await run(peer, 2)
    expect(await printed(peer, 2)).toBe('checked once\nchecked twice\n')
  })
})
