// Where the documentation, real Zappa and fnbox differ: each row of tasks.md §15 by its name, as it is here.

import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { freshFolder } from '../harness/jobClient.ts'
import { serveFrom, type Serving } from '../harness/serving.ts'
import { ask, backoffOf, settled, tasksIn, view, type TaskView } from '../harness/taskClient.ts'

let serving: Serving
const folder = freshFolder(afterAll)
const uuid: unknown = expect.stringMatching(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/)

beforeAll(async () => {
  const flags = { 'data-dir': folder, 'task-backoff': '10ms', 'task-retention': '20s', 'task-events': 'on' }
  serving = await serveFrom(tasksIn('python'), 'rows.handler', flags)
})
afterAll(() => serving[Symbol.asyncDispose]())

/** Runs code of Python in a request. */
async function python<Answer>(code: string): Promise<Answer> {
  return ask(serving, { code })
}

/** Runs code that gives the id of a task. @returns the task when it is final */
async function task(code: string): Promise<TaskView> {
  return settled(serving, await python<string>(code))
}

it('task: has options and the bare form; errors are kept, and raised on reading', async () => {
  expect(await task('return double(4).response_id')).toMatchObject({ service: 'lambda', response: 8 })
  expect(await task('return configured(5).response_id')).toMatchObject({ service: 'sns', response: 5 })
  const { id, error } = await task('return fails([]).response_id')
  expect(error).toEqual({ type: 'ValueError', message: 'no data' })
  expect(await python(`return thrown(lambda: get_async_response("${id}"))`)).toMatchObject({
    text: 'rows.fails: ValueError: no data',
  })
})

it('task_sns: is bare or with keywords, has the same limit, and is retried', async () => {
  expect(await task('return mail("a", subject="b").response_id')).toMatchObject({
    service: 'sns',
    response: ['a', 'b'],
  })
  expect(await task('return postcard("a").response_id')).toMatchObject({ service: 'sns', captured: false })
  expect(await python('return [LAMBDA_ASYNC_PAYLOAD_LIMIT, SNS_ASYNC_PAYLOAD_LIMIT]')).toEqual([
    256_000, 256_000,
  ])
  expect((await task('return mail_fails().response_id')).attempts).toHaveLength(3)
})

it('run arguments: are read both ways; keywords bind or raise TypeError', async () => {
  for (const call of ['[1, 2], multiplier=3', '[[1, 2]], {"multiplier": 3}', 'data=[1, 2], multiplier=3'])
    expect(await task(`return run(scale, ${call}).response_id`)).toMatchObject({ response: [3, 6] })
  const { kinds, text } = await python<{ kinds: string[]; text: string }>(
    'return thrown(lambda: run(scale, [1], junk=1))',
  )
  expect(kinds[0]).toBe('TypeError')
  expect(text).toMatch(/rows\.scale.*args\/kwargs reading.*direct reading/)
})

it("run service: is the decorator's in the direct reading, else that of service=", async () => {
  expect(await task('return run(mail, "a", subject="b").response_id')).toMatchObject({ service: 'sns' })
  expect(await task('return run(mail, ["a"]).response_id')).toMatchObject({ service: 'lambda' })
  expect(await task('return run(mail, ["a"], service="sns").response_id')).toMatchObject({ service: 'sns' })
})

it('run outside the platform: runs in place', async () => {
  const { FNBOX_TEST_PYTHON: interpreter = 'python3' } = process.env
  const sdk = join(import.meta.dirname, '..', '..', 'runtime', 'python', 'sdk')
  const code = 'import rows; print(rows.run(rows.plain, [1, 2]).wait(), rows.double(2))'
  const environment = { PATH: process.env['PATH'], PYTHONPATH: sdk, AWS_LAMBDA_FUNCTION_NAME: 'app' }
  const terms = { cwd: tasksIn('python'), env: environment }
  expect((await promisify(execFile)(interpreter, ['-c', code], terms)).stdout).toBe('[1, 2] 4\n')
})

it('run_message: takes four positionals, and one dict', async () => {
  const code = `message = {"task_path": "rows.plain", "args": [1], "kwargs": {"b": 2}}
return [run_message("sns", "rows.plain", [1], {"b": 2}), run_message(message)]`
  expect(await python(code)).toEqual([
    [1, 2],
    [1, 2],
  ])
})

it('get_async_response: gives a dict from the dispatch on, None for an unknown id, and raises for a failed task', async () => {
  const [id, answer, unknown] = await python<[string, unknown, unknown]>(
    `response = double(1)
return [response.response_id, get_async_response(response.response_id), get_async_response("unknown")]`,
  )
  expect([answer, unknown]).toEqual([{ status: 'in progress', response: 'N/A' }, null])
  await settled(serving, id)
  expect(await python(`return get_async_response("${id}")`)).toEqual({ status: 'complete', response: 2 })
  const failed = await task('return fails([]).response_id')
  expect(await python(`return thrown(lambda: get_async_response("${failed.id}"))`)).toMatchObject({
    kinds: ['AsyncException', 'Exception', 'BaseException', 'object'],
    code: 'task_failed',
  })
})

it('capture, response_id: capture is on, and every id is one', async () => {
  const ids = await python<string[]>(
    `calls = [double(1), mail("a"), postcard("a"), run(plain, 1), LambdaAsyncResponse(capture_response=False)]
return [each.response_id for each in calls]`,
  )
  expect(ids).toEqual([uuid, uuid, uuid, uuid, uuid])
  const captured = await Promise.all(ids.slice(0, 4).map(async (id) => (await settled(serving, id)).captured))
  expect(captured).toEqual([true, true, false, true])
})

it('AsyncException: is raised for large arguments; one class is also a TypeError', async () => {
  const large = await python('return thrown(lambda: double("x" * 256000))')
  expect(large).toMatchObject({ code: 'payload_too_large', text: 'Payload too large for async Lambda call' })
  const { kinds, code } = await python<{ kinds: string[]; code: string }>(
    'return thrown(lambda: double({1}))',
  )
  expect(code).toBe('not_serializable')
  expect(kinds).toEqual(expect.arrayContaining(['AsyncException', 'UnserializableJsonError', 'TypeError']))
})

it('failed task, retries: fails after three attempts with both services', async () => {
  for (const call of ['fails([])', 'mail_fails()']) {
    const failed = await task(`return ${call}.response_id`)
    expect([failed.state, failed.attempts.length]).toEqual(['failed', 3])
    expect(backoffOf(failed)).toBe(20)
  }
})

it('retention: counts from the end, and is configurable', async () => {
  const { finished_at: finished, expires_at: expires } = await task('return double(1).response_id')
  expect(Date.parse(expires ?? '') - Date.parse(finished ?? '')).toBe(20_000)
})

it('async def task: is awaited', async () => {
  expect(await task('return awaits(1).response_id')).toMatchObject({ state: 'complete', response: 2 })
})

it('command in an event: runs one of the two routes, for trusted calls only', async () => {
  const message = { task_path: 'rows.plain', args: [1], kwargs: {} }
  const routed = { ...message, command: 'zappa.asynchronous.route_lambda_task' }
  expect(await ask(serving, routed)).toEqual([1, 0])
  for (const event of [{ command: 'os.getcwd' }, { raw_command: 'return 1' }])
    await expect(ask(serving, event)).rejects.toThrow('TaskNotAllowed')
  await using untrusting = await serveFrom(tasksIn('python'), 'rows.handler', { 'data-dir': freshFolder() })
  expect(await ask(untrusting, { ...routed, code: 'return "handler"' })).toBe('handler')
  await expect(view(untrusting, 'x')).rejects.toThrow('404')
})
