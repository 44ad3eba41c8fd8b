// `fnbox/tasks` as programs use it (tasks.md §11, with the rules of §3 to §8 and §12): in an instance whose engine is the
// test, and outside of fnbox.

import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import * as tasks from 'fnbox/tasks'
import { functionsOf, Peer } from '../runtime/player.ts'
import { withFiles } from '../harness/files.ts'
import { TaskService } from '../harness/taskService.ts'

const uuid = expect.stringMatching(
  /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}$/,
) as string
const outside = { FNBOX_RUNTIME_API: '' }
const command = 'zappa.asynchronous.route_lambda_task'

/** What the code returns that runs in an instance, with `tasks`, `app` (task_app.mjs) and `thrown` at hand. */
async function evaluate(code: string, env: NodeJS.ProcessEnv = outside): Promise<unknown> {
  await using peer = await evaluating(env)
  return await evaluateIn(peer, code)
}

async function evaluating(env: NodeJS.ProcessEnv): Promise<Peer> {
  const peer = new Peer('node', functionsOf('node'), env)
  await peer.load('task_evaluates.handler')
  return peer
}

async function evaluateIn(peer: Peer, code: string): Promise<unknown> {
  const { header, body } = await peer.invoke(code)
  if (header.type !== 'returned') throw new Error(JSON.stringify(header))
  return body.length === 0 ? undefined : (JSON.parse(body.toString()) as unknown)
}

/** The code's value, and what the engine was asked. */
async function dispatching(code: string): Promise<{ value: unknown; engine: TaskService }> {
  await using engine = await TaskService.start()
  return { value: await evaluate(code, engine.env), engine }
}

function record(members: object): object {
  const none = { response_text: null, progress_text: null, response_omitted: null, error: null, attempts: [] }
  return { id: 'x', task_path: 'app.f', capture: 'on', ...none, ...members }
}

// Not run: the compiler looks at it (npm run check:types).
async function program(): Promise<number> {
  const add = tasks.task((a: number, b: number) => a + b, { path: 'app.add', delaySeconds: 1 })
  const decorated = tasks.taskSns({ captureResponse: true })(async (text: string) => text.length)
  // @ts-expect-error -- arguments are those of the function
  await add('1', 2)
  const given = await decorated('text')
  if (given instanceof tasks.LambdaAsyncResponse) return given.wait({ timeout: 1 })
  const response: tasks.LambdaAsyncResponse<number> = await tasks.run(add, [1, 2], {}, { service: 'sns' })
  const found = await tasks.getAsyncResponse(response.responseId)
  return found?.status === 'complete' ? Number(found.response) : given
}

describe('what is exported', () => {
  it('all names of the table, and nothing else', () => {
    expect(Object.keys(tasks).toSorted()).toEqual([
      'ASYNC_CLASSES',
      'AsyncException',
      'AsyncSerializationError',
      'LAMBDA_ASYNC_PAYLOAD_LIMIT',
      'LambdaAsyncResponse',
      'SNS_ASYNC_PAYLOAD_LIMIT',
      'SnsAsyncResponse',
      'getAsyncResponse',
      'getFuncTaskPath',
      'importAndGetTask',
      'routeLambdaTask',
      'routeSnsTask',
      'run',
      'runMessage',
      'task',
      'taskSns',
      'updateProgress',
    ])
    expect([tasks.LAMBDA_ASYNC_PAYLOAD_LIMIT, tasks.SNS_ASYNC_PAYLOAD_LIMIT]).toEqual([256_000, 256_000])
    expect(tasks.ASYNC_CLASSES).toEqual({ lambda: tasks.LambdaAsyncResponse, sns: tasks.SnsAsyncResponse })
  })

  it('has types with which a program is checked', () => {
    expect(program).toBeTypeOf('function')
  })

  it('AsyncException needs no arguments; what does not apply is null (§6)', () => {
    const error = new tasks.AsyncException()
    expect(error).toMatchObject({ name: 'AsyncException', message: '', code: null, responseId: null })
    expect(error).toMatchObject({ taskPath: null, errorType: null, errorMessage: null, attempts: null })
    expect(new tasks.AsyncSerializationError()).toBeInstanceOf(tasks.AsyncException)
  })
})

