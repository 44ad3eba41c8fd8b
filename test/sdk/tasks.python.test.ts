// zappa.asynchronous: how calls become tasks (tasks.md §2 to §7). What reaches the engine is what counts.

import { beforeAll, describe, expect, it } from 'vitest'
import { evaluate, python } from './python.ts'
import { below, outside, tasksFolder, type Results } from './tasks.ts'

const bound = (call: string): string => `
try:
    sent = message(lambda: z.run(${call}))
    result = [sent["task_path"][4:], sent["args"], sent["kwargs"], sent["command"][25:-5]]
except IndexError:
    result = told(caught(lambda: z.run(${call})))[0]`

const vectors: readonly (readonly [mark: string, call: string, expected: unknown])[] = [
  ['B1', 'app.f1, [1, 2, 3, 4], multiplier=2', ['f1', [[1, 2, 3, 4]], { multiplier: 2 }]],
  ['B2', 'app.f1, [1, 2, 3, 4]', ['f1', [[1, 2, 3, 4]], {}]],
  ['B3', 'app.f1, [7]', ['f1', [7], {}]],
  ['B4', 'app.f1, [3, 4]', ['f1', [3, 4], {}]],
  ['B5', 'app.f1, [[7]], {"multiplier": 3}', ['f1', [[7]], { multiplier: 3 }]],
  ['B6', 'app.f1, data=[7]', ['f1', [], { data: [7] }]],
  ['B7', 'app.f2, 1000', ['f2', [1000], {}]],
  ['B8', 'app.f3, []', ['f3', [[]], {}]],
  ['B9', 'app.f4, [1, 2]', ['f4', [1, 2], {}]],
  ['B10', 'app.f5, [1, 2], {}', ['f5', [1, 2], {}]],
  ['B11', 'app.f5, [1], {"x": 2}', ['f5', [[1], { x: 2 }], {}]],
  ['B12', 'app.f6, 0, [5]', ['f6', [0, [5]], {}]],
  ['B13', 'app.f7, args=[1, 2]', ['f7', [], { args: [1, 2] }]],
  ['B14', 'app.f7, args=[1]', ['f7', [1], {}]],
  ['B15', 'app.f5, [1, 2], {}, "sns"', ['f5', [1, 2], {}, 'sns']],
  ['B16', 'app.f5, [1, 2], service="sns"', ['f5', [1, 2], {}, 'sns']],
  ['B17', 'app.f5, [1]', 'TypeError'],
  ['B18', 'app.f2, [5], junk=1', 'TypeError'],
  ['B19', 'app.f8, [5]', ['f8', [5], {}]],
  ['B20', 'func=app.f2, args=[5]', ['f2', [5], {}]],
  ['B21', 'app.f1, (1, 2), None', ['f1', [[1, 2], null], {}]],
  ['B22', 'app.f2, "abc"', ['f2', ['abc'], {}]],
  ['R2', 'app.f5, [1, 2], {}, "sns", False, None, None', ['f5', [1, 2], {}, 'sns']],
  ['R2', 'app.f4, [1], {}, "sns", service="lambda"', ['f4', [[1], {}, 'sns'], {}]],
  ['R2', 'app.f4, [1], {}, "pigeon"', ['f4', [[1], {}, 'pigeon'], {}]],
  ['R2', 'app.f4, [1], {}, "sns", 1', ['f4', [[1], {}, 'sns', 1], {}]],
  ['R2', 'app.f4, {"a": 1}', ['f4', [{ a: 1 }], {}]],
  ['R7', 'app.by_sns, [5]', ['by_sns', [5], {}, 'lambda']],
  ['R8', 'app.by_sns, 5', ['by_sns', [5], {}, 'sns']],
  ['R8', 'app.by_sns, 5, service="lambda"', ['by_sns', [5], {}, 'lambda']],
  ['R10', 'app.f2, args=[[1, 2]]', ['f2', [[1, 2]], {}]],
  ['R10', 'app.f1, data=[1, 2]', ['f1', [], { data: [1, 2] }]],
  ['nested decorators', 'app.nested, 1', ['nested', [1], {}]],
]

