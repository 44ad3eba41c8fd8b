// Tasks in instances of Python on the wire: mode `task`, events that carry a task, where the module comes from (tasks.md).

import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { TaskService } from '../harness/taskService.ts'
import { functionsOf, Peer, type Frame } from './player.ts'
import { run } from './scripts.ts'

const root = join(functionsOf('python'), 'tasks')
const nowhere = { FNBOX_RUNTIME_API: 'unix:/nowhere/i-1.sock' }

async function instance(load: object = {}, handler = 'app.handler', env: object = nowhere): Promise<Peer> {
  const peer = new Peer('python', root, env as NodeJS.ProcessEnv) // all of them are texts
  await peer.load(handler, load)
  return peer
}

interface Answer {
  readonly outcome: string
  readonly response_text?: string | null
  readonly response_omitted?: string | null
  readonly retry?: boolean
  readonly error?: { readonly type: string; readonly message: string; readonly stack: string }
}

const commandOf = (service: string): string =>
  `zappa.asynchronous.route_${service === 'sns' ? 'sns' : 'lambda'}_task`

function messageOf(path: string, args: readonly unknown[], service = 'lambda', more: object = {}): string {
  const text = { task_path: path, capture_response: true, response_id: 't', args, kwargs: {} }
  return JSON.stringify({ ...text, command: commandOf(service), ...more })
}

async function deliver(
  peer: Peer,
  path: string,
  args: readonly unknown[],
  given: object = {},
  frame: object = {},
): Promise<void> {
  const body = {
    kind: 'task',
    id: 't',
    attempt: 1,
    max_attempts: 3,
    service: 'lambda',
    capture: 'default',
    deadline_ms: Date.now() + 600_000,
    message: messageOf(path, args),
    ...given,
  }
  await peer.send(
    { type: 'invoke', id: '1', mode: 'task', responseLimit: 90, ...frame },
    Buffer.from(JSON.stringify(body)),
  )
}

function answerOf({ header, body }: Frame): Answer {
  expect(header.type).toBe('returned')
  const answer = JSON.parse(body.toString()) as Answer // compared by every test
  const error = answer.error === undefined ? undefined : `${answer.error.type}: ${answer.error.message}`
  expect(header['error']).toBe(error)
  return answer
}

async function execute(
  peer: Peer,
  path: string,
  args: readonly unknown[],
  given: object = {},
): Promise<Answer> {
  await deliver(peer, path, args, given)
  return answerOf(await peer.next())
}

/** As the engine sees it, but for the stack. */
const failed = (type: string, message: unknown, retry: boolean): object => ({
  outcome: 'failed',
  retry,
  error: { type, message, stack: expect.any(String) as unknown },
})

const complete = (text: string | null, omitted: unknown = null): object => ({
  outcome: 'complete',
  response_text: text,
  response_omitted: omitted,
})