describe('task', () => {
  it('keeps name and length, and has sync, service and taskPath (T1, T2)', async () => {
    const code = `return [app.double, app.kept, app.mail, app.unserved, app.elsewhere].map((f) =>
      [f.name, f.length, f.service, f.taskPath, typeof f.sync])`
    expect(await evaluate(code)).toEqual([
      ['double', 1, 'lambda', 'task_app.double', 'function'],
      ['kept', 1, 'lambda', 'task_app.kept', 'function'],
      ['mail', 2, 'sns', 'task_app.mail', 'function'],
      ['unserved', 1, 'pigeon', 'task_app.unserved', 'function'],
      ['', 1, 'lambda', 'task_app.elsewhere', 'function'],
    ])
  })

  it('taskSns overrides a service, and is a decorator, too (T5)', async () => {
    const code = `const f = function f() {}
      return [tasks.taskSns(f, { service: 'lambda' }), tasks.taskSns()(f), tasks.task()(f)].map((each) => each.service)`
    expect(await evaluate(code)).toEqual(['sns', 'sns', 'lambda'])
  })

  it('a call dispatches, whatever its arguments, and gives a response object (T3, J1)', async () => {
    const { value, engine } = await dispatching('return app.double([1, { a: "é😀" }], 2)')
    expect(value).toEqual({
      responseId: uuid,
      captureResponse: true,
      lambdaFunctionName: 'd4e-function',
      awsRegion: null,
      client: {},
      response: { StatusCode: 202 },
      sent: true,
    })
    const { responseId } = value as { responseId: string }
    const message = String.raw`{"task_path":"task_app.double","capture_response":true,"response_id":"${responseId}","args":[[1,{"a":"\u00e9\ud83d\ude00"}],2],"kwargs":{},"command":"${command}"}`
    expect(engine.asked).toEqual([
      {
        method: 'POST',
        path: '/v1/tasks',
        body: { id: responseId, service: 'lambda', capture: 'default', delay_seconds: 0, message },
      },
    ])
  })

  it('of service sns gives an SnsAsyncResponse (§4)', async () => {
    const { value, engine } = await dispatching(`const response = await app.mail('you')
      return { ...response, is: response instanceof tasks.SnsAsyncResponse }`)
    const { responseId } = value as { responseId: string }
    expect(value).toMatchObject({
      is: true,
      arn: 'arn:aws:sns:local:000000000000:d4e-function-zappa-async',
      sent: responseId,
      response: { MessageId: responseId },
    })
    expect(engine.asked[0]?.body).toMatchObject({ service: 'sns' })
    expect(engine.messages).toMatchObject([{ command: 'zappa.asynchronous.route_sns_task' }])
  })

  it('tells whether a result is asked for (O1, O2)', async () => {
    const { engine } = await dispatching(`for (const captureResponse of [undefined, true, false])
      await tasks.run(app.double, [1], {}, { captureResponse })`)
    expect(engine.asked.map(({ body }) => body['capture'])).toEqual(['default', 'on', 'off'])
    expect(engine.messages).toMatchObject([
      { capture_response: true, response_id: uuid },
      { capture_response: true, response_id: uuid },
      { capture_response: false, response_id: null },
    ])
  })

  it('delaySeconds is a number from 0 to 604800 (O4)', async () => {
    const { value, engine } = await dispatching(`await app.delayed()
      const kinds = []
      for (const delaySeconds of [-1, 604801, NaN, '1', null, true])
        kinds.push((await thrown(tasks.run(app.double, [1], {}, { delaySeconds }))).type)
      return [...kinds, (await thrown(app.overdue())).type]`)
    expect(value).toEqual(Array<string>(7).fill('RangeError'))
    expect(engine.asked.map(({ body }) => body['delay_seconds'])).toEqual([2])
  })

  it('of an unknown service runs in place, and says so once (T4)', async () => {
    await using engine = await TaskService.start()
    await using peer = await evaluating(engine.env)
    expect(await evaluateIn(peer, 'return [await app.unserved(1), await app.unserved(2)]')).toEqual([1, 2])
    expect(engine.asked).toEqual([])
    await expect.poll(() => peer.stderr.split('pigeon is not a service of tasks')).toHaveLength(2)
  })

  it('classes are looked up at every call, and called with three keywords (O5)', async () => {
    const { value } = await dispatching(`const seen = []
      tasks.ASYNC_CLASSES.pigeon = class extends tasks.LambdaAsyncResponse {
        constructor(options) { super(options); seen.push(options) }
        async _send(message) { seen.push(message) }
      }
      const response = await app.unserved(1)
      await tasks.run(app.double, [1], {}, { service: 'pigeon', delaySeconds: 3 })
      return [seen, response.sent ?? 'absent']`)
    const message = { capture_response: true, response_id: uuid, args: [1], kwargs: {} }
    const options = { lambdaFunctionName: 'd4e-function', awsRegion: null, captureResponse: true }
    expect(value).toEqual([
      [
        options,
        { task_path: 'task_app.unserved', ...message },
        { ...options, delaySeconds: 3 },
        { task_path: 'task_app.double', ...message },
      ],
      'absent',
    ])
  })
})

