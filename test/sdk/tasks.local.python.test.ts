// zappa.asynchronous without fnbox (tasks.md §8): calls run in place, `run` keeps what comes of them in this process.

import { copyFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { freshFolder } from '../harness/jobClient.ts'
import { python } from './python.ts'
import { outside, tasksFolder, type Results } from './tasks.ts'

/** each: title, code, expectation */
const cases: readonly (readonly [title: string, code: string, expected: unknown])[] = [
  [
    'a decorated call runs in place and gives the plain value (Q16, T3)',
    'result = [z.task(app.f2)(3), app.by_sns(4), told(caught(lambda: z.task(app.f3)(1)))[0]]',
    [3, 4, 'ValueError'],
  ],
  [
    'its arguments must be JSON, but are passed as they are (Q2, W2)',
    `
given = (1, [2])
same = z.task(lambda x: x is given)(given)
large = z.task(app.f2)("x" * 300000)
wrong = caught(lambda: app.decorated({1}))
result = [same, len(large), told(wrong), [isinstance(wrong, each) for each in (TypeError, z.AsyncException, z.UnserializableJsonError)], told(caught(lambda: app.by_pigeon({1})))[1]]`,
    [
      true,
      300_000,
      ['AsyncSerializationError', 'not_serializable', 'Object of type set is not JSON serializable'],
      [true, true, true],
      'not_serializable',
    ],
  ],
  [
    'an async def function gives its coroutine; options are ignored (W2, O4)',
    `
coroutine = app.awaits(5)
result = [asyncio.iscoroutine(coroutine), asyncio.run(coroutine), z.task(app.f2, capture_response=True, delay_seconds=-1)(6)]`,
    [true, 5, 6],
  ],
  [
    'run gives a response that is final (Q16, W3)',
    `
response = z.run(app.f2, 3)
result = [z.get_async_response(response.response_id), response.wait(), response.wait(0), response.sent, type(z.run(app.by_sns, 1)).__name__]`,
    [{ status: 'complete', response: 3 }, 3, 3, true, 'SnsAsyncResponse'],
  ],
  [
    'run keeps an exception (Q16, W3)',
    `
response = z.run(app.f3, [])
error = caught(lambda: z.get_async_response(response.response_id))
result = [told(error), error.attempts, error.error_type, told(caught(response.wait))[1]]`,
    [['AsyncException', 'task_failed', 'app.f3: ValueError: x'], 1, 'ValueError', 'task_failed'],
  ],
  [
    'arguments and result of run go through JSON once (W3)',
    `
response = z.run(app.f4, [(1, 2), {3: 4}])
result = [z.get_async_response(response.response_id)["response"], z.get_async_response(response.response_id) is z.get_async_response(response.response_id)]`,
    [[[1, 2], { '3': 4 }], false],
  ],
  [
    'all checks of a dispatch apply to run (W3)',
    `
calls = (lambda: z.run(app.f5, [1]), lambda: z.run(lambda: 1), lambda: z.run(app.f2, {1}), lambda: z.run(app.f2, "x" * 256000), lambda: z.run(app.f2, 1, delay_seconds=-1), lambda: z.run(app.f2, 1, service="pigeon"))
result = [told(caught(each))[:2] for each in calls] + [z.run(math.factorial, [5]).wait(), z.run(app.f2, 1, delay_seconds=1000).wait()]`,
    [
      ['TypeError', null],
      ['AsyncException', 'not_importable'],
      ['AsyncSerializationError', 'not_serializable'],
      ['AsyncException', 'payload_too_large'],
      ['ValueError', null],
      ['KeyError', null],
      120,
      1,
    ],
  ],
  [
    'async def is run to its end, in a thread where a loop is running (W3)',
    `
async def within(): return z.run(app.awaits, 7).wait()
result = [z.run(app.awaits, 7).wait(), asyncio.run(within())]`,
    [7, 7],
  ],
  [
    'a result that cannot be kept: left out, or failed if it was asked for (Q3, A4)',
    `
soft, hard, off = (z.run(app.returns, "set", **each) for each in ({}, {"capture_response": True}, {"capture_response": False}))
result = [z.get_async_response(soft.response_id), told(caught(hard.wait)), z.get_async_response(off.response_id), off.wait(), math.isnan(z.run(app.returns, "nan").wait())]`,
    [
      { status: 'complete', response: null },
      [
        'AsyncException',
        'task_failed',
        'app.returns: TypeError: Object of type set is not JSON serializable',
      ],
      null,
      null,
      true,
    ],
  ],
  [
    'SystemExit and KeyboardInterrupt propagate (W3)',
    `
result = []
for kind in ("exit", "cancelled"):
    try: result.append(told(caught(z.run(app.raises, kind).wait))[1])
    except SystemExit as error: result.append(error.code)`,
    [3, 'task_failed'],
  ],
  [
    'the newest 1000 results are kept (W3)',
    `
ids = [z.run(app.f2, each).response_id for each in range(1001)]
result = [z.get_async_response(ids[0]), z.get_async_response(ids[1])["response"], z.get_async_response(ids[-1])["response"]]`,
    [null, 1, 1000],
  ],
  [
    'results are kept for 600 seconds (W3)',
    `
import unittest.mock as mock, time
response = z.run(app.f2, 1)
now = time.time()
with mock.patch("time.time", lambda: now + 598): before = response.wait(0)
with mock.patch("time.time", lambda: now + 601): result = [before, z.get_async_response(response.response_id), told(caught(response.wait))[1]]`,
    [1, null, 'not_found'],
  ],
  [
    'unknown ids, wait before send, no progress (Q5, C2, U1)',
    'result = [z.get_async_response(each) for each in (None, "None", str(uuid.uuid4()))] + [told(caught(z.SnsAsyncResponse().wait))[1], z.run(app.progresses, 1).wait()]',
    [null, null, null, 'not_sent', false],
  ],
  [
    'send executes any path in place (C1, P4)',
    `
response = z.LambdaAsyncResponse().send("os.getcwd", [], {})
missing = z.SnsAsyncResponse().send("missing.f", [], {})
result = [response.wait() == os.getcwd(), told(caught(missing.wait))[2]]`,
    [true, "missing.f: TaskNotFound: No module named 'missing'"],
  ],
  [
    'run_message runs any path, and keeps a captured result (M3, M4, Q13)',
    `
captured = {"args": [1], "kwargs": {}, "capture_response": True, "response_id": "mine"}
value = z.run_message({"task_path": "app.f2", **captured})
kept = z.get_async_response("mine")
error = told(caught(lambda: z.run_message({"task_path": "app.f3", **captured})))[0]
result = [value, kept, error, told(caught(lambda: z.get_async_response("mine")))[2], z.run_message("lambda", "os.path.join", ["a", "b"], {}), z.route_lambda_task({"task_path": "app.awaits", "args": [1], "kwargs": {}}, None), told(caught(lambda: z.run_message({"task_path": "app.missing", "args": [], "kwargs": {}})))[0]]`,
    [
      1,
      { status: 'complete', response: 1 },
      'ValueError',
      'app.f3: ValueError: x',
      'a/b',
      1,
      'AttributeError',
    ],
  ],
  ['the main module stays __main__ (P2)', 'result = z.get_func_task_path(told)', '__main__.told'],
]

describe('outside of fnbox', () => {
  let results: Results
  beforeAll(async () => {
    results = await outside(Object.fromEntries(cases.map(([title, code]) => [title, code])))
  })

  it.each(cases)('%s', (title, _, expected) => {
    expect(results[title]).toEqual(expected)
  })
})

async function example(number: number, cwd = tasksFolder): Promise<string> {
  const { stdout, stderr } = await python([`ex${number}.py`], { cwd, env: { FNBOX_RUNTIME_API: '' } })
  expect(stderr).toBe('')
  return stdout
}

describe('the seed’s examples as plain programs (§14)', () => {
  it('1: prints the result at once', async () => {
    expect(await example(1)).toMatch(
      /^Task ID: [\da-f-]{36}\nResult: {'status': 'complete', 'response': \[2, 4, 6, 8]}\n$/,
    )
  })

  it('2: sends the two mails at once', async () => {
    const folder = freshFolder()
    copyFileSync(join(tasksFolder, 'ex2.py'), join(folder, 'ex2.py'))
    writeFileSync(
      join(folder, 'boto3.py'),
      'class client:\n    def __init__(self, name): pass\n    def send_email(self, **mail): print(mail["Destination"]); return {"MessageId": "m"}\n',
    )
    const addresses = [1, 2].map((each) => `{'ToAddresses': ['user${each}@example.com']}\n`)
    expect(await example(2, folder)).toBe(addresses.join(''))
    const code = 'import ex2; from zappa.asynchronous import get_async_response as get; r = ex2.response'
    const shows = `${code}; print(type(r).__name__, r.sent == r.response_id, get(r.response_id))`
    const { stdout } = await python(['-c', shows], { cwd: folder, env: { FNBOX_RUNTIME_API: '' } })
    expect(stdout).toContain("SnsAsyncResponse True {'status': 'complete', 'response': ['m', 'm']}")
  })

  it('2 without boto3: fails after one attempt', async () => {
    const code = `
import ex2
try: ex2.response.wait()
except Exception as error: print(error.error_type, error.attempts)`
    const { stdout } = await python(['-c', code], { cwd: tasksFolder, env: { FNBOX_RUNTIME_API: '' } })
    expect(stdout).toBe('ModuleNotFoundError 1\n')
  })

  it('3: prints all digits', async () => {
    const [, digits = ''] =
      /^1000! = {'status': 'complete', 'response': (\d+)}\n$/.exec(await example(3)) ?? []
    expect([digits.length, digits.slice(0, 12), /0*$/.exec(digits)?.[0].length]).toEqual([
      2568,
      '402387260077',
      249,
    ])
  })

  it('4: prints that it has failed', async () => {
    expect(await example(4)).toBe('Task failed: __main__.risky_operation: ValueError: Data cannot be empty\n')
  })

  it('5: prints the number of chunks, all of which are complete', async () => {
    expect(await example(5)).toBe('Processed 10 chunks\n')
    const code =
      'import ex5; print({each["status"] for each in ex5.results}, sum(each["response"]["sum"] for each in ex5.results))'
    const { stdout } = await python(['-c', code], { cwd: tasksFolder, env: { FNBOX_RUNTIME_API: '' } })
    expect(stdout).toBe("Processed 10 chunks\n{'complete'} 49995000\n")
  })
})
