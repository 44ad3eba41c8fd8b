// Scripts on the wire, in each language that has them: how they are run, what their handlers' behaviour means, how they are
// controlled (jobs.md §10.1 to §10.6, §13). What only one language has is in jobs.node and jobs.python.

import { describe, expect, test } from 'vitest'
import { eventually } from '../harness/calling.ts'
import { functionsOf, Peer } from './player.ts'
import { languages } from './scriptFacts.ts'
import { endOf, errorOf, loadErrorOf, run, servingWith } from './scripts.ts'

describe.each(languages)('a script in %s', (language, facts) => {
  const serving = (script: string, ...args: string[]): Promise<Peer> =>
    servingWith(new Peer(language), script, args)

  test('stops with its instance, and its process ends with 0 (W-2, NODE-2)', async () => {
    await using peer = await serving('job_control')
    peer.hangUp()
    expect(await peer.exit()).toBe(0)
    await peer.outputEnded
    expect(peer.stdout).toContain(facts.stopped[0])
  })

  test('has its running handler told before it stops', async () => {
    await using peer = await serving('job_control')
    await peer.submit('waits')
    await eventually(() => peer.stdout.includes('started'))
    peer.hangUp()
    expect(await peer.exit()).toBe(0)
    await peer.outputEnded
    expect(peer.stdout).toContain(facts.stopped[1])
  })

  test.each(facts.unserved)('has a load error when it does not serve: %s (W-2)', async (how, message) => {
    await using peer = new Peer(language)
    expect(await loadErrorOf(peer, 'job_never_starts', [how])).toMatchObject({ errorMessage: message })
  })

  test('ends its process with its own exit code', async () => {
    await using peer = new Peer(language)
    await peer.send({ type: 'load', module: 'job_never_starts', script: { args: ['leaves'] } })
    expect(await peer.exit()).toBe(5)
  })

  test('cannot call start() twice (W-2)', async () => {
    await using peer = await serving('job_control', 'twice')
    expect((await run(peer, 'twice')).header['error']).toMatch(facts.twice)
  })

  test.each([
    ['only what the request had', {}],
    ['the rest as it was sent', { webhook: 'https://x/y', policy: { ttl: 1e4 }, s3Config: { a: 'b' } }],
  ])('gives its handler a job with %s (W-7)', async (_, members) => {
    await using peer = await serving('job_returns')
    const { output } = await run(peer, 'job', 'sync-1', members)
    expect(output).toEqual({ id: 'sync-1', input: 'job', ...members })
  })

  test('fails only the job whose input is nested too deep', async () => {
    await using peer = await serving('job_kinds', facts.plain)
    const deep = `{"id":"1","input":${'['.repeat(100_000)}${']'.repeat(100_000)}}`
    await peer.send({ type: 'invoke', id: '1', mode: 'job' }, Buffer.from(deep))
    await peer.expect({ type: 'returned', id: '1', undefined: true, error: facts.tooDeep })
    expect((await run(peer, 1)).output).toBe(1)
  })

  test.each(facts.streams)('streams what its handler yields: %s (§10.3, NODE-3)', async (kind) => {
    await using peer = await serving('job_kinds', kind)
    const header = { type: 'ended', id: '1' }
    expect(await run(peer, [1, 2])).toEqual({ chunks: [1, 2], header, output: undefined })
  })

  test.each(facts.results)('has one result: %s (§10.3, NODE-3)', async (kind, output) => {
    await using peer = await serving('job_kinds', kind)
    expect(await run(peer, [1])).toEqual({ chunks: [], header: { type: 'returned', id: '1' }, output })
  })

  test('names the pod in its errors (W-10)', async () => {
    const env = { RUNPOD_POD_HOSTNAME: 'pod-host', RUNPOD_POD_ID: 'pod' }
    await using peer = await servingWith(new Peer(language, functionsOf(language), env), 'job_returns', [])
    const names = { hostname: 'pod-host', worker_id: 'pod' }
    expect(errorOf(await run(peer, facts.errors[0]?.[0]))).toMatchObject(names)
  })

  test('does not send a result above the limit (LIM-1)', async () => {
    await using peer = await serving('job_returns')
    expect((await run(peer, 'large')).header).toEqual({ type: 'oversized', size: 4_000_002, id: '1' })
  })

  test('fails only the job whose result no frame can hold', async () => {
    await using peer = await serving('job_returns')
    const document = Buffer.from('{"id":"1","input":"huge"}')
    await peer.send({ type: 'invoke', id: '1', mode: 'job', responseLimit: 100_000_000 }, document)
    await peer.expect({ type: 'returned', id: '1', undefined: true, error: '70*' })
    expect((await run(peer, 'huge error', '2')).header['error']).toHaveLength(1_000_001)
    expect((await run(peer, 'bool', '3')).output).toBe(true)
  })

  test('hands its output to the kernel before the end of a job is sent', async () => {
    await using peer = await serving('job_returns')
    await run(peer, 'string')
    process.kill(peer.pid, 'SIGKILL')
    await peer.outputEnded
    expect(peer.stdout).toContain('did string\n')
  })
})