describe('run', () => {
  it('takes args and kwargs, and defaults for both (N1)', async () => {
    const { engine } = await dispatching(`await tasks.run(app.double)
      await tasks.run(app.plain, [1], { a: 2 }, { path: 'task_app.plain', unknown: 1 })`)
    expect(engine.messages).toMatchObject([
      { task_path: 'task_app.double', args: [], kwargs: {} },
      { task_path: 'task_app.plain', args: [1], kwargs: { a: 2 } },
    ])
  })

  it('uses service lambda unless told, also for what taskSns has made (R7)', async () => {
    const { engine } = await dispatching(`await tasks.run(app.mail, ['you'])
      await tasks.run(app.mail, ['you'], {}, { service: 'sns' })`)
    expect(engine.asked.map(({ body }) => body['service'])).toEqual(['lambda', 'sns'])
  })

  it.each(['5', 'app.double, 5', 'app.double, {}', 'app.double, [], []', 'app.double, [], new Map()'])(
    'run(%s) is a TypeError, and so is an unknown service (N1, R9)',
    async (given) => {
      const { value, engine } = await dispatching(`return [await thrown(tasks.run(${given})),
        await thrown(tasks.run(app.double, [], {}, { service: 'pigeon' }))]`)
      expect(value).toMatchObject([{ type: 'TypeError' }, { type: 'TypeError' }])
      expect(engine.asked).toEqual([])
    },
  )

  it('finds an export of a loaded CommonJS module (N2)', async () => {
    await using engine = await TaskService.start()
    await using peer = new Peer('node', functionsOf('node'), engine.env)
    await peer.load('task_common.handler')
    await peer.invoke(7)
    expect(engine.messages).toMatchObject([{ task_path: 'task_common.plain', args: [7] }])
  })

  it.each([
    '() => 1',
    'function nested() {}',
    'class { method() {} }.prototype.method',
    'app.double.sync.bind(null)',
    'Math.max',
    'app.plain',
    'app.unnamed',
  ])('%s is not importable, and nothing is stored (P3, Q4)', async (fn) => {
    const { value, engine } = await dispatching(`return thrown(tasks.run(${fn}, [5]))`)
    expect(value).toMatchObject({ isAsync: true, code: 'not_importable' })
    expect(engine.asked).toEqual([])
  })

  it.each(['nodot', 'absent.f', 'task_app.5', '../x.f', 'task_app.', '.double'])(
    'path %s is not importable, and neither does send take it (P4, X2, X3)',
    async (path) => {
      const { value, engine } = await dispatching(`const path = ${JSON.stringify(path)}
        return [await thrown(tasks.run(app.plain, [], {}, { path })),
          await thrown(new tasks.LambdaAsyncResponse().send(path, [], {}))]`)
      expect(value).toMatchObject([{ code: 'not_importable' }, { code: 'not_importable' }])
      expect(engine.asked).toEqual([])
    },
  )
})

