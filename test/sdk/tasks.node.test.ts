// `fnbox/tasks` as programs use it (tasks.md, rule N, with N2, N3, §6 to §8 and §12): in an instance whose engine is the test, and
// outside of fnbox.

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
  return { id: 'x', task_path: 'app.f', response_text: null, progress_text: null, attempts: [], ...members }
}

const failed = { state: 'failed', error: { type: 'E', message: 'm' } }

// Not run: the compiler looks at it (npm run check:types).
async function program(): Promise<number | null> {
  const add = tasks.task(async (a: number, b: number) => a + b, { path: 'app.add', delay: 1, attempts: 2 })
  // @ts-expect-error -- arguments are those of the function
  await add('1', 2)
  const handle: tasks.TaskHandle<number> = await add(1, 2)
  if ((await handle.status())?.state === 'complete') return await handle.result({ wait: 1 })
  return await tasks.getTask<number>(handle.id).result()
}

describe('the module', () => {
  it('exports the names of rule N, and nothing else', () => {
    expect(Object.keys(tasks).toSorted()).toEqual(['TaskError', 'TaskHandle', 'getTask', 'progress', 'task'])
  })

  it('has types with which a program is checked', () => {
    expect(program).toBeTypeOf('function')
  })
})

describe('a call of a task', () => {
  it('dispatches whatever its arguments and gives a handle (J1)', async () => {
    const { value, engine } = await dispatching(
      'return [await app.double([1, { a: "é😀" }], 2), app.double.name]',
    )
    expect(value).toEqual([{ id: uuid }, 'double'])
    const [{ id }] = value as [{ id: string }]
    const message = String.raw`{"task_path":"task_app.double","capture_response":true,"response_id":"${id}","args":[[1,{"a":"\u00e9\ud83d\ude00"}],2],"kwargs":{},"command":"zappa.asynchronous.route_lambda_task"}`
    const terms = { service: 'lambda', capture: 'on', delay_seconds: 0 }
    expect(engine.asked).toEqual([{ method: 'POST', path: '/v1/tasks', body: { id, ...terms, message } }])
  })

  it('passes on delay, attempts and timeout', async () => {
    const { engine } = await dispatching('await app.limited()')
    const terms = { delay_seconds: 2, max_attempts: 5, timeout_seconds: 0.5 }
    expect(engine.asked).toMatchObject([{ body: terms }])
  })

  it('dispatches CommonJS functions, too', async () => {
    await using engine = await TaskService.start()
    await using peer = new Peer('node', functionsOf('node'), engine.env)
    await peer.load('task_common.handler')
    await peer.invoke(7)
    expect(engine.messages).toMatchObject([{ task_path: 'task_common.wrapped', args: [7] }])
  })

  it('dispatches two hundred at a time', async () => {
    const { value, engine } = await dispatching(
      'return (await Promise.all(Array.from({ length: 200 }, (_, n) => app.double(n)))).length',
    )
    expect([value, engine.asked.length]).toEqual([200, 200])
  })

  it('rejects functions that another instance cannot import, in both places (P3)', async () => {
    const code = `const fns = [app.unnamed, tasks.task(Math.max.bind(null))]
      return Promise.all(fns.map((fn) => thrown(fn(5))))`
    const { value, engine } = await dispatching(code)
    const error = { type: 'TaskError', code: 'not_importable' }
    expect([value, await evaluate(code)]).toMatchObject([
      [error, error],
      [error, error],
    ])
    expect(engine.asked).toEqual([])
  })

  it('rejects more than 256000 characters, and takes as many (S1)', async () => {
    const empty = `{"task_path":"task_app.double","capture_response":true,"response_id":"${'x'.repeat(36)}","args":[""],"kwargs":{},"command":"zappa.asynchronous.route_lambda_task"}`
    const { value, engine } = await dispatching(`const send = (length) => app.double('x'.repeat(length))
      await send(${256_000 - empty.length})
      return thrown(send(${256_001 - empty.length}))`)
    const message = 'the call of task_app.double has 256001 characters; the limit is 256000'
    expect(value).toMatchObject({ code: 'payload_too_large', message })
    expect(engine.asked.map(({ body }) => String(body['message']).length)).toEqual([256_000])
  })

  it.each(['1n', 'cycle', '{ toJSON() { throw new RangeError("no") } }'])(
    'rejects the argument %s, in both places (N3, E2)',
    async (given) => {
      const code = `const cycle = {}; cycle.self = cycle; return thrown(app.double(${given}))`
      const cause = given.includes('toJSON') ? 'RangeError' : 'TypeError'
      const error = { type: 'TaskError', code: 'not_serializable', cause }
      const { value, engine } = await dispatching(code)
      expect([value, await evaluate(code)]).toMatchObject([error, error])
      expect(engine.asked).toEqual([])
    },
  )
})

