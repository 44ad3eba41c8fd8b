// Tasks that the engine delivers to an instance of Node.js (tasks.md N, N3, §12; runtime/PROTOCOL.md, "Tasks").

import { cp, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { withFiles } from '../harness/files.ts'
import { eventually } from '../harness/calling.ts'
import { TaskService } from '../harness/taskService.ts'
import { functionsOf, Peer, type Frame } from './player.ts'

const lambda = 'zappa.asynchronous.route_lambda_task'
const sns = 'zappa.asynchronous.route_sns_task'

interface Terms {
  readonly id?: string
  readonly command?: string
  readonly service?: string
  readonly kwargs?: object
  readonly responseLimit?: number
}

async function loaded(handler = 'task_app.handler', members: object = {}, env = {}): Promise<Peer> {
  const peer = new Peer('node', functionsOf('node'), env)
  await peer.load(handler, members)
  return peer
}

/** Delivers a task whose function is in task_app.mjs unless it has a dot. */
async function deliver(
  peer: Peer,
  name: string,
  args: readonly unknown[] = [],
  terms: Terms = {},
): Promise<void> {
  const { id = 't', command = lambda, service = 'lambda', kwargs = {}, ...members } = terms
  const path = name.includes('.') ? name : `task_app.${name}`
  const message = JSON.stringify({
    task_path: path,
    capture_response: true,
    response_id: id,
    args,
    kwargs,
    command,
  })
  const common = { kind: 'task', attempt: 1, max_attempts: 3, deadline_ms: Date.now() + 60_000 }
  await peer.send(
    { type: 'invoke', id, mode: 'task', ...members },
    Buffer.from(JSON.stringify({ ...common, id, service, capture: 'on', message })),
  )
}

/** The header of the ending frame, and the answer in its body. */
function answerOf({ header, body }: Frame): { header: Frame['header']; answer: unknown } {
  return { header, answer: JSON.parse(body.toString()) as unknown }
}

async function execute(
  peer: Peer,
  name: string,
  args: readonly unknown[] = [],
  terms: Terms = {},
): Promise<unknown> {
  await deliver(peer, name, args, terms)
  return answerOf(await peer.next()).answer
}

function complete(text: string): object {
  return { outcome: 'complete', response_text: text, response_omitted: null }
}

function refused(type: string): object {
  return { outcome: 'failed', retry: false, error: { type } }
}

describe('a delivered task', () => {
  it('runs what task() was given under the path, else the export; CommonJS, too (N3, L8)', async () => {
    await using peer = await loaded()
    expect(await execute(peer, 'double', [4])).toEqual(complete('8'))
    expect(await execute(peer, 'alias', [4])).toEqual(complete('8'))
    expect(await execute(peer, 'echo', [1, { a: 2 }])).toEqual(complete('[1,{"a":2}]'))
    expect(await execute(peer, 'elsewhere', [1])).toEqual(complete('2'))
    expect(await execute(peer, 'plain', [1])).toEqual(complete('["plain",1]'))
    expect(await execute(peer, 'task_common.plain', [1])).toEqual(complete('["common",1]'))
    expect(await execute(peer, 'task_common.wrapped', [1])).toEqual(complete('2'))
  })

  it('has a result of ASCII; undefined and NaN are null (N3, Q10)', async () => {
    await using peer = await loaded()
    expect(await execute(peer, 'gives', ['nothing'])).toEqual(complete('null'))
    expect(await execute(peer, 'gives', ['nan'])).toEqual(complete('null'))
    expect(await execute(peer, 'plain', ['é😀'])).toEqual(
      complete(String.raw`["plain","\u00e9\ud83d\ude00"]`),
    )
  })

  it('fails when JSON cannot hold its result (A4, Q3)', async () => {
    await using peer = await loaded()
    for (const what of ['big', 'cycle', 'function'])
      expect(await execute(peer, 'gives', [what])).toMatchObject(refused('TypeError'))
  })

  it('fails when its result is longer than the limit, in characters of its text (A4)', async () => {
    await using peer = await loaded()
    const text = `"${String.raw`\u00e9`.repeat(100)}"`
    expect(await execute(peer, 'gives', ['long'], { responseLimit: 602 })).toEqual(complete(text))
    expect(await execute(peer, 'gives', ['long'], { responseLimit: 601 })).toMatchObject({
      error: {
        type: 'ResultTooLarge',
        message: 'the result has 602 characters; --task-result-limit allows 601',
      },
      retry: false,
    })
  })

  it('fails when it throws, with the error in the header, too (H3, L5, E1)', async () => {
    await using peer = await loaded()
    await deliver(peer, 'fails', ['x'.repeat(9000)])
    const { header, answer } = answerOf(await peer.next())
    const message = 'x'.repeat(8192)
    const stack = expect.stringContaining('task_app.mjs') as unknown
    expect(answer).toEqual({ outcome: 'failed', retry: true, error: { type: 'RangeError', message, stack } })
    expect(header['error']).toBe(`RangeError: ${message}`.slice(0, 1000))
  })

  it.each([
    ['os.system', 'TaskNotAllowed'],
    ['system', 'TaskNotAllowed'],
    ['bound', 'TaskNotAllowed'],
    ['number', 'TaskNotAllowed'],
    ['.double', 'TaskNotAllowed'],
    ['task_app.double()', 'TaskNotAllowed'],
    ['absent.f', 'TaskNotFound'],
    ['missing', 'TaskNotFound'],
    ['task_app.missing.f', 'TaskNotFound'],
  ])('is refused as %s: %s, not to be retried (X2 to X5, L5, Q11)', async (name, type) => {
    await using peer = await loaded()
    expect(await execute(peer, name)).toMatchObject(refused(type))
  })

  it('needs the command of its service, a list of arguments and no kwargs (X1)', async () => {
    await using peer = await loaded()
    for (const terms of [{ command: 'os.getcwd' }, { command: sns }, { kwargs: { a: 1 } }])
      expect(await execute(peer, 'double', [1], terms)).toMatchObject(refused('TaskNotAllowed'))
    expect(await execute(peer, 'double', [1], { command: sns, service: 'sns' })).toEqual(complete('2'))
  })

  it('dispatches other tasks (W1, L8)', async () => {
    await using engine = await TaskService.start()
    await using peer = await loaded('task_app.handler', {}, engine.env)
    const { response_text: text } = (await execute(peer, 'nests')) as { response_text: string }
    expect(engine.asked[0]?.body['id']).toBe(JSON.parse(text))
  })

  it('has its output written before its end', async () => {
    await using peer = await loaded()
    expect(await execute(peer, 'prints')).toEqual(complete('1'))
    await eventually(() => peer.stdout === 'printed\n')
  })

  it('ends its process when it exits (L6)', async () => {
    await using peer = await loaded()
    await deliver(peer, 'leaves', [7])
    expect(await peer.exit()).toBe(7)
  })

  it('fails with its own late error (F-34)', async () => {
    await using peer = await loaded()
    const own = { outcome: 'failed', retry: true, error: { type: 'RangeError', message: 'own' } }
    expect(await execute(peer, 'late', ['own'])).toMatchObject(own)
  })

  it('does not fail with an error of a task before it (F-34)', async () => {
    await using peer = await loaded()
    await execute(peer, 'late', ['left'])
    expect(await execute(peer, 'late', ['meets'])).toEqual(complete('"meets"'))
    await eventually(() => peer.stderr.includes('RangeError: left'))
  })
})

describe('a module that throws while it is loaded', () => {
  it('fails the attempt, which is tried again in a fresh instance (L5)', async () => {
    await withHandler({ 'broken.mjs': 'throw new RangeError("not today")' }, async (root) => {
      await using peer = new Peer('node', root)
      await peer.load('handler.handler')
      await deliver(peer, 'broken.f')
      const { header, answer } = answerOf(await peer.next())
      const error = { type: 'RangeError', message: 'not today' }
      expect(answer).toMatchObject({ outcome: 'failed', retry: true, error })
      expect(header['refresh']).toBe(true)
    })
  })
})

describe('files of the code root (N3, X3, X4)', () => {
  it.each(['js', 'mjs', 'cjs', 'ts', 'mts', 'cts'])('.%s', async (extension) => {
    const common = extension.startsWith('c')
    const text = common ? 'exports.f = (n) => n + 1' : 'export const f = (n) => n + 1'
    await withHandler({ [`lib/send-mail.${extension}`]: text }, async (root) => {
      await using peer = new Peer('node', root)
      await peer.load('handler.handler')
      expect(await execute(peer, 'lib.send-mail.f', [1])).toEqual(complete('2'))
    })
  })

  it('.js comes before .mjs; the default export of CommonJS counts', async () => {
    const files = {
      'app.js': 'module.exports = { f: () => "js" }',
      'app.mjs': 'export const f = () => "mjs"',
    }
    await withHandler(files, async (root) => {
      await using peer = new Peer('node', root)
      await peer.load('handler.handler')
      expect(await execute(peer, 'app.f')).toEqual(complete('"js"'))
    })
  })

  it('refuses a link that leads out before it is loaded; the code root may be a link', async () => {
    await withHandler({ 'other.mjs': 'globalThis.loaded = 1; export const f = () => 1' }, (other) =>
      withHandler({ 'app.mjs': 'export const f = () => globalThis.loaded ?? 2' }, async (root) => {
        await symlink(join(other, 'other.mjs'), join(root, 'linked.mjs'))
        await writeFile(
          join(root, 'passes.mjs'),
          `export { f } from ${JSON.stringify(join(other, 'other.mjs'))}`,
        )
        await symlink(root, join(other, 'root'))
        await using peer = new Peer('node', join(other, 'root'))
        await peer.load('handler.handler')
        expect(await execute(peer, 'linked.f')).toMatchObject(refused('TaskNotAllowed'))
        expect(await execute(peer, 'app.f')).toEqual(complete('2'))
        expect(await execute(peer, 'passes.f')).toMatchObject(refused('TaskNotAllowed'))
      }),
    )
  })
})

describe('progress (U1)', () => {
  it('is sent for the task of the calling context', async () => {
    await using engine = await TaskService.start()
    await using peer = await loaded('task_app.handler', {}, engine.env)
    await deliver(peer, 'works', [{ p: 1 }], { id: 'a' })
    await deliver(peer, 'works', [{ p: 2 }], { id: 'b' })
    for (const _ of 'ab') expect(answerOf(await peer.next()).answer).toEqual(complete('true'))
    const seen = engine.asked.map(({ path, body }) => [path, body] as const)
    expect(new Map(seen)).toEqual(
      new Map([
        ['/v1/tasks/a/progress', { attempt: 1, value_text: '{"p":1}' }],
        ['/v1/tasks/b/progress', { attempt: 1, value_text: '{"p":2}' }],
      ]),
    )
  })

  it('is false for an attempt that does not run any more', async () => {
    await using engine = await TaskService.start()
    await using peer = await loaded('task_app.handler', {}, engine.env)
    for (const answer of [[409, 'conflict'] as const, [404, 'not_found'] as const]) {
      engine.answers.push([answer[0], { error: { code: answer[1], message: 'not the running attempt' } }])
      expect(await execute(peer, 'works', [1])).toEqual(complete('false'))
    }
  })

  it('rejects a value that JSON cannot hold or that is too long', async () => {
    await using engine = await TaskService.start()
    await using peer = await loaded('task_app.handler', {}, engine.env)
    engine.answers.push([413, { error: { code: 'payload_too_large', message: 'too large' } }])
    const errorOf = async (...given: Parameters<typeof execute>): Promise<unknown> =>
      ((await execute(...given)) as { error: unknown }).error
    expect(await errorOf(peer, 'works', [1])).toMatchObject({ type: 'TaskError', message: 'too large' })
    expect(await errorOf(peer, 'works', ['x'.repeat(98)], { responseLimit: 99 })).toMatchObject({
      type: 'TaskError',
      message: 'the progress value has 100 characters; --task-result-limit allows 99',
    })
    expect(await errorOf(peer, 'works', [{ $bigint: '1' }])).toMatchObject({
      type: 'TaskError',
      message: 'Do not know how to serialize a BigInt',
    })
    expect(engine.asked).toHaveLength(1)
  })
})

describe('scripts', () => {
  const script = `import { start } from 'fnbox/serverless'
    import { task } from 'fnbox/tasks'
    globalThis.times = (globalThis.times ?? 0) + 1
    export const f = task(function f() { return globalThis.times })
    export const g = () => 1
    await start({ handler: ({ input }) => input })`

  it('execute tasks; their own module is not loaded again (P2)', async () => {
    await withHandler({ 'program.mjs': script, 'other.cjs': 'exports.h = () => 2' }, async (root) => {
      await using peer = new Peer('node', root)
      await peer.loadScript('program')
      expect(await execute(peer, 'program.f')).toEqual(complete('1'))
      expect(await execute(peer, 'other.h')).toEqual(complete('2'))
      expect(await execute(peer, 'program.g')).toMatchObject(refused('TaskNotFound'))
      await peer.submit(5)
      expect((await peer.next()).header.type).toBe('returned')
    })
  })
})

describe('an installed copy of the package', () => {
  it('meets the runtime', async () => {
    const files = {
      'app.mjs': `import { progress, task } from 'fnbox/tasks'
        export const f = task(async function f() { return [import.meta.resolve('fnbox/tasks'), await progress(1)] })`,
    }
    await using engine = await TaskService.start()
    await withHandler(files, async (root) => {
      const copy = join(root, 'node_modules', 'fnbox')
      await cp(join(project, 'runtime', 'node'), join(copy, 'runtime', 'node'), { recursive: true })
      await cp(join(project, 'package.json'), join(copy, 'package.json'))
      await using peer = new Peer('node', root, engine.env)
      await peer.load('handler.handler')
      const { response_text: text } = (await execute(peer, 'app.f')) as { response_text: string }
      expect(JSON.parse(text)).toEqual([expect.stringContaining('/node_modules/fnbox/runtime/'), true])
      expect(engine.asked[0]).toMatchObject({ path: '/v1/tasks/t/progress' })
    })
  })
})

/** Calls back with a code root that has these files, and a handler. */
function withHandler(
  files: Readonly<Record<string, string>>,
  use: (root: string) => Promise<void>,
): Promise<void> {
  return withFiles({ ...files, 'handler.mjs': 'export const handler = async () => 1' }, use)
}

const project = join(import.meta.dirname, '..', '..')
