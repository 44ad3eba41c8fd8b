// `python handler.py …` without fnbox (jobs.md §11).

import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { freshFolder } from '../harness/jobClient.ts'
import { python, type Ran } from './python.ts'

const folder = freshFolder(afterAll)
beforeAll(() => writeFileSync(join(folder, 'handler.py'), program))

function handler(...args: string[]): Promise<Ran> {
  return python(['handler.py', ...args], { cwd: folder })
}

const given = (input: unknown, more: object = {}): string => JSON.stringify({ input, ...more })

describe('--test_input', () => {
  test('runs one job, as local_test, then exits with 0 (CLI-1)', async () => {
    const { code, stdout, stderr } = await handler('--test_input', given('id'))
    expect([code, stderr]).toEqual([0, ''])
    expect(stdout).toContain('INFO   | Job local_test completed successfully.\n')
    expect(stdout).toContain('INFO   | Job result: {"output": "local_test"}\n')
  })

  test('the id is that of the test object (CLI-1)', async () => {
    expect((await handler('--test_input', given('id', { id: 'mine' }))).stdout).toContain('"output": "mine"')
  })

  test('wins over test_input.json, which is read without it', async () => {
    const file = join(folder, 'test_input.json')
    writeFileSync(file, given('from the file'))
    const outputs = [await handler(), await handler('--test_input', given('flag'))]
    rmSync(file)
    expect(outputs[0]?.stdout).toContain('{"output": "from the file"}')
    expect(outputs[1]?.stdout).toContain('{"output": "flag"}')
  })

  test.each([
    ['a handler error', ['--test_input', given('raises')], 'failed with error'],
    ['an error result', ['--test_input', given('error')], 'failed with error: boom'],
    ['a missing file', [], 'test_input.json not found'],
    ['a missing input', ['--test_input', '{}'], 'has no input'],
    ['a null input', ['--test_input', '{"input":null}'], 'has no input'],
    ['invalid JSON', ['--test_input', '{'], 'is not valid JSON'],
    ['JSON that is no object', ['--test_input', '[]'], 'is not a JSON object'],
    ['a missing handler', ['--none', '--test_input', given(1)], undefined],
  ])('exits with 1: %s (CLI-1)', async (_, args, text) => {
    const { code, stdout } = await handler(...args)
    expect(code).toBe(1)
    if (text !== undefined) expect(stdout).toMatch(new RegExp(`^ERROR +\\| .*${text}`, 'm'))
  })

  test('prints each chunk as it comes, then the result with all of them (CLI-2)', async () => {
    const { code, stdout } = await handler('--stream', '--test_input', given(1))
    expect(code).toBe(0)
    expect(stdout).toBe(
      '"a"\nin between\n{"b":1}\n' +
        'INFO   | Job local_test completed successfully.\nINFO   | Job result: {"output": ["a", {"b": 1}]}\n',
    )
  })

  test('progress is logged (CLI-2)', async () => {
    expect((await handler('--test_input', given('progress'))).stdout).toContain(
      'INFO   | local_test | Progress: {"done":1}\n',
    )
  })

  test('no fitness check runs (W-16)', async () => {
    expect((await handler('--test_input', given(1))).stdout).not.toContain('fitness')
  })
})

describe('--test_output', () => {
  test.each([
    ['{"a":1}', 0],
    ['{"output":{"a":1}}', 0],
    ['{"a":2}', 1],
    ['{', 1],
  ])('%s is compared with the result: exit code %i', async (expected, code) => {
    const ran = await handler('--test_input', given({ a: 1 }), '--test_output', expected)
    expect(ran.code).toBe(code)
  })
})

describe('the other flags', () => {
  test('--rp_log_level sets the level', async () => {
    const args = ['--rp_log_level', 'ERROR', '--test_input', given(1)]
    expect(await handler(...args)).toEqual({ code: 0, stdout: '', stderr: '' })
  })

  test('--rp_log_level with an unknown level exits with 1', async () => {
    expect((await handler('--rp_log_level', 'LOUD', '--test_input', given(1))).code).toBe(1)
  })

  test('--rp_debugger adds rp_debugger to an output that is a dict', async () => {
    const { stdout } = await handler('--rp_debugger', '--test_input', given({ a: 1 }))
    expect(stdout).toMatch(/Job result: \{"output": \{"a": 1, "rp_debugger": \{.*"timestamps": \[\]/)
  })

  test('--rp_debugger only logs for another output', async () => {
    const { stdout } = await handler('--rp_debugger', '--test_input', given('x'))
    expect(stdout).toMatch(/rp_debugger: \{.*\n.*\n.*\{"output": "x"\}/)
  })

  test('--rp_serve_api exits with 1 and names fnbox serve', async () => {
    const { code, stdout } = await handler('--rp_serve_api')
    expect(code).toBe(1)
    expect(stdout).toContain('fnbox serve handler.py')
  })

  test('those of the API are parsed and ignored, with a log line', async () => {
    const args = ['--rp_api_host', 'h', '--rp_api_port', '1', '--rp_api_concurrency', '2']
    const { code, stdout } = await handler(...args, '--test_input', given('argv'))
    expect(code).toBe(0)
    expect(stdout).toMatch(/WARN {3}\| --rp_api_host, --rp_api_port, --rp_api_concurrency without effect/)
    expect(stdout).toContain('{"output": ["handler.py"]}')
  })

  test('flags that are not known stay for the program (W-3)', async () => {
    const { stdout } = await handler('--mine', '--test_input', given('argv'), 'rest')
    expect(stdout).toContain('{"output": ["handler.py", "--mine", "rest"]}')
  })
})

const program = `
import sys
import runpod


@runpod.serverless.register_fitness_check
def check():
    raise AssertionError("a fitness check runs")


def stream(job):
    yield "a"
    print("in between")
    yield {"b": 1}


def handler(job):
    given = job["input"]
    if given == "id":
        return job["id"]
    if given == "argv":
        return sys.argv
    if given == "raises":
        raise ValueError("m")
    if given == "error":
        return {"error": "boom"}
    if given == "progress":
        runpod.serverless.progress_update(job, {"done": 1})
    return given


config = {"handler": stream if "--stream" in sys.argv else handler}
if "--none" in sys.argv:
    del config["handler"]
runpod.serverless.start(config)
`
