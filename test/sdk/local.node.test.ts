// Scripts without fnbox: what only Node.js has (jobs.md §11, §13), and what the package exports.

import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import * as serverless from 'fnbox/serverless'
import type { Handler, Job } from 'fnbox/serverless'
import { Peer } from '../runtime/player.ts'
import { LocalScripts, resultOf } from './local.ts'

let scripts: LocalScripts
beforeAll(async () => {
  scripts = await LocalScripts.make()
})
afterAll(() => scripts[Symbol.asyncDispose]())

const testing = (what: string): string[] => ['--test_input', JSON.stringify({ input: { do: what } })]

const greet: Handler<{ readonly name: string }> = ({ input }: Job<{ readonly name: string }>) => input.name

describe('a script in Node.js', () => {
  test('gives its handler nothing of the test object that belongs to no job (W-7)', async () => {
    const ran = await scripts.run('node', ['--test_input', '{"input":{"do":"echo"},"other":1}'])
    expect(resultOf(ran)).toEqual({ output: { id: 'local_test', input: { do: 'echo' } } })
  })

  test('exits with 1 for a flag without its value', async () => {
    const { code, stdout } = await scripts.run('node', ['--test_input'])
    expect([code, stdout]).toEqual([1, 'ERROR  | --test_input needs a value\n'])
  })

  test('leaves what follows -- to the program', async () => {
    const ran = await scripts.run('node', [...testing('args'), '--', '--rp_debugger'])
    expect(resultOf(ran)).toEqual({ output: ['--', '--rp_debugger'] })
  })

  test('may be CommonJS', async () => {
    const text = `require('fnbox/serverless').start({ handler: () => require.main === module })`
    await writeFile(join(scripts.folder, 'handler.cjs'), text)
    const ran = await scripts.node(['handler.cjs', '--test_input', '{"input":1}'])
    expect(resultOf(ran)).toEqual({ output: true })
  })

  test('runs its test job under fnbox, too, and exits (§11)', async () => {
    await using peer = new Peer('node')
    await peer.send({ type: 'load', module: 'job_local', script: { args: testing('number') } })
    expect(await peer.exit()).toBe(0)
    await peer.outputEnded
    expect(peer.stdout).toContain('Job result: {"output":7}')
  })

  test('serves under fnbox with --rp_serve_api', async () => {
    await using peer = new Peer('node')
    await peer.loadScript('job_kinds', ['function', '--rp_serve_api'])
    await peer.submit(1)
    expect((await peer.next()).body.toString()).toBe('1')
  })

  test('writes log lines as JSON with RUNPOD_ENDPOINT_ID (W-18)', async () => {
    const { stdout } = await scripts.run('node', testing('fails'), { RUNPOD_ENDPOINT_ID: 'e' })
    expect(JSON.parse(stdout.split('\n')[0] ?? '')).toEqual({
      requestId: 'local_test',
      message: 'boom',
      level: 'ERROR',
    })
  })

  test.each([
    [{ RUNPOD_LOG_LEVEL: '5' }, 0],
    [{ RUNPOD_LOG_LEVEL: 'INFO', RUNPOD_DEBUG_LEVEL: 'ERROR' }, 2],
    [{ RUNPOD_DEBUG_LEVEL: 'NOTSET' }, 0],
  ])('has the log level of %j: %i lines (W-18)', async (env, lines) => {
    const { stdout } = await scripts.run('node', testing('number'), env)
    expect(stdout.split('\n')).toHaveLength(lines + 1)
  })
})

describe('the package (NODE-1)', () => {
  test('exports what its types say', () => {
    expect(greet({ id: '1', input: { name: 'you' } }, { signal: AbortSignal.abort() })).toBe('you')
    expect(Object.keys(serverless).toSorted()).toEqual(['progressUpdate', 'registerFitnessCheck', 'start'])
  })

  test.each([
    ['start', () => serverless.start({ handler: 'x' as never })],
    ['registerFitnessCheck', async () => serverless.registerFitnessCheck('x' as never)],
  ])('%s says what it needs', async (_, call) => {
    await expect(call()).rejects.toThrow(TypeError)
  })
})