describe('task', () => {
  it.each([
    ['{ delay: -1 }', 'delay is -1; it must be a number of seconds from 0 to 604800'],
    ['{ delay: 604801 }', 'delay is 604801; '],
    ['{ delay: NaN }', 'delay is NaN; '],
    ['{ delay: "1" }', 'delay is 1; '],
    ['{ attempts: 0 }', 'attempts is 0; it must be a whole number from 1 to 100'],
    ['{ attempts: 1.5 }', 'attempts is 1.5; '],
    ['{ timeout: 0 }', 'timeout is 0; it must be a number of seconds up to 604800'],
    ...['nodot', 'task_app.5', '../x.f', 'task_app.', '.double', ''].map((path) => [
      JSON.stringify({ path }),
      `path is "${path}"; it must be dotted names`,
    ]),
  ])('refuses %s', (options = '', message = '') => {
    const given = new Function(`return ${options}`)() as tasks.TaskOptions // of this table
    expect(() => tasks.task(() => 1, given)).toThrow(RangeError)
    expect(() => tasks.task(() => 1, given)).toThrow(message)
  })

  it('refuses what is no function', () => {
    expect(() => tasks.task(5 as never)).toThrow(TypeError)
  })
})

describe('the engine', () => {
  it('gets a dispatch whose connection broke once more with the same id (H1)', async () => {
    await using engine = await TaskService.start()
    engine.answers.push('break')
    await evaluate('await app.double(1)', engine.env)
    expect(engine.asked).toHaveLength(2)
    expect(engine.asked[1]).toEqual(engine.asked[0])
  })

  it('gets a dispatch twice at most, and a question once (H1)', async () => {
    await using engine = await TaskService.start()
    engine.answers.push('break', 'break', 'break')
    const code = 'return [await thrown(app.double(1)), await thrown(tasks.getTask("x").status())]'
    const error = { code: 'engine_unreachable' }
    expect(await evaluate(code, engine.env)).toMatchObject([error, error])
    expect(engine.asked).toHaveLength(3)
  })

  it.each([
    [400, 'bad_request'],
    [409, 'conflict'],
    [413, 'payload_too_large'],
    [429, 'queue_full'],
  ])('answers %i: the error is %s, with its text (§6)', async (status, code) => {
    await using engine = await TaskService.start()
    engine.answers.push([status, { error: { code, message: 'the reason' } }])
    const error = await evaluate('return thrown(app.double(1))', engine.env)
    expect(error).toMatchObject({ type: 'TaskError', code, message: 'the reason' })
  })

  it.each<[number, object?]>([[503, { error: { code: 'draining', message: 'stopping' } }], [500], [200]])(
    'answers %i %j: the error is engine_unreachable (§6)',
    async (status, document) => {
      await using engine = await TaskService.start()
      engine.answers.push([status, document ?? 'no JSON'])
      expect(await evaluate('return thrown(app.double(1))', engine.env)).toMatchObject({
        code: 'engine_unreachable',
        message: expect.stringMatching(/stopping|not JSON/) as string,
      })
    },
  )

  it('is not there: every question rejects, and the function is not run (W1, Q15)', async () => {
    const code = `const errors = [app.leaves(1), tasks.getTask('x').status(), tasks.getTask('x').result()].map(thrown)
      return (await Promise.all(errors)).map(({ code }) => code)`
    for (const address of ['unix:/nowhere/i-1.sock', 'http://127.0.0.1:1'])
      expect(await evaluate(code, { FNBOX_RUNTIME_API: address })).toEqual(
        Array<string>(3).fill('engine_unreachable'),
      )
  })
})