const numbered = vectors.map(
  ([mark, call, expected], index) => [`${mark}: run(${call})`, index, call, expected] as const,
)

describe('run binds', () => {
  let results: Results
  beforeAll(async () => {
    results = await below(Object.fromEntries(numbered.map(([, index, call]) => [index, bound(call)])))
  })

  it.each(numbered)('%s', (_, index, __, expected) => {
    const service = Array.isArray(expected) && expected.length === 3 ? ['lambda'] : []
    expect(results[index]).toEqual(Array.isArray(expected) ? [...expected, ...service] : expected)
  })
})

// What a class of ASYNC_CLASSES is called with.
const recorder = `
import unittest.mock as mock
def recorded(call, **env):
    made = mock.Mock()
    made.return_value.send.return_value = "sent"
    with mock.patch.dict(z.ASYNC_CLASSES, {"lambda": made, "sns": made}), mock.patch.dict(os.environ, env):
        given = call()
    sent = made.return_value.send.call_args
    return [given, dict(made.call_args[1]), [list(each) if isinstance(each, tuple) else each for each in sent[0]]]
`

/** each: title, code, expectation */
const cases: readonly (readonly [title: string, code: string, expected: unknown])[] = [
  [
    'classes get exactly the three keywords of Zappa, then send(path, args, kwargs) (O5)',
    `${recorder}result = recorded(lambda: app.decorated("qux", a=1), AWS_REGION="r")`,
    [
      'sent',
      { lambda_function_name: 'd4e-function', aws_region: 'r', capture_response: true },
      ['app.decorated', ['qux'], { a: 1 }],
    ],
  ],
  [
    'classes get of the other options what was given (O5)',
    `${recorder}result = recorded(lambda: z.run(app.f2, 1, capture_response=0, arn="a", boto_session=5, delay_seconds=1.5, remote_aws_lambda_function_name="other", remote_aws_region="q"))`,
    [
      'sent',
      {
        lambda_function_name: 'other',
        aws_region: 'q',
        capture_response: false,
        arn: 'a',
        boto_session: 5,
        delay_seconds: 1.5,
      },
      ['app.f2', [1], {}],
    ],
  ],
  [
    'the delay of a decorator reaches the class, by a call and by a direct run (O5, R8)',
    `${recorder}result = [recorded(call)[1] for call in (lambda: app.by_sns(1), lambda: z.run(app.by_sns, 1))]`,
    Array.from({ length: 2 }, () => ({
      lambda_function_name: 'd4e-function',
      aws_region: null,
      capture_response: false,
      delay_seconds: 5,
    })),
  ],
  [
    'all option keywords are taken out before binding (R1)',
    `result = [caught(lambda: z.run(lambda arn: 1, arn=1), TypeError) and 1, message(lambda: z.run(app.f4, arn=1))["kwargs"]]`,
    [1, {}],
  ],
  [
    'a TypeError names the path and both readings (R5)',
    `result = [word in str(caught(lambda: z.run(app.f5, [1]), TypeError)) for word in ("app.f5", "args/kwargs reading", "direct reading", "missing")]`,
    [true, true, true, true],
  ],
  [
    'without a signature the form decides (R6)',
    `
class NoSignature:
    __signature__ = 5
    __name__ = __qualname__ = "f2"
    __module__ = "app"
    def __call__(self): pass
f = NoSignature()
result = [message(lambda: z.run(f, [1, 2]))["args"], message(lambda: z.run(f, 1, x=2))["kwargs"]]`,
    [[1, 2], { x: 2 }],
  ],
  [
    'what is not callable is a TypeError',
    `result = [told(caught(call))[0] for call in (lambda: z.run(5), lambda: z.run(), lambda: z.run(func=None))]`,
    ['TypeError', 'TypeError', 'TypeError'],
  ],
  [
    'an unknown service is a KeyError; ASYNC_CLASSES is read at every call (R9)',
    `
first = told(caught(lambda: z.run(app.f2, 1, service="pigeon")))[0]
class Pigeon(z.LambdaAsyncResponse):
    def _send(self, message):
        self.sent = message["args"]
z.ASYNC_CLASSES["pigeon"] = Pigeon
result = [first, z.run(app.f2, 1, service="pigeon").sent, app.by_pigeon(2).sent]
del z.ASYNC_CLASSES["pigeon"]`,
    ['KeyError', [1], [2]],
  ],
  [
    'run gives a response object of the service',
    'result = [type(z.run(app.f2, 1, service=each)).__name__ for each in ("lambda", "sns")]',
    ['LambdaAsyncResponse', 'SnsAsyncResponse'],
  ],
  [
    'all forms of the decorator (T1)',
    `
made = [z.task(app.f2), z.task()(app.f2), z.task(service="sns", capture_response=True)(app.f2), z.task(app.f2, service="sns"), z.task_sns(app.f2), z.task_sns()(app.f2), z.task_sns(service="lambda", capture_response=True, delay_seconds=1)(app.f2), z.task(arn="a", boto_session=1, unknown=2)(app.f2)]
result = [each.service for each in made] + [asked(lambda: made[-2](1))[0]["body"]["delay_seconds"]]`,
    ['lambda', 'lambda', 'sns', 'sns', 'sns', 'sns', 'sns', 'lambda', 1],
  ],
  [
    'a wrapper shows what it wraps (T2)',
    `
wrapper = z.task(app.f2)
result = [wrapper.__name__, wrapper.__module__, wrapper.__wrapped__ is app.f2, wrapper.sync is app.f2, wrapper.sync(5), z.task(wrapper).sync is app.f2, app.nested.sync(3)]`,
    ['f2', 'app', true, true, 5, true, 3],
  ],
  [
    'nothing is refused at decoration (T2)',
    'result = [callable(z.task(each)) for each in (lambda: 1, print, app.C().m)] + [z.task(app.f2, delay_seconds=-1).service]',
    [true, true, true, 'lambda'],
  ],
  [
    'a call dispatches with any arguments (T3)',
    'result = [[each["path"], each["body"]["capture"]] for each in asked(lambda: app.decorated(1, 2, x=3))] + [message(lambda: z.task(app.f2)(1, 2, 3))["args"]]',
    [
      ['/v1/tasks', 'default'],
      [1, 2, 3],
    ],
  ],
  [
    'an unknown service makes a call run in place (T4)',
    'result = [app.by_pigeon(3), asked(lambda: app.by_pigeon(3))]',
    [3, []],
  ],
  [
    'capture modes: nothing given, truthy, falsy (O1, O2)',
    `
capture = lambda call: asked(call)[0]["body"]["capture"]
result = [capture(each) for each in (lambda: z.run(app.f2, 1), lambda: z.run(app.f2, 1, capture_response=1), lambda: z.run(app.f2, 1, capture_response=None), lambda: app.by_sns(1), lambda: z.LambdaAsyncResponse().send("app.f2", [1], {}), lambda: z.LambdaAsyncResponse(capture_response=True).send("app.f2", [1], {}), lambda: z.SnsAsyncResponse(capture_response=False).send("app.f2", [1], {}))]`,
    ['default', 'on', 'off', 'off', 'default', 'on', 'off'],
  ],
  [
    'delay_seconds is a number from 0 to a week (O4)',
    `
class Real(float): pass
wrong = (-1, 604801, True, "1", None, float("nan"))
result = [[told(caught(lambda: call(each)))[0] for each in wrong] for call in (lambda d: z.run(app.f2, 1, delay_seconds=d), lambda d: z.task(app.f2, delay_seconds=d)(1), lambda d: z.SnsAsyncResponse(delay_seconds=d))]
result.append([asked(lambda: z.run(app.f2, 1, delay_seconds=each))[0]["body"]["delay_seconds"] for each in (0, 0.5, 604800)])`,
    [...Array.from({ length: 3 }, () => Array.from({ length: 6 }, () => 'ValueError')), [0, 0.5, 604_800]],
  ],
  [
    'messages are written as Zappa writes them (§5, J1)',
    `
def text(call):
    body = asked(call)[0]["body"]
    return [body["message"].replace(body["id"], "ID"), body["service"]]
result = [text(lambda: z.run(app.f, (1, 2), {})), text(lambda: z.run(app.f, (1, "ä"), {}, service="sns", capture_response=False)), message(lambda: app.decorated({1: (2,)}))["args"]]`,
    [
      [
        '{"task_path": "app.f", "capture_response": true, "response_id": "ID", "args": [1, 2], "kwargs": {}, "command": "zappa.asynchronous.route_lambda_task"}',
        'lambda',
      ],
      [
        String.raw`{"task_path": "app.f", "capture_response": false, "response_id": null, "args": [1, "\u00e4"], "kwargs": {}, "command": "zappa.asynchronous.route_sns_task"}`,
        'sns',
      ],
      [{ '1': [2] }],
    ],
  ],
  [
    'response objects before and after send (§4)',
    `
l = z.LambdaAsyncResponse(lambda_function_name="n", aws_region="r", whatever=1)
s = z.SnsAsyncResponse(lambda_function_name="n", aws_region="r")
before = [hasattr(each, name) for each in (l, s) for name in ("sent", "response")]
ids = [str(uuid.UUID(each.response_id)) == each.response_id for each in (l, s, z.LambdaAsyncResponse(capture_response=False))]
given = [l.lambda_function_name, l.aws_region, l.capture_response, z.LambdaAsyncResponse(capture_response=0).capture_response, l.client is not None, s.arn, z.SnsAsyncResponse(arn="a").arn, z.SnsAsyncResponse("f").arn]
same = [l.send("app.f", [1, 2], {}) is l, s.send("app.f", [1, 2], {}) is s]
result = [before, ids, given, same, [l.sent, l.response, s.sent == s.response_id, s.response == {"MessageId": s.response_id}]]`,
    [
      [false, false, false, false],
      [true, true, true],
      [
        'n',
        'r',
        true,
        false,
        true,
        'arn:aws:sns:r:000000000000:n-zappa-async',
        'a',
        'arn:aws:sns:local:000000000000:f-zappa-async',
      ],
      [true, true],
      [true, { StatusCode: 202 }, true, true],
    ],
  ],
  [
    'subclasses may replace _send (C1)',
    `
class Mine(z.SnsAsyncResponse):
    def _send(self, message):
        self.message = message
mine = Mine().send("app.f", (1,), {})
result = [list(mine.message), mine.message["args"] == (1,), asked(lambda: Mine().send("app.f", [], {}))]`,
    [['task_path', 'capture_response', 'response_id', 'args', 'kwargs'], true, []],
  ],
  [
    'the largest messages (Q1, S1)',
    `
def largest(service, capture):
    low, high = 250000, 260000
    while high - low > 1:
        middle = (low + high) // 2
        accepted = asked(lambda: z.run(app.f, args=["x" * middle, 1], service=service, capture_response=capture))
        low, high = (middle, high) if accepted else (low, middle)
    return low + len(", 1")
result = [largest(service, capture) for service in ("lambda", "sns") for capture in (True, False)]`,
    [255_818, 255_851, 255_821, 255_854],
  ],
  [
    'each class reads its own limit at the call, and has its own text (S1, §6)',
    `
z.SNS_ASYNC_PAYLOAD_LIMIT = 10
sns = told(caught(lambda: z.run(app.f2, 1, service="sns")))
fine = z.run(app.f2, 1).sent
z.SNS_ASYNC_PAYLOAD_LIMIT, z.LAMBDA_ASYNC_PAYLOAD_LIMIT = 256000, 10
result = [sns, fine, told(caught(lambda: z.run(app.f2, 1)))]
z.LAMBDA_ASYNC_PAYLOAD_LIMIT = 256000`,
    [
      ['AsyncException', 'payload_too_large', 'Payload too large for SNS'],
      true,
      ['AsyncException', 'payload_too_large', 'Payload too large for async Lambda call'],
    ],
  ],
  [
    'arguments that JSON cannot hold are an error of three kinds, and nothing is stored (Q2, E2)',
    `
cycle = []; cycle.append(cycle)
calls = [lambda: app.decorated({1}), lambda: z.run(app.f2, {1}), lambda: app.decorated(cycle), lambda: app.decorated({(1,): 2})]
result = [told(caught(each, kind))[:2] for each in calls[:1] for kind in (TypeError, z.AsyncException, z.UnserializableJsonError)] + [[asked(each), type(caught(each).__cause__).__name__] for each in calls] + [str(caught(calls[0]))]`,
    [
      ...Array.from({ length: 3 }, () => ['AsyncSerializationError', 'not_serializable']),
      [[], 'TypeError'],
      [[], 'TypeError'],
      [[], 'ValueError'],
      [[], 'TypeError'],
      'Object of type set is not JSON serializable',
    ],
  ],
  [
    'what cannot be imported is refused, and nothing is stored (Q4, P3)',
    `
import functools, collections
def local(): pass
calls = [lambda: z.run(lambda: 1), lambda: z.run(app.makes_nested()), lambda: z.run(app.C().m), lambda: z.run(functools.partial(app.f2, 1)), lambda: z.run(math.factorial, [5]), lambda: z.run(collections.OrderedDict), lambda: z.run(local), lambda: z.task(lambda: 1)(), lambda: z.task(app.makes_nested())(), lambda: z.run(z.get_async_response, ["x"])]
gone = z.task(app.f7)
calls.append(lambda: (vars(app).pop("f7", None), gone(1)))
result = [[told(caught(each))[1], asked(each)] for each in calls]
result.append(str(caught(lambda: z.run(lambda: 1))))`,
    [
      ...Array.from({ length: 11 }, () => ['not_importable', []]),
      '__main__.<lambda> cannot be a task: it is a lambda',
    ],
  ],
  [
    'send, which has only a path, looks for its module (P4)',
    `
send = lambda path: told(caught(lambda: z.LambdaAsyncResponse().send(path, [], {})))[1]
result = [send(each) for each in ("os.system", "nodot", "missing.f", "app.1f", "a b.c", "json.dumps", "sys.exit", "zappa.asynchronous.run")] + [z.LambdaAsyncResponse().send("ex1.nothing", [], {}).sent, "ex1" in sys.modules]`,
    [...Array.from({ length: 8 }, () => 'not_importable'), true, false],
  ],
  [
    'paths, as Zappa makes them (P1)',
    'result = [z.get_func_task_path(each) for each in (app.f2, app.decorated, lambda: 1, app.C().m, app.makes_nested(), math.factorial)]',
    ['app.f2', 'app.decorated', '__main__.<lambda>', 'app.m', 'app.inner', 'math.factorial'],
  ],
  [
    'import_and_get_task (Q14, A5)',
    `
result = [told(caught(lambda: z.import_and_get_task(each)))[0] for each in ("nodot", "app.missing", "missing.f")] + [z.import_and_get_task("app.decorated") is app.decorated, z.import_and_get_task("os.path.join") is os.path.join]`,
    ['ValueError', 'AttributeError', 'ModuleNotFoundError', true, true],
  ],
  [
    'errors can be made without arguments, and carry what is known (§6)',
    `
import pickle
error = z.AsyncException()
full = pickle.loads(pickle.dumps(z.AsyncException("text", code="c", attempts=2)))
result = [str(error), [getattr(error, name) for name in ("code", "response_id", "task_path", "error_type", "error_message", "attempts")], str(full), full.code, full.attempts, issubclass(z.AsyncSerializationError, z.UnserializableJsonError), issubclass(z.UnserializableJsonError, TypeError)]`,
    ['', [null, null, null, null, null, null], 'text', 'c', 2, true, true],
  ],
  [
    'names to patch are there and are never used (§2)',
    'result = [getattr(z, name) for name in ("ASYNC_RESPONSE_TABLE", "aws_session", "LAMBDA_CLIENT", "SNS_CLIENT", "STS_CLIENT", "DYNAMODB_CLIENT", "LAMBDA_ASYNC_PAYLOAD_LIMIT", "SNS_ASYNC_PAYLOAD_LIMIT")]',
    [null, null, null, null, null, null, 256_000, 256_000],
  ],
  [
    'outside of a task there is no progress (U1)',
    'result = [z.update_progress(1), asked(lambda: z.update_progress(1))]',
    [false, []],
  ],
]