describe('what cannot be handed over', () => {
  it.each([
    ['lambda', 'on', 255_829],
    ['lambda', 'off', 255_862],
    ['sns', 'on', 255_832],
    ['sns', 'off', 255_865],
  ])('more than 256000 characters: %s, capture %s (S1, Q1)', async (service, capture, longest) => {
    const code = `const send = (length) => new tasks.ASYNC_CLASSES['${service}']({ captureResponse: ${String(capture === 'on')} })
        .send('app.f', ['x'.repeat(length)], {})
      await send(${longest})
      return thrown(send(${longest} + 1))`
    await using engine = await TaskService.start()
    await withFiles({ 'app.js': '', 'handler.mjs': evaluator }, async (root) => {
      await using peer = new Peer('node', root, engine.env)
      await peer.load('handler.handler')
      const message =
        service === 'sns' ? 'Payload too large for SNS' : 'Payload too large for async Lambda call'
      expect(await evaluateIn(peer, code)).toMatchObject({ code: 'payload_too_large', message })
    })
    expect(engine.asked.map(({ body }) => String(body['message']).length)).toEqual([256_000])
  })

  it.each(['1n', 'app.cycle', '{ toJSON() { throw new RangeError("no") } }'])(
    'argument %s: AsyncSerializationError with its cause, nothing stored (N3, E2, Q2)',
    async (given) => {
      const code = `app = { ...app, cycle: {} }; app.cycle.self = app.cycle
        return [await thrown(app.double(${given})), await thrown(tasks.run(app.double, [${given}]))]`
      const cause = given.includes('toJSON') ? 'RangeError' : 'TypeError'
      const error = { type: 'AsyncSerializationError', isAsync: true, code: 'not_serializable', cause }
      const { value, engine } = await dispatching(code)
      expect(value).toMatchObject([error, error])
      expect(engine.asked).toEqual([])
      expect(await evaluate(code)).toMatchObject([error, error])
    },
  )
})

describe('the engine', () => {
  it('a dispatch whose connection broke is sent once more with the same id (H1)', async () => {
    await using engine = await TaskService.start()
    engine.answers.push('break')
    await evaluate('return app.double(1)', engine.env)
    expect(engine.asked).toHaveLength(2)
    expect(engine.asked[1]).toEqual(engine.asked[0])
  })

  it('once more and no more; what is read is not read again (H1)', async () => {
    await using engine = await TaskService.start()
    engine.answers.push('break', 'break', 'break')
    const code = 'return [await thrown(app.double(1)), await thrown(tasks.getAsyncResponse("x"))]'
    expect(await evaluate(code, engine.env)).toMatchObject([
      { code: 'engine_unreachable' },
      { code: 'engine_unreachable' },
    ])
    expect(engine.asked).toHaveLength(3)
  })

  it.each([
    [400, 'bad_request'],
    [409, 'conflict'],
    [413, 'payload_too_large'],
    [429, 'queue_full'],
  ])('%i is %s, with its text (§6)', async (status, code) => {
    await using engine = await TaskService.start()
    engine.answers.push([status, { error: { code, message: 'the reason' } }])
    const error = await evaluate('return thrown(app.double(1))', engine.env)
    expect(error).toMatchObject({ type: 'AsyncException', code, message: 'the reason' })
  })

  it.each<[number, object?]>([[503, { error: { code: 'draining', message: 'stopping' } }], [500], [200]])(
    '%i %j is engine_unreachable (§6)',
    async (status, document) => {
      await using engine = await TaskService.start()
      engine.answers.push([status, document])
      expect(await evaluate('return thrown(app.double(1))', engine.env)).toMatchObject({
        code: 'engine_unreachable',
      })
    },
  )

  it('that nobody serves is unreachable for all who need it; the function is not run (W1, Q15)', async () => {
    const code = `return [await thrown(app.double(1)), await thrown(tasks.run(app.leaves, [1])),
      await thrown(tasks.getAsyncResponse('x'))].map(({ code }) => code)`
    const env = { FNBOX_RUNTIME_API: 'unix:/nowhere/i-1.sock' }
    expect(await evaluate(code, env)).toEqual(Array<string>(3).fill('engine_unreachable'))
  })

  it('takes many dispatches at a time', async () => {
    const { value, engine } = await dispatching(
      'return (await Promise.all(Array.from({ length: 200 }, (_, n) => app.double(n)))).length',
    )
    expect([value, engine.asked.length]).toEqual([200, 200])
  })
})