describe('a task in the instance of a function', () => {
  test('answers with the text of its value (H3, L8)', async () => {
    await using peer = await instance()
    expect(await execute(peer, 'app.f', [1, 2])).toEqual(complete('3'))
    expect(await execute(peer, 'app.decorated', [1])).toEqual(complete('[[1], {}]'))
    expect(await execute(peer, 'app.returns', ['nan'])).toEqual(complete('NaN'))
    expect(await execute(peer, 'app.returns', ['none'])).toEqual(complete('null'))
    expect(await execute(peer, 'app.returns', ['words'])).toEqual(complete(String.raw`"\u00e4\ud83d\ude00"`))
    expect((await peer.invoke({ a: 1 })).body.toString()).toBe('{"handler":{"a":1}}')
  })

  test('of the service sns has its own command (X1)', async () => {
    await using peer = await instance()
    const sns = { service: 'sns', message: messageOf('app.f', [1, 2], 'sns') }
    expect(await execute(peer, '', [], sns)).toEqual(complete('3'))
    for (const wrong of [{ service: 'sns' }, { message: sns.message }])
      expect(await execute(peer, 'app.f', [1, 2], wrong)).toMatchObject(
        failed('TaskNotAllowed', expect.any(String), false),
      )
  })

  test('runs on the main thread without a loop; async def runs on the loop of the instance (L9)', async () => {
    await using peer = await instance()
    expect(await execute(peer, 'app.surroundings', [])).toEqual(
      complete('{"main": true, "asyncio.run": 1, "own": "app"}'),
    )
    expect(await execute(peer, 'app.on_loop', [])).toEqual(complete('true'))
    expect(await execute(peer, 'app.awaits', [5])).toEqual(complete('5'))
  })

  test('that raises may be tried again (L5, X6)', async () => {
    await using peer = await instance()
    for (const path of ['app.raises', 'app.raises_later']) {
      expect(await execute(peer, path, ['value'])).toEqual(failed('ValueError', 'm', true))
      expect(await execute(peer, path, ['type'])).toEqual(failed('TypeError', 't', true))
      expect(await execute(peer, path, ['cancelled'])).toEqual(failed('CancelledError', '', true))
    }
    const { error } = await execute(peer, 'app.raises', ['value'])
    expect(error?.stack).toMatch(/^Traceback.*\n {2}File ".*\/tasks\/app.py"/)
    expect(await execute(peer, 'app.f', [1])).toMatchObject({ retry: true, error: { type: 'TypeError' } })
    expect(await execute(peer, 'broken.f', [])).toEqual(failed('RuntimeError', 'import fails', true))
    expect(await execute(peer, 'lacks.f', [])).toEqual(
      failed('ModuleNotFoundError', "No module named 'not_installed'", true),
    )
  })

  test('that does not exist is not tried again (L5)', async () => {
    await using peer = await instance()
    for (const path of ['missing.f', 'app.missing', 'app.f.g', 'missing.module.f'])
      expect(await execute(peer, path, [])).toEqual(failed('TaskNotFound', expect.any(String), false))
  })

  test('that is not allowed is neither executed nor tried again (X2 to X5)', async () => {
    await using peer = await instance()
    const messages = ['{', '[]', '{"task_path": "app.f2"}']
    const paths = [
      'os.system',
      'app.system',
      'app',
      'app.f 1',
      'app.log',
      'json.dumps',
      'zappa.asynchronous.run',
    ]
    for (const message of [...messages, ...paths.map((path) => messageOf(path, ['touch executed']))])
      expect(await execute(peer, '', [], { message })).toEqual(
        failed('TaskNotAllowed', expect.any(String), false),
      )
    expect(existsSync(join(root, 'executed'))).toBe(false)
  })

  test('whose result cannot be kept: left out and logged, or failed if it was asked for (A4, Q3)', async () => {
    await using peer = await instance()
    const reason = 'TypeError: Object of type set is not JSON serializable'
    expect(await execute(peer, 'app.returns', ['set'])).toEqual(complete(null, reason))
    await expect
      .poll(() => peer.stdout)
      .toMatch(/\[WARNING]\t.*\t1\tthe result of app.returns is not kept: TypeError/)
    expect(await execute(peer, 'app.returns', ['set'], { capture: 'on' })).toEqual(
      failed('TypeError', reason.slice('TypeError: '.length), false),
    )
    expect(await execute(peer, 'app.returns', ['set'], { capture: 'off' })).toEqual(complete(null))
    expect(await execute(peer, 'app.f', [1, 2], { capture: 'off' })).toEqual(complete(null))
    expect(await execute(peer, 'app.returns', ['generator'], { capture: 'on' })).toMatchObject({
      error: { type: 'TypeError' },
    })
  })

  test('whose result is larger than the limit (A4)', async () => {
    await using peer = await instance()
    const reason = expect.stringMatching(/has 102 characters.*--task-result-limit/) as unknown
    expect(await execute(peer, 'app.returns', ['large'], { capture: 'on' })).toEqual(
      failed('ResultTooLarge', reason, false),
    )
    expect(await execute(peer, 'app.returns', ['large'])).toEqual(complete(null, reason))
    await deliver(peer, 'app.returns', ['large'], {}, { responseLimit: 102 })
    expect(answerOf(await peer.next())).toEqual(complete(`"${'x'.repeat(100)}"`))
  })

  test('that leaves ends the process (L6)', async () => {
    await using peer = await instance()
    await deliver(peer, 'app.raises', ['exit'])
    expect(await peer.exit()).toBe(3)
    await peer.outputEnded
    expect(peer.stdout).toBe('a last word')
  })

  test('writes out its prints and records, with its request id, before it ends', async () => {
    await using peer = await instance()
    await deliver(peer, 'app.logs', [], {}, { id: 'mine' })
    await peer.expect({ type: 'returned', id: 'mine' })
    await expect.poll(() => peer.stdout).toContain('\tmine\twithin')
  })

  test('ignores a cancel: it ends by itself or with the process', async () => {
    await using peer = await instance()
    await deliver(peer, 'app.f', [1, 2])
    await peer.send({ type: 'cancel', id: '1', reason: 'cancelled' })
    expect(answerOf(await peer.next())).toEqual(complete('3'))
  })

  test('may dispatch another (L8)', async () => {
    await using engine = await TaskService.start()
    await using peer = await instance({}, 'app.handler', engine.env)
    const { response_text } = await execute(peer, 'app.calls_task', [5])
    expect(engine.takeDispatched()).toEqual([
      {
        id: JSON.parse(response_text ?? '') as unknown,
        message: expect.objectContaining({ task_path: 'app.decorated', args: [5] }) as unknown,
      },
    ])
  })
})

