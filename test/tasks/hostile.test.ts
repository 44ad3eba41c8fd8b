// What a function cannot do through the runtime API: run code outside of its root, see others, exhaust the server (tasks.md §9, §12).

import { existsSync, mkdirSync, readdirSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import { basename, dirname, join } from 'node:path'
import { text } from 'node:stream/consumers'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { eventually } from '../harness/calling.ts'
import { freshFolder } from '../harness/jobClient.ts'
import { askApi } from '../harness/runtimeApi.ts'
import { bothLanguages, serveFrom, type Serving } from '../harness/serving.ts'
import {
  ask,
  dispatch,
  dispatchAll,
  messageOf,
  read,
  serveTasksOf,
  settled,
  socketOf,
  tasksIn,
  taskErrors,
  view,
  type Call,
} from '../harness/taskClient.ts'

const programs = {
  python: {
    'app.py': `import os, functools
from os import system
from zappa.asynchronous import run, run_message, task
partly = functools.partial(system)
wrapped = task(system)
number = 5
def own(path): open(path, "w").close()
def handler(event, context): return dict(os.environ)
`,
    'evil.py': 'import os\nfrom os import system\ndef own(path): open(path, "w").close()\n',
  },
  node: {
    'app.mjs': `import { execSync } from 'node:child_process'
export { execSync as system } from 'node:child_process'
export { getTask as run, progress as run_message, task } from 'fnbox/tasks'
import { task } from 'fnbox/tasks'
import { writeFileSync } from 'node:fs'
export const partly = execSync.bind(null)
export const number = 5
export const own = (path) => writeFileSync(path, '')
export const handler = () => ({ ...process.env })
`,
    'evil.mjs': `import { writeFileSync } from 'node:fs'
export const own = (path) => writeFileSync(path, '')
`,
  },
}
const modulesOf = {
  python: ['os.system', 'builtins.eval', 'subprocess.getoutput'],
  node: ['child_process.execSync'],
}

describe.each(bothLanguages)('a message that a function posts by itself (%s)', (language) => {
  let serving: Serving
  let socket: string
  const above = freshFolder(afterAll)
  const root = join(above, 'root')
  const proof = join(above, 'proof')
  let count = 0

  beforeAll(async () => {
    mkdirSync(root)
    mkdirSync(join(above, 'folder'))
    for (const [file, source] of Object.entries(programs[language])) {
      const isEvil = file.startsWith('evil')
      writeFileSync(join(isEvil ? above : root, file), source)
      if (!isEvil) continue
      writeFileSync(join(above, 'folder', file), source)
      symlinkSync(join(above, file), join(root, file.replace('evil', 'link')))
    }
    symlinkSync(join(above, 'folder'), join(root, 'linked'))
    serving = await serveFrom(root, 'app.handler', { 'data-dir': join(above, 'jobs') })
    socket = await socketOf(serving)
  })
  afterAll(() => serving[Symbol.asyncDispose]())

  /** Posts a task and looks what became of it. */
  async function outcomeOf(path: string, changes?: object, args: unknown[] = [proof]): Promise<unknown> {
    const id = `posted-${count++}`
    const posted = await askApi({ path: socket }, 'POST', '/v1/tasks', messageOf(id, path, args, changes))
    if (posted.status === 400) return 'refused'
    const { error, attempts } = await settled(serving, id)
    return [error?.type, attempts.length]
  }

  it('executes what is in the root', async () => {
    const own = join(above, 'own')
    expect(await outcomeOf('app.own', {}, [own])).toEqual([undefined, 1])
    expect(existsSync(own)).toBe(true)
  })

  it.each([
    ...modulesOf[language],
    'app.system',
    'app.partly',
    'app.run',
    'app.run_message',
    'app.number',
    'link.own',
    'linked.evil.own',
    'zappa.asynchronous.run_message',
  ])('does not execute %s, not even once more (X2 to X5, L5)', async (path) => {
    const outcome = await outcomeOf(path, {}, [`touch ${proof}`])
    const type = path.startsWith('zappa') && language === 'node' ? 'TaskNotFound' : 'TaskNotAllowed'
    expect([[type, 1], 'refused']).toContainEqual(outcome)
    expect(existsSync(proof)).toBe(false)
  })

  it.each([
    '../evil.own',
    '..evil.own',
    '...evil.own',
    'app..own',
    '.own',
    'own',
    '/app.own',
    'app.own()',
    'app/../../evil.own',
    '',
  ])('does not execute by a path with other things in it: %j (X2)', async (path) => {
    expect([['TaskNotAllowed', 1], 'refused']).toContainEqual(await outcomeOf(path))
    expect(existsSync(proof)).toBe(false)
  })

  it.each(['absent.f', 'app.absent', 'app.handler.f', 'app.__builtins__.eval', 'app.constructor.f'])(
    'does not find %s (L5)',
    async (path) => {
      expect([
        ['TaskNotFound', 1],
        ['TaskNotAllowed', 1],
      ]).toContainEqual(await outcomeOf(path))
    },
  )

  it.each(['os.system', 'zappa.asynchronous.route_sns_task', 'zappa.asynchronous.run', '', null])(
    'has the one command of its service: %j (X1)',
    async (command) => {
      expect([['TaskNotAllowed', 1], 'refused']).toContainEqual(await outcomeOf('app.own', { command }))
      expect(existsSync(proof)).toBe(false)
    },
  )
})

describe.each(bothLanguages)('an instance with a runtime API (%s)', (language) => {
  let serving: Serving
  let socket: string

  beforeAll(async () => {
    serving = await serveFrom(tasksIn(language), 'works.handler', {
      'job-store': 'memory',
      'task-backoff': '10ms',
      timeout: '60s',
    })
    socket = await socketOf(serving)
  })
  afterAll(() => serving[Symbol.asyncDispose]())

  it('has a socket and a folder for its user alone, and shares them with no other server (§12)', async () => {
    await using other = await serveTasksOf(language)
    const elsewhere = await socketOf(other)
    expect(dirname(elsewhere)).not.toBe(dirname(socket))
    for (const path of [socket, elsewhere]) {
      expect([statSync(path).mode & 0o777, statSync(dirname(path)).mode & 0o777]).toEqual([0o600, 0o700])
      expect(readdirSync(dirname(path))).toEqual([basename(path)])
    }
    const id = await dispatch(serving, 'double', [1])
    expect(await askApi({ path: elsewhere }, 'GET', `/v1/tasks/${id}`)).toMatchObject({ status: 404 })
    expect(await read(other, id)).toBeNull()
    expect((await fetch(`${other.url}/_/tasks/${id}`)).status).toBe(404)
    expect(await read(serving, id)).not.toBeNull()
  })

  it('is not reached by the public port (§12)', async () => {
    for (const path of ['/v1/tasks', '/_/v1/tasks', '/v1/tasks/x', '/_/tasks'])
      expect([404, 405, 400]).toContain(
        (await fetch(serving.url + path, { method: 'POST', body: '{}' })).status,
      )
  })

  it('keeps the server well while it holds 64 connections and sends slow bodies; others are closed (§12)', async () => {
    const head = 'POST /v1/tasks HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n{'
    const held = await Promise.all(Array.from({ length: 64 }, () => connected(socket)))
    for (const each of held) each.write(head)
    const refused = await connected(socket)
    refused.write(head)
    expect(await text(refused).catch(() => '')).toBe('')
    try {
      expect((await fetch(`${serving.url}/_/healthz`)).status).toBe(200)
      const answer = await ask(serving, { do: 'hand over', task: ['double', [1]] })
      expect(answer).toMatchObject({ raised: taskErrors[language], code: 'engine_unreachable' })
    } finally {
      for (const each of held) each.destroy()
    }
    await eventually(() =>
      askApi({ path: socket }, 'GET', '/v1/tasks/x').then(
        () => true,
        () => false,
      ),
    )
    expect(await settled(serving, await dispatch(serving, 'double', [2]))).toMatchObject({ response: 4 })
  })

  it('is refused a body beyond the bound, however it comes (§12)', async () => {
    const endings = ['Content-Length: 2000000\r\n\r\n', 'Transfer-Encoding: chunked\r\n\r\n']
    for (const ending of endings) {
      const client = await connected(socket)
      const first = firstOf(client)
      client.write(`POST /v1/tasks HTTP/1.1\r\nHost: x\r\n${ending}`)
      for (let part = 0; part < 40; part++) client.write(`8000\r\n${'x'.repeat(0x8000)}\r\n`)
      expect(await first).toMatch(/^HTTP\/1\.1 413 /)
      client.destroy()
    }
    expect(await read(serving, 'large')).toBeNull()
  })

  it('has its tasks shown without arguments and stacks (§13)', async () => {
    const secret = join(freshFolder(), 'secret')
    const [done = '', failed = ''] = await dispatchAll(serving, [
      ['notes', [secret, 'shown']],
      ['fails', ['it broke']],
    ])
    await settled(serving, done)
    await settled(serving, failed)
    const texts = await Promise.all(
      [done, failed].map(async (id) => (await fetch(`${serving.url}/_/tasks/${id}`)).text()),
    )
    expect(texts[0]).toContain('shown')
    expect(texts[1]).toContain('it broke')
    for (const each of texts)
      expect(each).not.toMatch(/secret|Traceback|works\.(py|mjs)|stack|message_text|args/)
    const { json } = await askApi({ path: socket }, 'GET', `/v1/tasks/${failed}`)
    expect(JSON.stringify(json)).toMatch(/works\.(py|mjs)/) // the function itself may see its stacks
  })
})

describe('a loop of dispatches', () => {
  it('is bounded by --task-queue; a thousand tasks of it complete', async () => {
    const flags = { 'job-store': 'memory', 'task-queue': '1000', timeout: '60s' }
    await using serving = await serveFrom(tasksIn('python'), 'works.handler', flags)
    const calls = Array.from({ length: 1000 }, (_, n): Call => ['double', [n]])
    const event = { do: 'dispatch', tasks: calls, further: ['double', [1000]] }
    const { ids, refusal } = await ask<{ ids: string[]; refusal: unknown }>(serving, event)
    expect(refusal).toMatchObject({ code: 'queue_full', text: '1000 tasks are waiting' })
    await settled(serving, ids.at(-1) ?? '')
    const tasks = await Promise.all(ids.map((id) => view(serving, id)))
    expect(tasks.map(({ response }) => response)).toEqual(calls.map((_, n) => n * 2))
  })
})

describe.each(bothLanguages)('with --auth-keys (%s)', (language) => {
  it('a task is shown to those with a key, and waits for nobody else (§13, F-25)', async () => {
    const folder = freshFolder()
    writeFileSync(join(folder, 'keys'), 'right-key\n', { mode: 0o600 })
    await using serving = await serveTasksOf(language, { 'auth-keys': join(folder, 'keys') })
    const headers = { Authorization: 'Bearer right-key' }
    const [id] = await ask<[string]>(serving, { do: 'dispatch', tasks: [['double', [1]]] }, headers)
    for (const path of [`/_/tasks/${id}`, `/_/tasks/${id}?wait=30`, '/_/tasks/unknown'])
      expect((await fetch(serving.url + path)).status).toBe(403)
    const answer = await fetch(`${serving.url}/_/tasks/${id}?wait=30`, { headers })
    expect([answer.status, await answer.json()]).toMatchObject([200, { response: 2 }])
  })
})

async function connected(path: string): Promise<Socket> {
  const socket = connect(path)
  socket.on('error', () => {}) // who is refused may see a reset
  await new Promise((settle) => socket.once('connect', settle))
  return socket
}

async function firstOf(socket: Socket): Promise<string> {
  return new Promise((settle) => socket.setEncoding('utf8').once('data', (first) => settle(String(first))))
}