describe('getAsyncResponse', () => {
  it.each<[string, object, unknown]>([
    ['in progress', { status: 'in progress' }, { status: 'in progress', response: 'N/A' }],
    [
      'its progress',
      { status: 'in progress', progress_text: '{"p":50}' },
      { status: 'in progress', response: { p: 50 } },
    ],
    ['complete', { status: 'complete', response_text: '[1]' }, { status: 'complete', response: [1] }],
    ['complete without a result', { status: 'complete' }, { status: 'complete', response: null }],
    ['capture off', { status: 'failed', capture: 'off' }, null],
  ])('%s (A2, A3)', async (_, members, expected) => {
    await using engine = await TaskService.start()
    engine.records.set('x', record(members))
    expect(await evaluate('return tasks.getAsyncResponse("x")', engine.env)).toEqual(expected)
  })

  it('rejects for a failed task (A3)', async () => {
    await using engine = await TaskService.start()
    const attempts = [{ outcome: 'interrupted' }, { outcome: 'failed' }, { outcome: 'failed' }]
    const error = { type: 'ValueError', message: 'x' }
    engine.records.set('x', record({ status: 'failed', error, attempts }))
    expect(await evaluate('return thrown(tasks.getAsyncResponse("x"))', engine.env)).toMatchObject({
      message: 'app.f: ValueError: x',
      code: 'task_failed',
      taskPath: 'app.f',
      errorType: 'ValueError',
      errorMessage: 'x',
      attempts: 2,
      responseId: 'x',
    })
  })

  it('of null, "None" and what nobody knows is null (A1, Q5)', async () => {
    const code = `const ids = [null, undefined, 'None', crypto.randomUUID(), '', 'a b']
      return Promise.all(ids.map((id) => tasks.getAsyncResponse(id)))`
    const { value } = await dispatching(code)
    expect([value, await evaluate(code)]).toEqual([Array(6).fill(null), Array(6).fill(null)])
  })
})

describe('wait', () => {
  const waited = 'const r = await app.double(1); return thrown(r.wait({ timeout: 0 }))'

  it('asks in slices of at most 30 s until the task is final, and gives its value (C2)', async () => {
    await using engine = await TaskService.start()
    engine.answers.push([202, {}], [200, record({ status: 'in progress' })])
    engine.answers.push([200, record({ status: 'complete', response_text: '[4]' })])
    expect(await evaluate('return (await app.double(2)).wait()', engine.env)).toEqual([4])
    const asked = engine.asked.slice(1).map(({ path }) => path.replace(/^.*\?/, ''))
    expect(asked).toEqual(['wait=30', 'wait=30'])
  })

  it('rejects: not sent, not known, too long, deadlock, failed (C2, C3)', async () => {
    await using engine = await TaskService.start()
    await using peer = await evaluating(engine.env)
    expect(await evaluateIn(peer, 'return thrown(new tasks.LambdaAsyncResponse().wait())')).toMatchObject({
      code: 'not_sent',
    })
    expect(await evaluateIn(peer, waited)).toMatchObject({ code: 'not_found', responseId: uuid })
    engine.answers.push([202, {}], [200, record({ status: 'in progress' })])
    expect(await evaluateIn(peer, waited)).toMatchObject({ code: 'wait_timeout' })
    engine.answers.push([202, {}], [409, { error: { code: 'wait_deadlock', message: 'never' } }])
    expect(await evaluateIn(peer, waited)).toMatchObject({ code: 'wait_deadlock', message: 'never' })
    engine.answers.push([202, {}], [200, record({ status: 'failed', error: { type: 'E', message: 'm' } })])
    expect(await evaluateIn(peer, waited)).toMatchObject({ code: 'task_failed' })
  })
})