describe('progress (U1)', () => {
  test.each(['progresses', 'progresses_on_loop', 'progresses_in_thread'])('of app.%s', async (name) => {
    await using engine = await TaskService.start()
    await using peer = await instance({}, 'app.handler', engine.env)
    const answer = await execute(peer, `app.${name}`, [{ p: 50 }], { attempt: 2 })
    expect(answer).toEqual(complete('true'))
    expect(engine.takeAsked()).toEqual([
      { method: 'POST', path: '/v1/tasks/t/progress', body: { attempt: 2, value_text: '{"p": 50}' } },
    ])
  })

  test('has no effect in mode off', async () => {
    await using peer = await instance()
    const answer = await execute(peer, 'app.progresses', [1], { capture: 'off' })
    expect(answer).toEqual(complete(null))
  })

  test('beyond the limit: payload_too_large; without an engine: engine_unreachable', async () => {
    await using peer = await instance()
    const large = await execute(peer, 'app.progresses', ['x'.repeat(89)])
    expect(large).toMatchObject({
      error: { type: 'AsyncException', message: 'Payload too large for async Lambda call' },
    })
    const small = await execute(peer, 'app.progresses', [1])
    expect(small.error?.message).toMatch(/cannot be reached/)
  })
})

function inRecord(message: object): object {
  return { Records: [{ Sns: { Message: JSON.stringify(message) } }] }
}

