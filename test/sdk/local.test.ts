// Scripts without fnbox, in each language: one test job from the command line (jobs.md §11). What only Node.js has is in local.node.

import { rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { LocalScripts, resultOf } from './local.ts'
import { python, type Ran } from './python.ts'

let scripts: LocalScripts
beforeAll(async () => {
  scripts = await LocalScripts.make()
})
afterAll(() => scripts[Symbol.asyncDispose]())

describe.each(['node', 'python'] as const)('a script in %s', (language) => {
  const run = (...args: string[]): Promise<Ran> => scripts.run(language, args)
  const testing = (what: string, ...flags: string[]): Promise<Ran> =>
    run('--test_input', JSON.stringify({ input: { do: what } }), ...flags)

  test('runs one job, prints its result and exits with 0; no fitness check runs (CLI-1, W-16)', async () => {
    const ran = await testing('echo')
    expect(resultOf(ran)).toEqual({ output: { id: 'local_test', input: { do: 'echo' } } })
    expect([ran.code, ran.stderr]).toEqual([0, ''])
    expect(ran.stdout).toContain('INFO   | Job local_test completed successfully.\n')
  })

  test('gives the job of --test_input the id in it (CLI-1)', async () => {
    const job = { id: 'mine', input: { do: 'echo' }, webhook: 'https://x/y' }
    expect(resultOf(await run(`--test_input=${JSON.stringify(job)}`))).toEqual({ output: job })
  })

  test('prints each chunk, then the result with all of them (CLI-2)', async () => {
    const ran = await testing('yields')
    expect(ran.stdout).toMatch(/^"first"\n\{"n":2\}\nINFO/)
    expect(resultOf(ran)).toEqual({ output: ['first', { n: 2 }] })
  })

  test('logs progress (CLI-2)', async () => {
    expect((await testing('progress')).stdout).toMatch(/^INFO {3}\| local_test \| progress: \{"step":1\}$/im)
  })

  test('has no output when its handler gives none', async () => {
    expect(resultOf(await testing('nothing'))).toEqual({})
  })

  test.each([
    ['a handler that throws', ['--test_input', '{"input":{"do":"throws"}}'], '"error_type"'],
    ['a handler that fails', ['--test_input', '{"input":{"do":"fails"}}'], 'boom'],
    ['a missing file', [], 'test_input.json not found'],
    ['a missing input', ['--test_input', '{}'], 'has no input'],
    ['a null input', ['--test_input', '{"input":null}'], 'has no input'],
    ['invalid JSON', ['--test_input', '{'], 'is not valid JSON'],
    ['JSON that is no object', ['--test_input', '[]'], 'is not a JSON object'],
  ])('exits with 1 for %s (CLI-1)', async (_, args, text) => {
    const { code, stdout } = await run(...args)
    expect(code).toBe(1)
    expect(stdout).toMatch(new RegExp(`^ERROR +\\| .*${text}`, 'm'))
  })

  test('prefers --test_input to test_input.json', async () => {
    const file = join(scripts.folder, 'test_input.json')
    await writeFile(file, '{"input":{"do":"number"}}')
    try {
      expect(resultOf(await run())).toEqual({ output: 7 })
      expect(resultOf(await testing('nothing'))).toEqual({})
    } finally {
      await rm(file)
    }
  })

  test.each([
    ['7', 0],
    ['{"output":7}', 0],
    ['8', 1],
    ['{', 1],
  ])('compares its result with --test_output %s and exits with %i', async (expected, code) => {
    expect((await testing('number', '--test_output', expected)).code).toBe(code)
  })

  test('hides what is below --rp_log_level, and exits with 1 for an unknown level', async () => {
    expect(await testing('number', '--rp_log_level', 'ERROR')).toEqual({ code: 0, stdout: '', stderr: '' })
    expect((await testing('number', '--rp_log_level', 'LOUD')).code).toBe(1)
  })

  test('adds rp_debugger to an output that is an object, else logs it', async () => {
    const rp_debugger = { system_info: expect.any(Object) as object, timestamps: [] }
    expect(resultOf(await testing('nothing', '--rp_debugger'))).toEqual({ output: { rp_debugger } })
    expect((await testing('number', '--rp_debugger')).stdout).toMatch(/rp_debugger: \{["']system_info/)
  })

  test('exits with 1 for --rp_serve_api and names the command that serves', async () => {
    const { code, stdout } = await run('--rp_serve_api')
    expect([code, stdout]).toEqual([1, expect.stringMatching(/run: fnbox serve handler\.(mjs|py)/)])
  })

  test('ignores the flags of the API with a warning', async () => {
    const ran = await testing('args', '--rp_api_host', 'h', '--rp_api_port=1', '--rp_api_concurrency', '2')
    const flags = '--rp_api_host, --rp_api_port, --rp_api_concurrency without effect'
    expect(ran.stdout).toContain(`WARN   | ${flags}`)
    expect(resultOf(ran)).toEqual({ output: [] })
  })

  test('keeps flags that are not known, for the program (W-3)', async () => {
    expect(resultOf(await testing('args', 'own', '--rp_debugger', '--other', 'x'))).toEqual({
      output: ['own', '--other', 'x'],
    })
  })
})

describe('a script in python', () => {
  test('exits with 1 without a handler', async () => {
    await writeFile(join(scripts.folder, 'none.py'), 'import runpod\nrunpod.serverless.start({})\n')
    expect(await python(['none.py', '--test_input', '{"input":1}'], { cwd: scripts.folder })).toMatchObject({
      code: 1,
    })
  })
})