describe('runMessage', () => {
  it('takes a message or four parts, and gives the value (M1, M2, Q13)', async () => {
    const code = `return [
      await tasks.runMessage({ task_path: 'task_app.double', args: [1], kwargs: {}, other: 1 }),
      await tasks.runMessage('lambda', 'task_app.plain', [1], { a: 2 }),
      ...await Promise.all([
        tasks.runMessage({}), tasks.runMessage('pigeon', 'task_app.double', [1], {}), tasks.runMessage('lambda'),
        tasks.runMessage({ task_path: 'task_app.double', args: [1], kwargs: {}, capture_response: true }),
        tasks.runMessage({ task_path: 'task_app.fails', args: ['x'], kwargs: {} }),
      ].map(async (each) => (await thrown(each)).type)),
    ]`
    const expected = [
      2,
      ['plain', 1, { a: 2 }],
      'TypeError',
      'RangeError',
      'TypeError',
      'TypeError',
      'RangeError',
    ]
    const { value, engine } = await dispatching(code)
    expect([value, await evaluate(code)]).toEqual([expected, expected])
    expect(engine.asked).toEqual([])
  })

  it('writes a record where the message asks for it (M3)', async () => {
    const { engine, value } = await dispatching(`
      const message = (name, args, id) =>
        ({ task_path: 'task_app.' + name, args, kwargs: {}, capture_response: true, response_id: id })
      return [
        await tasks.runMessage(message('double', [2], 'a')),
        await thrown(tasks.runMessage(message('fails', ['x'], 'b'))),
        await thrown(tasks.runMessage(message('kept', ['big'], 'c'))),
      ]`)
    expect(value).toMatchObject([4, { type: 'RangeError' }, { code: 'not_serializable' }])
    const error = { type: 'RangeError', message: 'x', stack: expect.any(String) as string }
    expect(engine.asked.map(({ method, path, body }) => [`${method} ${path}`, body])).toMatchObject([
      ['PUT /v1/tasks/a', { task_path: 'task_app.double', status: 'in progress' }],
      ['PUT /v1/tasks/a', { status: 'complete', response_text: '4' }],
      ['PUT /v1/tasks/b', { status: 'in progress' }],
      ['PUT /v1/tasks/b', { status: 'failed', error }],
      ['PUT /v1/tasks/c', { status: 'in progress' }],
      ['PUT /v1/tasks/c', { status: 'failed', error: { type: 'TypeError' } }],
    ])
  })

  it.each([
    ['os.system', {}],
    ['task_app.system', {}],
    ['task_app.number', {}],
    ['task_app.bound', {}],
    ['task_app', {}],
    ['task_app.double', { command: 'os.getcwd' }],
  ])('under fnbox %s %j is not allowed (M4)', async (path, members) => {
    const message = JSON.stringify({ task_path: path, args: [], kwargs: {}, ...members })
    const { value } = await dispatching(`return thrown(tasks.runMessage(${message}))`)
    expect(value).toMatchObject({ type: 'AsyncException', code: 'not_allowed' })
  })

  it('is what the routes do (M5)', async () => {
    const code = `const message = { task_path: 'task_app.double', args: [3], kwargs: {} }
      const event = { Records: [{ Sns: { Message: JSON.stringify(message) } }, {}] }
      return [await tasks.routeLambdaTask(message, {}), await tasks.routeSnsTask(event, {})]`
    expect(await evaluate(code)).toEqual([6, 6])
  })
})