describe('events of mode raw (§9)', () => {
  const task = JSON.parse(messageOf('app.f', [1, 2], 'lambda', { capture_response: false })) as object
  const snsMessage = messageOf('app.f', [1, 2], 'sns', { capture_response: false })
  const sns = { Records: [{ EventSource: 'aws:sns', Sns: { Message: snsMessage } }, { Sns: {} }] }

  test.each([
    ['on', 'app.handler', '3'],
    ['on', 'quiet.handler', '3'],
    ['imported', 'app.handler', '3'],
    ['imported', 'quiet.handler', undefined],
    [undefined, 'app.handler', undefined],
  ])('taskEvents %s, %s: %s (Q12)', async (taskEvents, handler, value) => {
    await using peer = await instance({ taskEvents }, handler)
    for (const event of [task, sns]) {
      const { body } = await peer.invoke(event)
      expect(body.toString()).toBe(value ?? JSON.stringify({ handler: event }))
    }
  })

  test('only those of mode raw carry a task', async () => {
    await using peer = await instance({ taskEvents: 'on' })
    expect((await peer.invoke(task, { mode: 'http' })).body.toString()).toContain('handler')
  })

  test('the handler gets every other event', async () => {
    await using peer = await instance({ taskEvents: 'on' })
    for (const event of [
      { ...task, httpMethod: 'GET' },
      inRecord({ task_path: 'app.f', args: [1, 2], kwargs: {} }),
      { Records: [{ s3: {} }] },
      { Records: [] },
      { Records: [{ Sns: { Message: 'hello' } }] },
      { command: '', task_path: 'os.system' },
      [1],
      'zappa',
    ])
      expect((await peer.invoke(event)).body.toString()).toBe(JSON.stringify({ handler: event }))
  })

  const route = 'zappa.asynchronous.route_lambda_task'
  test('TaskNotAllowed, as if the handler had raised it (X1 to X5, Q11)', async () => {
    await using peer = await instance({ taskEvents: 'on' })
    const touches = { args: ['touch executed'] }
    for (const event of [
      { command: 'os.getcwd' },
      { raw_command: '1' },
      { ...task, ...touches, task_path: 'os.system' },
      { ...task, ...touches, task_path: 'app.system' },
      { ...task, command: 'zappa.asynchronous.route_sns_task' },
      inRecord({ ...task, command: route }),
      inRecord({ ...JSON.parse(snsMessage), ...touches, task_path: 'os.system' }),
    ])
      expect((await peer.invoke(event)).header).toMatchObject({
        type: 'threw',
        error: { errorType: 'TaskNotAllowed' },
      })
    expect(existsSync(join(root, 'executed'))).toBe(false)
    expect((await peer.invoke('next')).body.toString()).toBe('{"handler":"next"}')
  })

  test('TaskNotAllowed also where the program has cleared its environment (X1 to X4)', async () => {
    await using peer = await instance({ taskEvents: 'on' }, 'app.handler', { FNBOX_RUNTIME_API: '' })
    for (const event of [
      { ...task, task_path: 'os.getcwd', args: [] },
      inRecord({ ...JSON.parse(snsMessage), task_path: 'os.getcwd', args: [] }),
      inRecord({ ...task, command: route }),
    ])
      expect((await peer.invoke(event)).header).toMatchObject({
        type: 'threw',
        error: { errorType: 'TaskNotAllowed' },
      })
  })

  test('a message without a command in records that the command of SNS leads to (M4, X1)', async () => {
    await using peer = await instance({ taskEvents: 'on' })
    const message = inRecord({ task_path: 'app.f', args: [1, 2], kwargs: {} })
    const event = { ...message, command: 'zappa.asynchronous.route_sns_task' }
    expect((await peer.invoke(event)).body.toString()).toBe('3')
  })

  test('the command of SNS beside records; errors and results are the function’s (X1, X6)', async () => {
    await using peer = await instance({ taskEvents: 'on' })
    const both = { ...sns, command: 'zappa.asynchronous.route_sns_task' }
    expect((await peer.invoke(both)).body.toString()).toBe('3')
    const raises = { ...task, args: [1] }
    expect((await peer.invoke(raises)).header).toMatchObject({ error: { errorType: 'TypeError' } })
    const awaits = { ...task, task_path: 'app.on_loop', args: [] }
    expect((await peer.invoke(awaits)).body.toString()).toBe('true')
    const runs = { ...task, task_path: 'app.surroundings', args: [] }
    expect((await peer.invoke(runs)).body.toString()).toContain('"asyncio.run":1')
  })

  test('a captured message has its record written (M3)', async () => {
    await using engine = await TaskService.start()
    await using peer = await instance({ taskEvents: 'on' }, 'app.handler', engine.env)
    for (const path of ['app.f2', 'app.awaits'])
      await peer.invoke({ ...task, task_path: path, args: [1], capture_response: true })
    expect(engine.takeAsked().map(({ body }) => body)).toEqual([
      { task_path: 'app.f2', status: 'in progress' },
      { task_path: 'app.f2', status: 'complete', response_text: '1' },
      { task_path: 'app.awaits', status: 'in progress' },
      { task_path: 'app.awaits', status: 'complete', response_text: '1' },
    ])
  })
})

async function serving(env: object = nowhere): Promise<Peer> {
  const peer = new Peer('python', root, env as NodeJS.ProcessEnv) // all of them are texts
  await peer.loadScript('task_script')
  return peer
}

