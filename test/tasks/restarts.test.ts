// Servers that are killed or stopped with tasks, and what the next one makes of them (tasks.md L1, L7, K1, Q8).

import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { eventually } from '../harness/calling.ts'
import { freshFolder } from '../harness/jobClient.ts'
import { start, type Program } from '../harness/program.ts'
import { bothLanguages } from '../harness/serving.ts'
import {
  ask,
  dispatch,
  dispatchAll,
  reached,
  read,
  settled,
  tasksIn,
  taskErrors,
  view,
  type Call,
} from '../harness/taskClient.ts'

interface Server extends AsyncDisposable {
  readonly url: string
  readonly program: Program
}

type Language = (typeof bothLanguages)[number]

async function startServer(language: Language, folder: string, ...flags: string[]): Promise<Server> {
  const own = ['--root', tasksIn(language), '--port', '0', '--data-dir', folder, '--task-backoff', '10ms']
  const program = start(['serve', 'works.handler', ...own, ...flags])
  const { url } = await program.line('listening at ')
  return {
    program,
    url: String(url).replace(/\/$/, ''),
    [Symbol.asyncDispose]: () => program[Symbol.asyncDispose](),
  }
}

describe.concurrent.each(bothLanguages)('a server with tasks (%s)', (language) => {
  it('that is killed loses none of a hundred, and runs none again that was complete (L1, L7)', async ({
    onTestFinished,
  }) => {
    const folder = freshFolder(onTestFinished)
    const [ran, gate, started] = ['ran', 'gate', 'started'].map((name) => join(folder, name)) as [
      string,
      string,
      string, // as many as are given
    ]
    const numbers = Array.from({ length: 100 }, (_, number) => String(number))
    const ids: string[] = []
    const seen: string[] = []
    {
      await using server = await startServer(language, folder, '--instances', '3')
      const notes = numbers.map((number): Call => ['notes', [ran, number]])
      ids.push(...(await dispatchAll(server, notes.slice(0, 40))))
      await Promise.all(ids.slice(0, 20).map((id) => settled(server, id)))
      // Two that cannot end before the kill keep the others waiting.
      ids.push(
        ...(await dispatchAll(server, [
          ['waits', [started, gate]],
          ['waits', [started, gate]],
          ...notes.slice(40),
        ])),
      )
      await reached(server, ids[41] ?? '', 'running')
      const views = await Promise.all(ids.map((id) => view(server, id)))
      server.program.signal('SIGKILL')
      await server.program.ended
      seen.push(...views.flatMap(({ state }, index) => (state === 'complete' ? [ids[index] ?? ''] : [])))
    }
    expect(seen.length).toBeGreaterThanOrEqual(40)
    expect(seen.length).toBeLessThan(ids.length)
    writeFileSync(gate, '')
    await using server = await startServer(language, folder, '--instances', '3')
    const tasks = await Promise.all(ids.map((id) => settled(server, id)))
    expect(tasks.map(({ state }) => state)).toEqual(ids.map(() => 'complete'))
    const cut = tasks.slice(40, 42).flatMap(({ attempts }) => attempts)
    expect(cut.map(({ outcome, error }) => [outcome, error?.type])).toEqual([
      ['failed', 'InstanceLost'],
      ['complete', undefined],
      ['failed', 'InstanceLost'],
      ['complete', undefined],
    ])
    const lines = readFileSync(ran, 'utf8').trim().split('\n')
    expect(new Set(lines)).toEqual(new Set(numbers))
    for (const { id, response } of tasks)
      if (seen.includes(id)) expect(lines.filter((line) => line === response)).toHaveLength(1)
  })

  it('that is stopped lets the running task end and keeps the queued one for the next start (L7, Q8)', async ({
    onTestFinished,
  }) => {
    const folder = freshFolder(onTestFinished)
    const [started, gate] = [join(folder, 'started'), join(folder, 'gate')]
    let ids: readonly string[]
    {
      await using server = await startServer(language, folder)
      ids = await dispatchAll(server, [
        ['waits', [started, gate]],
        ['double', [1]],
      ])
      await eventually(() => existsSync(started))
      const held = ids.map((id) => view(server, id, 30))
      await eventually(async () => (await view(server, ids[1] ?? '')).state === 'queued')
      server.program.signal('SIGTERM')
      await server.program.line('SIGTERM: ')
      expect((await Promise.all(held)).map(({ state }) => state)).toEqual(['running', 'queued'])
      writeFileSync(gate, '')
      expect((await server.program.ended).code).toBe(0)
    }
    await using server = await startServer(language, folder)
    const [first = '', second = ''] = ids
    expect(await view(server, first)).toMatchObject({
      state: 'complete',
      response: 'through',
      attempts: [{ outcome: 'complete' }],
    })
    expect(await settled(server, second)).toMatchObject({ state: 'complete', response: 2 })
    expect(await read(server, first)).toEqual({ status: 'complete', response: 'through' })
  })

  it('that must stop at once lists the attempt as interrupted and does not count it (L7)', async ({
    onTestFinished,
  }) => {
    const folder = freshFolder(onTestFinished)
    const [started, gate] = [join(folder, 'started'), join(folder, 'gate')]
    const flags = ['--task-attempts', '1', '--drain-timeout', '50ms']
    let id: string
    {
      await using server = await startServer(language, folder, ...flags)
      id = await dispatch(server, 'waits', [started, gate])
      await eventually(() => existsSync(started))
      server.program.signal('SIGTERM')
      expect((await server.program.ended).code).toBe(0)
    }
    writeFileSync(gate, '')
    await using server = await startServer(language, folder, ...flags)
    const { state, response, attempts } = await settled(server, id)
    expect([state, response]).toEqual(['complete', 'through'])
    expect(attempts.map(({ outcome }) => outcome)).toEqual(['interrupted', 'complete'])
  })

  it('keeps a result for --task-retention, also across a restart, and not longer (Q8, K1)', async ({
    onTestFinished,
  }) => {
    const folder = freshFolder(onTestFinished)
    const flags = ['--task-retention', '5s']
    let id: string
    let expires: number
    {
      await using server = await startServer(language, folder, ...flags)
      id = await dispatch(server, 'double', [4])
      const task = await settled(server, id)
      expires = Date.parse(task.expires_at ?? '')
      expect(expires - Date.parse(task.finished_at ?? '')).toBe(5000)
      server.program.signal('SIGKILL')
      await server.program.ended
    }
    await using server = await startServer(language, folder, ...flags)
    for (let asked = Date.now(); (await read(server, id)) !== null; asked = Date.now())
      expect(asked).toBeLessThan(expires)
    expect(Date.now()).toBeGreaterThanOrEqual(expires)
    await expect(view(server, id)).rejects.toThrow('404')
  })

  it('refuses what a draining instance would dispatch, and says so (§6)', async ({ onTestFinished }) => {
    const folder = freshFolder(onTestFinished)
    const [started, gate, path] = ['started', 'gate', 'path'].map((name) => join(folder, name)) as [
      string,
      string,
      string, // as many as are given
    ]
    await using server = await startServer(language, folder)
    await dispatch(server, 'double', [1])
    const held = ask(server, { do: 'hold', started, gate, path, text: '', dispatch: ['double', [2]] })
    await eventually(() => existsSync(started))
    server.program.signal('SIGTERM')
    await server.program.line('SIGTERM: ')
    writeFileSync(gate, '')
    expect(await held).toMatchObject({ raised: taskErrors[language], code: 'engine_unreachable' })
    expect((await server.program.ended).code).toBe(0)
  })
})