describe('paths', () => {
  it('importAndGetTask gives the wrapper, or says what is missing (A5, Q14)', async () => {
    const code = `return [await tasks.importAndGetTask('task_app.double') === app.double,
      await tasks.importAndGetTask('task_app.number'),
      await thrown(tasks.importAndGetTask('nodot')), await thrown(tasks.importAndGetTask('task_app.missing')),
      await thrown(tasks.importAndGetTask('missing.f'))]`
    const errors = [{ type: 'RangeError' }, { type: 'ReferenceError' }, { code: 'ERR_MODULE_NOT_FOUND' }]
    expect(await evaluate(code)).toMatchObject([true, 5, ...errors])
  })

  it('getFuncTaskPath never throws (P1)', async () => {
    const code = 'return [app.double, () => 1, app.plain, app.unnamed].map((f) => tasks.getFuncTaskPath(f))'
    expect(await evaluate(code)).toEqual(['task_app.double', '?.<anonymous>', '?.plain', 'task_app.'])
  })

  it('are those of files: in folders, with a dash, not with a dot (N2)', async () => {
    const module = `import { task } from 'fnbox/tasks'\nexport const f = task(function f() {})`
    const files = {
      'lib/send-mail.mjs': module,
      'lib/send.mail.mjs': module,
      'handler.mjs': `import { f as good } from './lib/send-mail.mjs'
        import { f as bad } from './lib/send.mail.mjs'
        export const handler = async () => {
          await good()
          return [good.taskPath, await bad().catch(({ code }) => code)]
        }`,
    }
    await using engine = await TaskService.start()
    await withFiles(files, async (root) => {
      await using peer = new Peer('node', root, engine.env)
      await peer.load('handler.handler')
      const { body } = await peer.invoke()
      expect(JSON.parse(body.toString())).toEqual(['lib.send-mail.f', 'not_importable'])
    })
  })

  it('a file outside of the code root is not importable under fnbox (P3)', async () => {
    await using engine = await TaskService.start()
    const shared = {
      'shared.mjs': `import { task } from 'fnbox/tasks'\nexport const f = task(function f() {})`,
    }
    await withFiles(shared, (other) =>
      withFiles({ 'handler.mjs': evaluator }, async (root) => {
        await using peer = new Peer('node', root, engine.env)
        await peer.load('handler.handler')
        const code = `const { f } = await import(${JSON.stringify(join(other, 'shared.mjs'))})\nreturn thrown(f())`
        expect(await evaluateIn(peer, code)).toMatchObject({ code: 'not_importable' })
      }),
    )
  })
})

describe('outside of fnbox', () => {
  it('a call runs in place with the objects themselves and gives the plain value (T3, W2, Q16)', async () => {
    const code = `const given = {}
      const [same] = await app.echo(given)
      return [await app.double(3), same === given, await thrown(app.fails('x')), await app.overdue() ?? 'nothing']`
    expect(await evaluate(code)).toMatchObject([6, true, { type: 'RangeError', message: 'x' }, 'nothing'])
  })

  it('run gives a response that is final, whatever happened (W3, Q16)', async () => {
    const code = `const good = await tasks.run(app.echo, [{ a: undefined, b: 1 }], { c: 2 })
      const bad = await tasks.run(app.fails, ['x'])
      const off = await tasks.run(app.double, [1], {}, { captureResponse: false })
      return [good, await tasks.getAsyncResponse(good.responseId), await good.wait(),
        await thrown(tasks.getAsyncResponse(bad.responseId)), await thrown(bad.wait()),
        await tasks.getAsyncResponse(off.responseId), await off.wait()]`
    const value = [{ b: 1 }, { c: 2 }]
    const failure = { code: 'task_failed', message: 'task_app.fails: RangeError: x', attempts: 1 }
    expect(await evaluate(code)).toMatchObject([
      { sent: true, response: { StatusCode: 202 } },
      { status: 'complete', response: value },
      value,
      failure,
      failure,
      null,
      null,
    ])
  })

  it('the same checks as for a dispatch (W3, P4)', async () => {
    const code = `const codes = []
      for (const each of [tasks.run(app.plain), tasks.run(app.double, [1n]), tasks.run(app.double, ['x'.repeat(256e3)]),
        tasks.run(app.double, [1], {}, { delaySeconds: -1 })]) codes.push((await thrown(each)).code ?? 'none')
      return codes`
    expect(await evaluate(code)).toEqual(['not_importable', 'not_serializable', 'payload_too_large', 'none'])
  })

  it('send executes what the path names; the newest 1000 results are kept (C1, W3)', async () => {
    const code = `const responses = []
      for (let n = 0; n < 1001; n += 1)
        responses.push(await new tasks.LambdaAsyncResponse().send('task_app.double', [n], {}))
      const [first, second] = responses
      return [await tasks.getAsyncResponse(first.responseId), await second.wait()]`
    expect(await evaluate(code)).toEqual([null, 2])
  })

  it('updateProgress has no effect (U1)', async () => {
    expect(await evaluate('return [await tasks.updateProgress(1), await app.works(1)]')).toEqual([
      false,
      false,
    ])
  })
})

const evaluator = `import * as tasks from 'fnbox/tasks'
const thrown = (promise) => promise.then(() => 'nothing', ({ code, message }) => ({ code, message }))
export const handler = async (code) => new AsyncFunction('tasks', 'thrown', code)(tasks, thrown)
const AsyncFunction = (async () => {}).constructor`