describe('a call below fnbox', () => {
  let results: Results
  beforeAll(async () => {
    results = await below(Object.fromEntries(cases.map(([title, code]) => [title, code])))
  })

  it.each(cases)('%s', (title, _, expected) => {
    expect(results[title]).toEqual(expected)
  })
})

describe('the module', () => {
  it('has exactly the public names (§2)', async () => {
    const names = await evaluate(
      'import zappa.asynchronous as z\nresult = [sorted(z.__all__), sorted(each for each in dir(z) if not each.startswith("_"))]',
    )
    const expected = [
      'ASYNC_CLASSES ASYNC_RESPONSE_TABLE AsyncException AsyncSerializationError DYNAMODB_CLIENT',
      'LAMBDA_ASYNC_PAYLOAD_LIMIT LAMBDA_CLIENT LambdaAsyncResponse SNS_ASYNC_PAYLOAD_LIMIT SNS_CLIENT STS_CLIENT',
      'SnsAsyncResponse UnserializableJsonError aws_session get_async_response get_func_task_path',
      'import_and_get_task route_lambda_task route_sns_task run run_message task task_sns update_progress',
    ].flatMap((line) => line.split(' '))
    expect(names).toEqual([expected, expected])
  })

  it('needs neither boto3 nor the engine at import (G2)', async () => {
    const { stdout, stderr } = await python(
      ['-c', 'import sys, zappa.asynchronous; print("boto3" in sys.modules)'],
      { env: { FNBOX_RUNTIME_API: 'unix:/nowhere' } },
    )
    expect([stdout, stderr]).toEqual(['False\n', ''])
  })

  it('comes with the four names of zappa.utilities (G3)', async () => {
    const code = `
import zappa.utilities as u, zappa.asynchronous as z
raised = None
try: u.validate_json_serializable({1})
except u.UnserializableJsonError as error: raised = str(error)
result = [z.UnserializableJsonError is u.UnserializableJsonError, raised, u.validate_json_serializable(1, a=2), u.import_and_get_function("os.getcwd").__name__, u.get_topic_name("f")]`
    expect(await evaluate(code)).toEqual([
      true,
      'Object of type set is not JSON serializable',
      null,
      'getcwd',
      'f-zappa-async',
    ])
  })

  it('says once what it ignores (T1, T4, O3)', async () => {
    const code = `
import zappa.asynchronous as z, app
for _ in range(2):
    z.task(unknown=1, arn="a")(app.f2); app.by_pigeon(1); z.LambdaAsyncResponse; z.run(app.f2, 1, remote_aws_lambda_function_name="other")`
    const { stderr } = await python(['-c', code], {
      cwd: tasksFolder,
      env: { AWS_LAMBDA_FUNCTION_NAME: 'own', FNBOX_RUNTIME_API: '' },
    })
    expect(stderr.trimEnd().split('\n')).toEqual([
      'task() ignores unknown, arn',
      "app.by_pigeon runs in place: there is no service 'pigeon'",
      'tasks for the function other run in this one, own: there is no other here',
    ])
  })

  it('does not dispatch for the sake of AWS_LAMBDA_FUNCTION_NAME or a remote name alone (W1)', async () => {
    const code = `
os.environ["AWS_LAMBDA_FUNCTION_NAME"] = "f"
result = [app.decorated.sync(1), z.task(app.f2, remote_aws_lambda_function_name="g")(3)]`
    expect(await outside({ code })).toEqual({ code: [[[1], {}], 3] })
  })
})