describe('a task in the instance of a script', () => {
  test('runs in a thread without a loop, and uses the module that is __main__ (L9, P2)', async () => {
    await using peer = await serving()
    expect(await execute(peer, 'task_script.place', [])).toEqual(
      complete('[true, 1, ["__main__"], "task_script.place"]'),
    )
    expect((await run(peer, 1)).output).toBe('task_script.place')
  })

  test('async def runs on the loop, beside others (L9)', async () => {
    await using peer = await serving()
    await deliver(peer, 'task_script.waits', [], {}, { id: 'a' })
    await deliver(peer, 'task_script.opens', [], { id: 'u' }, { id: 'b' })
    const frames = [await peer.next(), await peer.next()]
    const texts = new Map(frames.map((each) => [each.header['id'], answerOf(each).response_text]))
    expect(texts).toEqual(
      new Map([
        ['a', 'true'],
        ['b', 'null'],
      ]),
    )
  })

  test('that leaves ends the process (L6)', async () => {
    await using peer = await serving()
    await deliver(peer, 'task_script.exits', [])
    expect(await peer.exit()).toBe(4)
    await peer.outputEnded
    expect(peer.stdout).toBe('last words\n')
  })

  test('shows progress from its thread, and fails as a function’s does (U1, L5)', async () => {
    await using engine = await TaskService.start()
    await using peer = await serving(engine.env)
    expect(await execute(peer, 'task_script.progresses', [7])).toEqual(complete('true'))
    expect(engine.takeAsked()[0]?.body).toEqual({ attempt: 1, value_text: '7' })
    expect(await execute(peer, 'os.system', ['true'])).toMatchObject({ error: { type: 'TaskNotAllowed' } })
    expect(await execute(peer, 'task_script.place', [1])).toMatchObject({ retry: true })
  })
})

describe('where the module comes from (G3)', () => {
  async function modules(load: object, installed: boolean): Promise<Record<string, unknown>> {
    const folder = await mkdtemp(join(tmpdir(), 'fnbox-test-'))
    try {
      if (installed) {
        const zappa = join(folder, 'installed', 'zappa')
        await mkdir(zappa, { recursive: true })
        await writeFile(join(zappa, '__init__.py'), '')
        for (const each of ['asynchronous', 'utilities', 'extra'])
          await writeFile(join(zappa, `${each}.py`), each === 'asynchronous' ? 'import boto3' : '')
      }
      const env = { ...nowhere, PYTHONPATH: join(folder, 'installed') }
      await using peer = new Peer('python', root, env)
      await (Object.hasOwn(load, 'script') ? peer.loadScript('where', [], load) : peer.load('where.handler'))
      const text = Object.hasOwn(load, 'script')
        ? JSON.stringify((await run(peer, 1)).output)
        : (await peer.invoke()).body.toString()
      const found = JSON.parse(text.replaceAll(folder, '').replaceAll(sdk, 'sdk')) as Record<string, unknown>
      return found
    } finally {
      await rm(folder, { recursive: true })
    }
  }
  const sdk = join(import.meta.dirname, '..', '..', 'runtime', 'python', 'sdk')
  const ours = {
    zappa: 'sdk/zappa/__init__.py',
    asynchronous: 'sdk/zappa/asynchronous.py',
    utilities: 'sdk/zappa/utilities.py',
    extra: "No module named 'zappa.extra'",
  }
  const theirs = {
    zappa: '/installed/zappa/__init__.py',
    asynchronous: 'sdk/zappa/asynchronous.py',
    utilities: '/installed/zappa/utilities.py',
    extra: '/installed/zappa/extra.py',
  }

  test.each([
    ['a function, nothing installed', {}, false, { ...ours, runpod: false }],
    ['a function, Zappa installed', {}, true, { ...theirs, runpod: false }],
    ['a script, nothing installed', { script: {} }, false, { ...ours, runpod: true }],
    ['a script, Zappa installed', { script: {} }, true, { ...theirs, runpod: true }],
    [
      'a script with --sdk bundled, Zappa installed',
      { script: {}, sdk: 'bundled' },
      true,
      { ...theirs, runpod: true },
    ],
  ])('%s', async (_, load, installed, expected) => {
    expect(await modules(load, installed)).toEqual(expected)
  })

  test('processes that a function starts with multiprocessing find it, too (W1)', async () => {
    await using engine = await TaskService.start()
    await using peer = await instance({}, 'where.spawns', engine.env)
    expect((await peer.invoke()).body.toString()).toBe('true')
    expect(engine.takeDispatched()).toMatchObject([{ message: { task_path: 'app.f2', args: [1] } }])
  })
})
