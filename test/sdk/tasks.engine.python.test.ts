// zappa.asynchronous below fnbox: what it asks of the engine, and what it makes of the answers (tasks.md §3, §6, §9, §12).

import { createServer } from 'node:net'
import { once } from 'node:events'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { freshFolder } from '../harness/jobClient.ts'
import { TaskService } from '../harness/taskService.ts'
import { python } from './python.ts'
import { below, type Results } from './tasks.ts'

const refused = (status: number): string => `[[${status}, {"error": {"code": "c", "message": "because"}}]]`
const message = '{"task_path": "app.f", "args": [1, 2], "kwargs": {}}'
const event = (text: string): string => `{"Records": [{"Sns": {"Message": json.dumps(${text})}}]}`

/** each: title, code, expectation */
const cases: readonly (readonly [title: string, code: string, expected: unknown])[] = [
  [
    'a dispatch (§12)',
    `
body = asked(lambda: z.run(app.f, 1, 2))[0]
result = [body["method"], body["path"], sorted(body["body"]), body["body"]["delay_seconds"], uuid.UUID(body["body"]["id"]).version]`,
    ['POST', '/v1/tasks', ['capture', 'delay_seconds', 'id', 'message', 'service'], 0, 4],
  ],
  [
    'a dispatch whose connection broke is sent once more, with the same id (H1)',
    `
sent = []
got = asked(lambda: planned(["break"], lambda: sent.append(z.run(app.f, 1, 2).sent)))
result = [sent, len(got), got[0] == got[1], planned([[200, {}]], lambda: z.run(app.f, 1, 2).sent)]`,
    [[true], 2, true, true],
  ],
  [
    'a connection that breaks twice: engine_unreachable (§6)',
    `result = [told(caught(lambda: planned(["break", "break"], call)))[:2] for call in (lambda: z.run(app.f, 1, 2), lambda: app.decorated(1), lambda: z.get_async_response("x"))]`,
    Array.from({ length: 3 }, () => ['AsyncException', 'engine_unreachable']),
  ],
  [
    'a broken answer, or one of 500 and above: engine_unreachable, with what it says (§6)',
    `
result = [told(caught(lambda: planned(answers, lambda: z.run(app.f, 1, 2))))[1] for answers in ([[202, "{"], [202, "{"]], ${refused(503)}, [[500]], [[302]])]
result.append(str(caught(lambda: planned(${refused(503)}, lambda: z.run(app.f, 1, 2)))))`,
    [
      'engine_unreachable',
      'engine_unreachable',
      'engine_unreachable',
      'engine_unreachable',
      'the task engine cannot be reached: because',
    ],
  ],
  [
    'refusals of a dispatch (§6)',
    `result = [told(caught(lambda: planned(answers, lambda: z.run(app.f, 1, 2, service=service)))) for answers, service in ((${refused(400)}, "lambda"), (${refused(409)}, "lambda"), (${refused(429)}, "lambda"), (${refused(413)}, "lambda"), (${refused(413)}, "sns"))]`,
    [
      ['AsyncException', 'bad_request', 'because'],
      ['AsyncException', 'conflict', 'because'],
      ['AsyncException', 'queue_full', 'because'],
      ['AsyncException', 'payload_too_large', 'Payload too large for async Lambda call'],
      ['AsyncException', 'payload_too_large', 'Payload too large for SNS'],
    ],
  ],
  [
    'get_async_response: unknown, None, and what is no id (Q5, A1)',
    `result = [z.get_async_response(each) for each in (None, "None", str(uuid.uuid4()), "../x", "", "a b", 5)]`,
    [null, null, null, null, null, null, null],
  ],
  [
    'get_async_response in every state (A2, A3)',
    `
def read(**record):
    keep(record)
    return z.get_async_response("t")
result = [read(status="in progress"), read(status="in progress", progress_text='{"p": 50}'), read(status="complete", response_text='[2, 4]'), read(status="complete", response_text=None, response_omitted="TypeError: …"), read(status="complete", response_text="1", capture="off"), read(status="in progress", capture="off"), read(status="failed", capture="off", error={})]
keep({"status": "complete", "response_text": "[]"})
result.append(z.get_async_response("t") is z.get_async_response("t"))`,
    [
      { status: 'in progress', response: 'N/A' },
      { status: 'in progress', response: { p: 50 } },
      { status: 'complete', response: [2, 4] },
      { status: 'complete', response: null },
      null,
      null,
      null,
      false,
    ],
  ],
  [
    'numbers come as they were written (G4, Q10)',
    `
keep({"status": "complete", "response_text": str(math.factorial(1000))})
exact = z.get_async_response("t")["response"] == math.factorial(1000)
keep({"status": "complete", "response_text": "NaN"})
result = [exact, math.isnan(z.get_async_response("t")["response"])]`,
    [true, true],
  ],
  [
    'a failed task raises, with all that is known (A3, §6)',
    `
keep({"status": "failed", "error": {"type": "ValueError", "message": "m"}, "attempts": [{"outcome": "failed"}, {"outcome": "interrupted"}, {"outcome": "failed"}]})
error = caught(lambda: z.get_async_response("t"))
result = told(error) + [error.response_id, error.task_path, error.error_type, error.error_message, error.attempts]`,
    ['AsyncException', 'task_failed', 'app.f: ValueError: m', 't', 'app.f', 'ValueError', 'm', 2],
  ],
  [
    'wait: the value, a failure, one that is not known (C2)',
    `
def wait(**record):
    response = z.run(app.f, 1, 2)
    if record:
        keep(record, response.response_id)
    return response.wait()
result = [wait(status="complete", response_text="5"), wait(status="complete", response_text=None, capture="off"), told(caught(lambda: wait(status="failed", error={"type": "E", "message": "m"}))), told(caught(wait))[1], told(caught(z.LambdaAsyncResponse().wait))[1]]`,
    [5, null, ['AsyncException', 'task_failed', 'app.f: E: m'], 'not_found', 'not_sent'],
  ],
  [
    'wait asks in slices of at most 30 seconds, and as often as it takes (C3)',
    `
response = z.run(app.f, 1, 2)
going, done = [200, {"status": "in progress"}], [200, {"status": "complete", "response_text": "7"}]
got = asked(lambda: planned([going, going, done], response.wait))
result = [[each["path"][-8:] for each in got], planned([done], lambda: response.wait(0.5))]`,
    [['?wait=30', '?wait=30', '?wait=30'], 7],
  ],
  [
    'wait(0) looks once, and does not wait (C2)',
    `
response = z.run(app.f, 1, 2)
error = []
got = asked(lambda: error.append(told(caught(lambda: planned([[200, {"status": "in progress"}]], lambda: response.wait(0))))[1]))
result = [error, ["wait" in each["path"] for each in got]]`,
    [['wait_timeout'], [false]],
  ],
  [
    'wait that could never end (C3)',
    `result = told(caught(lambda: planned([[202, {}], [409, {"error": {"code": "wait_deadlock", "message": "because"}}]], lambda: z.run(app.f, 1, 2).wait())))`,
    ['AsyncException', 'wait_deadlock', 'because'],
  ],
  [
    'threads and forked processes may dispatch, too (W1)',
    `
def many():
    threads = [threading.Thread(target=lambda: z.run(app.f, 1, 2)) for _ in range(100)]
    for each in threads: each.start()
    for each in threads: each.join()
    child = os.fork()
    if child == 0:
        os._exit(0 if z.run(app.f, 1, 2).sent else 1)
    assert os.waitpid(child, 0)[1] == 0
result = len({each["body"]["id"] for each in asked(many)})`,
    101,
  ],
  [
    'run_message takes a dict or four arguments (M1, M2, Q13)',
    `result = [z.run_message({"task_path": "app.f2", "args": [1], "kwargs": {}}), z.run_message(message={"task_path": "app.f2", "args": [1], "kwargs": {}, "other": 1}), z.run_message("lambda", "app.f2", [1], {}), z.run_message(task_type="sns", func_path="app.decorated", args=[], kwargs={"a": 1}), *[told(caught(call))[0] for call in (lambda: z.run_message({}), lambda: z.run_message({"task_path": "app.f2", "args": [], "kwargs": {}, "capture_response": True}), lambda: z.run_message("pigeon", "app.f2", [1], {}), lambda: z.run_message("lambda", "app.f2", [1]), lambda: z.run_message("lambda", "app.f3", [1], {}))]]`,
    [1, 1, 1, [[], { a: 1 }], 'KeyError', 'KeyError', 'ValueError', 'TypeError', 'ValueError'],
  ],
  [
    'an async def function is run to its end, also where a loop runs (M1)',
    `
m = {"task_path": "app.awaits", "args": [3], "kwargs": {}}
async def within(): return z.run_message(m)
result = [z.run_message(m), asyncio.run(within()), z.run_message(m)]`,
    [3, 3, 3],
  ],
  [
    'the routes (M5)',
    `result = [z.route_lambda_task(${message}, None), z.route_sns_task(${event(message)}, None)]`,
    [3, 3],
  ],
  [
    'a captured message has its record written (M3)',
    `
def puts(path, args=[]):
    m = {"task_path": path, "args": args, "kwargs": {}, "capture_response": True, "response_id": "mine"}
    got = asked(lambda: z.run_message(m))
    assert all(each["method"] == "PUT" and each["path"] == "/v1/tasks/mine" for each in got)
    bodies = [{**each["body"], **({"error": {**each["body"]["error"], "stack": "Traceback" in each["body"]["error"]["stack"]}} if "error" in each["body"] else {})} for each in got]
    return bodies
result = [puts("app.f", [1, 2]), puts("app.awaits", [1]), puts("app.f3", [1]), puts("app.returns", ["set"])]
result.append(told(caught(lambda: z.run_message({"task_path": "app.returns", "args": ["set"], "kwargs": {}, "capture_response": True, "response_id": "mine"})))[:2])
result.append(asked(lambda: planned(${refused(409)}, lambda: z.run_message({"task_path": "app.f", "args": [1, 2], "kwargs": {}, "capture_response": True, "response_id": "mine"})))[0]["body"]["status"])`,
    [
      [
        { task_path: 'app.f', status: 'in progress' },
        { task_path: 'app.f', status: 'complete', response_text: '3' },
      ],
      [
        { task_path: 'app.awaits', status: 'in progress' },
        { task_path: 'app.awaits', status: 'complete', response_text: '1' },
      ],
      [
        { task_path: 'app.f3', status: 'in progress' },
        {
          task_path: 'app.f3',
          status: 'failed',
          error: { type: 'ValueError', message: 'x', stack: true },
        },
      ],
      [
        { task_path: 'app.returns', status: 'in progress' },
        {
          task_path: 'app.returns',
          status: 'failed',
          error: {
            type: 'TypeError',
            message: 'Object of type set is not JSON serializable',
            stack: true,
          },
        },
      ],
      ['AsyncSerializationError', 'not_serializable'],
      'in progress',
    ],
  ],
  [
    'an invalid id is sent to the engine, quoted (M3, H1)',
    `
def paths(name): return {each["path"] for each in asked(lambda: z.run_message({"task_path": "app.f2", "args": [1], "kwargs": {}, "capture_response": True, "response_id": name}))}
result = [list(paths(each)) for each in ("a/progress", "a?b#c", "é", "a b", "\\ud800")]`,
    [
      ['/v1/tasks/a%2Fprogress'],
      ['/v1/tasks/a%3Fb%23c'],
      ['/v1/tasks/%C3%A9'],
      ['/v1/tasks/a%20b'],
      ['/v1/tasks/%3F'],
    ],
  ],
  [
    'what is not the function’s own is refused (M4, X1 to X4, Q11)',
    `
def refusal(path, **more):
    return told(caught(lambda: z.run_message({"task_path": path, "args": ["true"], "kwargs": {}, **more})))[1]
def is_async(call): return isinstance(caught(call), z.AsyncException)
result = [refusal(each) for each in ("os.system", "app.system", "app", "app.f 1", 5, "app.log", "app.sys.exit", "json.dumps", "app.__class__", "zappa.asynchronous.run", "builtins.print")]
result += [refusal("app.f2", command=each) for each in ("os.getcwd", "zappa.asynchronous.run", "", None)]
result += [told(caught(lambda: z.run_message("lambda", "os.system", ["true"], {})))[1], is_async(lambda: z.run_message("lambda", "os.system", ["true"], {}))]
result += [told(caught(lambda: z.run_message("lambda", each, [], {})))[0] for each in ("missing.f", "app.missing", "app.f.g")]
result += [z.run_message({"task_path": "app.f2", "args": [4], "kwargs": {}, "command": "zappa.asynchronous.route_sns_task"})]`,
    [
      ...Array.from({ length: 6 }, () => 'not_allowed'),
      null, // app.sys.exit: app is no package
      ...Array.from({ length: 4 }, () => 'not_allowed'),
      ...Array.from({ length: 4 }, () => 'not_allowed'),
      'not_allowed',
      true,
      'ModuleNotFoundError',
      'AttributeError',
      'ModuleNotFoundError',
      4,
    ],
  ],
]

