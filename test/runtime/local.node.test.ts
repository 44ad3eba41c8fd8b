// Scripts in Node.js without fnbox: the package installed, one test job from the command line (jobs.md §11). And what that
// package exports.

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { copyFile, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import * as serverless from 'fnbox/serverless'
import type { Handler, Job } from 'fnbox/serverless'
import { functionsOf, Peer } from './player.ts'

let root = ''

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'fnbox-test-'))
  await mkdir(join(root, 'node_modules'))
  await symlink(join(import.meta.dirname, '..', '..'), join(root, 'node_modules', 'fnbox'))
  await copyFile(join(functionsOf('node'), 'job_local.mjs'), join(root, 'handler.mjs'))
  await writeFile(
    join(root, 'handler.cjs'),
    `require('fnbox/serverless').start({ handler: () => require.main === module })`,
  )
})

afterAll(() => rm(root, { recursive: true }))

interface Run {
  readonly code: number
  readonly lines: readonly string[]
}

async function node(args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<Run> {
  const child = spawn(process.execPath, args, {
    cwd: root,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let text = ''
  child.stdout.on('data', (bytes: Buffer) => (text += bytes.toString()))
  const [code] = (await once(child, 'close')) as [number]
  return { code, lines: text.split('\n').filter((line) => line !== '') }
}

function testing(input: unknown, ...flags: string[]): Promise<Run> {
  return node(['handler.mjs', '--test_input', JSON.stringify({ input }), ...flags])
}

const greet: Handler<{ readonly name: string }> = ({ input }: Job<{ readonly name: string }>) => input.name

function result(run: Run): unknown {
  const [, json = 'null'] = /^INFO {3}\| Job result: (.*)$/.exec(run.lines.at(-1) ?? '') ?? []
  return JSON.parse(json)
}

describe('--test_input', () => {
  test('runs one job, prints its result, exits 0; the id is local_test, fitness checks are not run (CLI-1, W-16)', async () => {
    const run = await testing({ do: 'echo' })
    expect(result(run)).toEqual({ output: { id: 'local_test', input: { do: 'echo' } } })
    expect(run.code).toBe(0)
  })

  test('takes the id of the test object, and what belongs to a job (W-7)', async () => {
    const job = { id: 'mine', input: { do: 'echo' }, webhook: 'https://x/y', other: 1 }
    const run = await node(['handler.mjs', `--test_input=${JSON.stringify(job)}`])
    expect(result(run)).toEqual({ output: { id: 'mine', input: job.input, webhook: job.webhook } })
  })

  test('prints each chunk, then the result with all of them (CLI-2)', async () => {
    const run = await testing({ do: 'yields' })
    expect(run.lines.slice(0, 2)).toEqual(['"first"', '{"n":2}'])
    expect(result(run)).toEqual({ output: ['first', { n: 2 }] })
  })

  test('logs progress, and waits for nothing that the job has left behind (CLI-2)', async () => {
    const run = await testing({ do: 'progress' })
    expect(run.lines[0]).toBe('INFO   | local_test | progress: {"step":1}')
    expect(run.code).toBe(0)
  })

  test('a job without output has none', async () => {
    expect(result(await testing({ do: 'nothing' }))).toEqual({})
  })

  test.each(['fails', 'throws'])('exits 1 when the handler %s', async (what) => {
    const { code, lines } = await testing({ do: what })
    expect(code).toBe(1)
    expect(lines[0]).toMatch(/^ERROR {2}\| local_test \| (boom|\{"error_type":"RangeError")/)
    expect(lines[1]).toBe('INFO   | Job local_test failed.')
  })

  test.each([
    ['{', 'The test input is not valid JSON'],
    ['[]', 'The test input is not a JSON object'],
    ['{}', 'The test input has no input'],
    ['{"input":null}', 'The test input has no input'],
  ])('%s exits 1', async (text, message) => {
    const { code, lines } = await node(['handler.mjs', '--test_input', text])
    expect(code).toBe(1)
    expect(lines.at(-1)).toContain(message)
  })

  test('without a value exits 1', async () => {
    const { code, lines } = await node(['handler.mjs', '--test_input'])
    expect([code, lines]).toEqual([1, ['ERROR  | --test_input needs a value']])
  })

  test('wins over test_input.json, which is read otherwise; a missing file exits 1', async () => {
    expect((await node(['handler.mjs'])).code).toBe(1)
    const file = join(root, 'test_input.json')
    await writeFile(file, '{"input":{"do":"number"}}')
    try {
      expect(result(await node(['handler.mjs']))).toEqual({ output: 7 })
      expect(result(await testing({ do: 'nothing' }))).toEqual({})
    } finally {
      await rm(file)
    }
  })

  test('works in CommonJS', async () => {
    expect(result(await node(['handler.cjs', '--test_input', '{"input":1}']))).toEqual({ output: true })
  })

  test('runs one job below fnbox, too, and exits (§11)', async () => {
    await using peer = new Peer('node')
    const args = ['--test_input', '{"input":{"do":"number"}}']
    await peer.send({ type: 'load', module: 'job_local', script: { args } })
    expect(await peer.exit()).toBe(0)
    await peer.outputEnded
    expect(peer.stdout).toContain('Job result: {"output":7}')
  })
})

describe('the other flags', () => {
  test.each([
    ['7', 0],
    ['{"output":7}', 0],
    ['8', 1],
    ['{', 1],
  ])('--test_output %s: exits %i', async (expected, code) => {
    expect((await testing({ do: 'number' }, '--test_output', expected)).code).toBe(code)
  })

  test('are taken out of process.argv, the rest stays (W-3)', async () => {
    const run = await testing({ do: 'args' }, 'own', '--rp_debugger', '--other', 'x', '--rp_log_level=INFO')
    expect(result(run)).toEqual({ output: ['own', '--other', 'x'] })
  })

  test('--rp_log_level hides what is below it; an unknown one exits 1', async () => {
    const { code, lines } = await testing({ do: 'number' }, '--rp_log_level', 'error')
    expect([code, lines]).toEqual([0, []])
    expect((await testing({ do: 'number' }, '--rp_log_level', 'loud')).code).toBe(1)
  })

  test('--rp_debugger adds rp_debugger to an output that is an object, else logs it', async () => {
    const rp_debugger = { system_info: expect.any(Object) as object, timestamps: [] }
    expect(result(await testing({ do: 'nothing' }, '--rp_debugger'))).toEqual({ output: { rp_debugger } })
    const { lines } = await testing({ do: 'number' }, '--rp_debugger')
    expect(lines[0]).toMatch(/^INFO {3}\| local_test \| rp_debugger: \{"system_info"/)
  })

  test('--rp_serve_api exits 1 and names the command that serves', async () => {
    const { code, lines } = await node(['handler.mjs', '--rp_serve_api'])
    expect([code, lines.at(-1)]).toEqual([
      1,
      'ERROR  | There is no API server in here; run: fnbox serve handler.mjs',
    ])
  })

  test('--rp_serve_api has no effect below fnbox', async () => {
    await using peer = new Peer('node')
    await peer.loadScript('job_kinds', ['function', '--rp_serve_api'])
    await peer.submit(1)
    expect((await peer.next()).body.toString()).toBe('1')
  })

  test('--rp_api_host, --rp_api_port and --rp_api_concurrency are ignored with a log line', async () => {
    const flags = ['--rp_api_host', 'h', '--rp_api_port=1', '--rp_api_concurrency', '2']
    const run = await testing({ do: 'args' }, ...flags)
    expect(run.lines[0]).toMatch(
      /^WARN {3}\| --rp_api_host, --rp_api_port, --rp_api_concurrency without effect/,
    )
    expect(result(run)).toEqual({ output: [] })
  })
})

describe('log lines (W-18)', () => {
  test('are JSON with RUNPOD_ENDPOINT_ID', async () => {
    const args = ['handler.mjs', '--test_input', '{"input":{"do":"fails"}}']
    const { lines } = await node(args, { RUNPOD_ENDPOINT_ID: 'e' })
    expect(JSON.parse(lines[0] ?? '')).toEqual({
      requestId: 'local_test',
      message: 'boom',
      level: 'ERROR',
    })
  })

  test('have the level of RUNPOD_LOG_LEVEL, then of RUNPOD_DEBUG_LEVEL', async () => {
    const args = ['handler.mjs', '--test_input', '{"input":{"do":"number"}}']
    expect((await node(args, { RUNPOD_LOG_LEVEL: '5' })).lines).toEqual([])
    expect((await node(args, { RUNPOD_LOG_LEVEL: 'INFO', RUNPOD_DEBUG_LEVEL: 'ERROR' })).lines).toHaveLength(
      2,
    )
    expect((await node(args, { RUNPOD_DEBUG_LEVEL: 'NOTSET' })).lines).toEqual([])
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