describe('a handle', () => {
  it.each<[string, object, unknown]>([
    ['a queued task', { state: 'queued' }, { state: 'queued', progress: null }],
    [
      'a running task',
      { state: 'running', progress_text: '{"p":50}' },
      { state: 'running', progress: { p: 50 } },
    ],
    ['a failed task', failed, { state: 'failed', progress: null }],
  ])('tells the status of %s', async (_, members, expected) => {
    await using engine = await TaskService.start()
    engine.records.set('x', record(members))
    expect(await evaluate('return tasks.getTask("x").status()', engine.env)).toEqual(expected)
  })

  it('has the status null for an unknown task (A1, Q5)', async () => {
    const code = `const ids = ['None', crypto.randomUUID(), '', 'a b', '../x', null]
      return Promise.all(ids.map((id) => tasks.getTask(id).status()))`
    const { value } = await dispatching(code)
    expect([value, await evaluate(code)]).toEqual([Array(6).fill(null), Array(6).fill(null)])
  })

  it('asks in slices of at most 30 s until the task is final, and gives its value (C2)', async () => {
    await using engine = await TaskService.start()
    engine.answers.push([202, {}], [200, record({ state: 'running' })])
    engine.answers.push([200, record({ state: 'complete', response_text: '[4]' })])
    expect(await evaluate('return (await app.double(2)).result()', engine.env)).toEqual([4])
    const asked = engine.asked.slice(1).map(({ path }) => path.replace(/^.*\?/, ''))
    expect(asked).toEqual(['wait=30', 'wait=30'])
  })

  it('rejects its result: unknown, too late, deadlock (C2, C3)', async () => {
    await using engine = await TaskService.start()
    await using peer = await evaluating(engine.env)
    const code = 'return thrown((await app.double(1)).result({ wait: 0 }))'
    expect(await evaluateIn(peer, code)).toMatchObject({ code: 'not_found', taskId: uuid })
    engine.answers.push([202, {}], [200, record({ state: 'running' })])
    expect(await evaluateIn(peer, code)).toMatchObject({ code: 'wait_timeout', taskId: uuid })
    engine.answers.push([202, {}], [409, { error: { code: 'wait_deadlock', message: 'never' } }])
    expect(await evaluateIn(peer, code)).toMatchObject({ code: 'wait_deadlock', message: 'never' })
  })

  it("rejects its result with the task's error (§6)", async () => {
    await using engine = await TaskService.start()
    const attempts = [{ outcome: 'interrupted' }, { outcome: 'failed' }, { outcome: 'failed' }]
    engine.records.set('x', record({ ...failed, attempts }))
    expect(await evaluate('return thrown(tasks.getTask("x").result())', engine.env)).toMatchObject({
      message: 'app.f: E: m',
      name: 'TaskError',
      code: 'task_failed',
      taskId: 'x',
      errorType: 'E',
      errorMessage: 'm',
      attempts: 2,
    })
  })
})

describe('paths', () => {
  it('are those of files: in folders, with a dash, not with a dot (N2)', async () => {
    const module = `import { task } from 'fnbox/tasks'\nexport const f = task(function f() {})`
    const files = {
      'lib/send-mail.mjs': module,
      'lib/send.mail.mjs': module,
      'handler.mjs': `import { f as good } from './lib/send-mail.mjs'
        import { f as bad } from './lib/send.mail.mjs'
        export const handler = async () => [await good(), await bad().catch(({ code }) => code)]`,
    }
    await using engine = await TaskService.start()
    await withFiles(files, async (root) => {
      await using peer = new Peer('node', root, engine.env)
      await peer.load('handler.handler')
      const { body } = await peer.invoke()
      expect(JSON.parse(body.toString())).toEqual([{ id: uuid }, 'not_importable'])
      expect(engine.messages).toMatchObject([{ task_path: 'lib.send-mail.f' }])
    })
  })

  it('are refused under fnbox for files outside of the code root (P3)', async () => {
    await using engine = await TaskService.start()
    const shared = `import { task } from 'fnbox/tasks'\nexport const f = task(function f() { return 1 })`
    const code = `const { f } = await import(event)
      return f().then(({ id }) => getTask(id).result(), ({ code }) => code)`
    const handler = `import { getTask } from 'fnbox/tasks'\nexport const handler = async (event) => {${code}}`
    const files = { 'shared.mjs': shared, 'root/handler.mjs': handler }
    await withFiles(files, async (folder) => {
      for (const [env, expected] of [
        [engine.env, '"not_importable"'],
        [outside, '1'],
      ] as const) {
        await using peer = new Peer('node', join(folder, 'root'), env)
        await peer.load('handler.handler')
        expect((await peer.invoke(join(folder, 'shared.mjs'))).body.toString()).toBe(expected)
      }
    })
  })
})

describe('outside of fnbox', () => {
  it('a call runs at once, with its arguments and its result as JSON has them (W3, Q16)', async () => {
    const code = `const given = { a: undefined, b: [NaN] }
      const handle = await app.echo(given, 2)
      return [await handle.result(), await handle.status(), await tasks.getTask(handle.id).result()]`
    const value = [{ b: [null] }, 2]
    expect(await evaluate(code)).toEqual([value, { state: 'complete', progress: null }, value])
  })

  it('a failure is kept, not thrown (W3, Q16)', async () => {
    const code = `const [bad, big] = [await app.fails('x'), await app.gives('big')]
      return [await bad.status(), await thrown(bad.result()), await thrown(big.result())]`
    expect(await evaluate(code)).toMatchObject([
      { state: 'failed' },
      { code: 'task_failed', message: 'task_app.fails: RangeError: x', attempts: 1 },
      { message: 'task_app.gives: TypeError: Do not know how to serialize a BigInt' },
    ])
  })

  it('the newest 1000 results are kept (W3)', async () => {
    const code = `const handles = []
      for (let n = 0; n < 1001; n += 1) handles.push(await app.double(n))
      return [await handles[0].status(), await handles[1].result()]`
    expect(await evaluate(code)).toEqual([null, 2])
  })

  it('progress has no effect (U1)', async () => {
    expect(await evaluate('return [await tasks.progress(1), await (await app.works(1)).result()]')).toEqual([
      false,
      false,
    ])
  })
})