/** What the generators of job_streams have seen of their end. */
async function closed(peer: Peer): Promise<readonly unknown[]> {
  return (await run(peer, 'closed')).chunks
}

const bothKinds = languages.flatMap(([language, facts]) =>
  ['sync', 'async'].map((kind) => [language, kind, facts] as const),
)

describe.each(bothKinds)('in %s a %s handler', (language, kind, facts) => {
  const serving = (): Promise<Peer> => servingWith(new Peer(language), 'job_returns', [kind])

  test.each(facts.values)('completes its job with what it returns: %s (§10.4)', async (what, output) => {
    await using peer = await serving()
    expect(await run(peer, what)).toEqual({ chunks: [], header: { type: 'returned', id: '1' }, output })
  })

  test.each(facts.controls)(
    'controls its job by what it returns: %s (§10.4)',
    async (what, header, output) => {
      await using peer = await serving()
      const expected = { chunks: [], header: { type: 'returned', id: '1', ...header }, output }
      expect(await run(peer, what)).toEqual(expected)
    },
  )

  test.each(facts.errors)('fails its job: %s (W-10, NODE-6)', async (what, type, message, traceback) => {
    await using peer = await serving()
    const ending = await run(peer, what)
    expect(ending.header).toMatchObject({ type: 'returned', undefined: true })
    expect(errorOf(ending)).toEqual({
      error_type: type,
      error_message: message,
      error_traceback: expect.stringMatching(traceback) as string,
      hostname: 'unknown',
      worker_id: 'i-1',
      runpod_version: '1.12.0',
    })
    expect(errorOf(ending)['error_traceback']).not.toMatch(/runtime\/node|\(node:|fnbox_serverless/)
  })

  test.each(facts.unserialisable)('fails its job when JSON cannot hold its value: %s', async (what, text) => {
    await using peer = await serving()
    const { header } = await run(peer, what)
    expect(header).toMatchObject({ type: 'returned', undefined: true })
    expect(header['error']).toMatch(/^the handler returned a value that JSON cannot hold: /)
    expect(header['error']).toContain(text)
    expect(header['refresh']).toBe(what.startsWith('refresh') ? true : undefined)
  })

  test.each(facts.exits)('ends its process: %s (DUR-5, NODE-8)', async (what, code) => {
    await using peer = await serving()
    await peer.submit(what)
    expect(await peer.exit()).toBe(code)
    await peer.outputEnded
    if (code === 1) expect(peer.stderr).toContain('Mishap') // Node.js shows what was not caught
  })
})

describe.each(bothKinds)('in %s a %s generator', (language, kind, facts) => {
  const serving = (...flags: string[]): Promise<Peer> =>
    servingWith(new Peer(language), 'job_streams', [kind, ...flags])

  test.each(facts.generators)('gives chunks: %s %j (§10.5)', async (what, flags, chunks, header) => {
    await using peer = await serving(...flags)
    const ended = { type: 'ended', id: '1', ...header }
    expect(await run(peer, what)).toEqual({ chunks, header: ended, output: undefined })
    expect(await closed(peer)).toEqual([what, ...facts.tail])
  })

  test.each(facts.generatorErrors)('fails its job: %s (§10.5)', async (what, chunks, message, traceback) => {
    await using peer = await serving('aggregate')
    const ending = await run(peer, what)
    expect(ending).toMatchObject({ chunks, header: { type: 'ended' }, output: undefined })
    expect(ending.header['error']).toMatch(new RegExp(`^handler: ${message} \ntraceback: ${traceback}`))
    expect(ending.header).not.toHaveProperty('aggregate')
  })

  test.each(facts.generatorUnserialisable)(
    'is closed when JSON cannot hold its chunk: %s',
    async (what, chunks, text) => {
      await using peer = await serving()
      const ending = await run(peer, what)
      expect(ending.chunks).toEqual(chunks)
      expect(ending.header['error']).toContain(`the handler yielded a value that JSON cannot hold, ${text}`)
      expect(await closed(peer)).toEqual([what, ...facts.tail])
    },
  )

  test.each(facts.generatorExits)('ends its process behind its chunks: %s', async (what, code) => {
    await using peer = await serving()
    await peer.submit(what)
    await peer.expect({ type: 'chunk', id: '1', kind: 'json' }, { body: '"first"' })
    expect(await peer.exit()).toBe(code)
  })

  test('is closed without an error when it is stopped while it waits for credit', async () => {
    await using peer = await serving('aggregate')
    await peer.submit('forever')
    const before = facts.tail.length + 3
    for (let count = 0; count < before; count += 1)
      await peer.expect({ type: 'chunk', id: '1', kind: 'json' })
    await peer.send({ type: 'credit', id: '1', bytes: 100_002 })
    await peer.expect({ type: 'chunk', id: '1' })
    await peer.send({ type: 'cancel', id: '1', reason: 'cancelled' })
    await peer.expect({ type: 'cancelling', id: '1' })
    expect(await endOf(peer)).toMatchObject({ chunks: [], header: { type: 'ended' } })
    expect(await closed(peer)).toEqual(['forever', ...facts.tail])
  })

  test('is closed when it is stopped while it never waits for anything', async () => {
    await using peer = await serving()
    await peer.submit('busy')
    await peer.expect({ type: 'chunk', id: '1' })
    await peer.send({ type: 'cancel', id: '1', reason: 'cancelled' })
    let { header } = await peer.next()
    while (header.type === 'chunk') ({ header } = await peer.next())
    expect(header).toEqual({ type: 'cancelling', id: '1' })
    expect((await endOf(peer)).header).toEqual({ type: 'ended', id: '1' })
    expect(await closed(peer)).toEqual(['busy', ...facts.tail])
  })
})

describe.each(languages)('in %s the instance of a script (§10.6)', (language, facts) => {
  const serving = (...args: string[]): Promise<Peer> => servingWith(new Peer(language), 'job_control', args)

  test('is replaced after every job where the config says so (W-12)', async () => {
    await using peer = await serving('refresh')
    expect((await run(peer, 1)).header).toEqual({ type: 'returned', refresh: true, id: '1' })
  })

  test('asks for the slots that the script wants, before each job (W-13)', async () => {
    await using peer = new Peer(language)
    await peer.send({ type: 'load', module: 'job_control', script: { args: ['modifier'] } })
    await peer.expect({ type: 'hello' })
    await peer.expect({ type: 'slots', count: 2 })
    await peer.expect({ type: 'loaded' })
    await peer.submit('asked')
    await peer.expect({ type: 'slots', count: 3 })
    expect(await endOf(peer)).toMatchObject({ output: [1, 2] })
  })

  test.each(facts.modifiers)('keeps its slots, and warns once: %s (W-13)', async (how, text) => {
    await using peer = new Peer(language)
    await peer.send({ type: 'load', module: 'job_control', script: { args: ['modifier', how] } })
    await peer.expect({ type: 'hello' })
    await peer.expect({ type: 'slots', count: 1 })
    await peer.expect({ type: 'loaded' })
    expect((await run(peer, 'asked')).output).toEqual([1, 1])
    expect((await run(peer, 'asked')).output).toEqual([1, 1, 1, 1])
    peer.hangUp()
    await peer.outputEnded
    expect(peer.stdout.split(text)).toHaveLength(2)
  })

  test('runs several jobs at a time, which end in any order (W-13)', async () => {
    await using peer = await serving()
    await peer.submit('wait for gate', 'a')
    await peer.submit('open gate', 'b')
    const ends = [await endOf(peer), await endOf(peer)].map(({ header }) => header['id'])
    expect(new Set(ends)).toEqual(new Set(['a', 'b']))
  })

  test('sends each progress value at once (W-14)', async () => {
    await using peer = await serving()
    await peer.submit('progress', 'x')
    await peer.expect({ type: 'progress', id: 'x' }, { body: '"step 1"' })
    await peer.expect({ type: 'progress', id: 'x' }, { body: '{"step":2}' })
    await peer.expect({ type: 'progress', id: 'x' }, { body: facts.thirdProgress })
    expect(await endOf(peer)).toMatchObject({ header: { type: 'returned', id: 'x' } })
  })

  test('lets a stopped handler release what it holds (W-15, NODE-4)', async () => {
    await using peer = await serving()
    await peer.submit('waits')
    await eventually(() => peer.stdout.includes('started'))
    await peer.send({ type: 'cancel', id: '1', reason: 'cancelled' })
    await peer.expect({ type: 'cancelling', id: '1' })
    await peer.expect({ type: 'returned', id: '1' })
    await eventually(() => peer.stdout.includes('released'))
    expect((await run(peer, 'next', '2')).output).toBe('next')
  })

  test('acknowledges a cancel before a handler that lingers ends (CTL-3)', async () => {
    await using peer = await serving()
    await peer.submit('lingers')
    await eventually(() => peer.stdout.includes('started'))
    await peer.send({ type: 'cancel', id: '1', reason: 'deadline' })
    await peer.expect({ type: 'cancelling', id: '1' })
    expect(await endOf(peer)).toMatchObject({ header: { type: 'returned' }, output: 'late' })
  })

  test.each(['unfit', 'async unfit'])('ends with 1 when a fitness check fails: %s (W-16)', async (how) => {
    await using peer = new Peer(language)
    await peer.send({ type: 'load', module: 'job_control', script: { args: [how] } })
    expect(await peer.exit()).toBe(1)
    await peer.outputEnded
    expect(peer.stderr).toMatch(facts.unfit)
  })
})