describe('with an engine', () => {
  let results: Results
  beforeAll(async () => {
    results = await below(Object.fromEntries(cases.map(([title, code]) => [title, code])))
  })

  it.each(cases)('%s', (title, _, expected) => {
    expect(results[title]).toEqual(expected)
  })
})

describe('a program that a function starts (P2)', () => {
  const program = `
import os
from zappa.asynchronous import get_func_task_path, run
def f(): pass
try: print(get_func_task_path(f), run(f).sent)
except Exception as error: print(get_func_task_path(f), error.code)`

  it.each([
    ['a file', ['tool.py'], 'tool.f True'],
    ['a file in a folder', ['deep/tool.py'], 'deep.tool.f True'],
    ['a module', ['-m', 'deep.tool'], 'deep.tool.f True'],
    ['a file whose name is no identifier', ['a-tool.py'], '__main__.f not_importable'],
    ['a file outside of the code root', ['../outside.py'], '__main__.f not_importable'],
    ['no file', ['-c', program], '__main__.f not_importable'],
  ])('has the path of its file: %s', async (_, args, expected) => {
    await using engine = await TaskService.start()
    const folder = freshFolder()
    const cwd = join(folder, 'code')
    mkdirSync(join(cwd, 'deep'), { recursive: true })
    for (const each of ['code/tool.py', 'code/deep/tool.py', 'code/a-tool.py', 'outside.py'])
      writeFileSync(join(folder, each), program)
    const { stdout } = await python(args, { cwd, env: { ...engine.env, LAMBDA_TASK_ROOT: cwd } })
    expect(stdout).toBe(`${expected}\n`)
  })
})

describe('without an engine', () => {
  const code = `
calls = (lambda: app.decorated(1), lambda: z.run(app.f3, 1), lambda: z.get_async_response("x"))
result = [told(caught(each))[:2] for each in calls] + [str(caught(calls[0]))]`

  it.each([
    ['unix:/nowhere/i-1.sock', '[Errno 2] No such file or directory'],
    ['http://127.0.0.1:1', 'FNBOX_RUNTIME_API names no socket'],
    [undefined, 'nonsense\r\n'],
  ])(
    'every call raises engine_unreachable, and the function is not run: %s (Q15, W1)',
    async (address, reason) => {
      const path = join(freshFolder(), 's')
      const server = createServer((socket) => socket.on('error', () => {}).end('nonsense\r\n')).listen(path)
      await once(server, 'listening')
      const results = await below({ code }, { FNBOX_RUNTIME_API: address ?? `unix:${path}` })
      server.close()
      const unreachable = Array.from({ length: 3 }, () => ['AsyncException', 'engine_unreachable'])
      expect(results).toEqual({ code: [...unreachable, `the task engine cannot be reached: ${reason}`] })
    },
  )
})
