// Invocations that carry a task, which Python functions can get: the handler's event or not, and which code an event may name
// (tasks.md §9, Q11, Q12).

import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { freshFolder } from '../harness/jobClient.ts'
import { run } from '../harness/program.ts'
import { serveFrom, type Serving } from '../harness/serving.ts'
import { ask, settled } from '../harness/taskClient.ts'
import type { Flags } from '../../src/config.ts'

const source = `from os import system
from zappa import asynchronous
def f(a, b): return a + b
def handler(event, context): return ["handler", event]
`

const command = 'zappa.asynchronous.route_lambda_task'
const snsCommand = 'zappa.asynchronous.route_sns_task'

function messageOf(path: string, args: readonly unknown[], changes: object = {}): object {
  const message = { task_path: path, capture_response: false, response_id: null, args, kwargs: {}, command }
  return { ...message, ...changes }
}

function snsOf(message: object): object {
  const Message = JSON.stringify({ ...message, command: snsCommand })
  const TopicArn = 'arn:aws:sns:local:000000000000:app-zappa-async'
  return { Records: [{ EventSource: 'aws:sns', Sns: { MessageId: 'm-1', TopicArn, Message } }] }
}

const record = snsOf(messageOf('app.f', [1, 2]))

describe('an event that carries a task', () => {
  const root = freshFolder(afterAll)
  writeFileSync(join(root, 'app.py'), source)

  const serveWith = (flags: Flags): Promise<Serving> => serveFrom(root, 'app.handler', flags)

  describe('with --task-events on', () => {
    let serving: Serving

    beforeAll(async () => {
      serving = await serveWith({ 'task-events': 'on' })
    })
    afterAll(() => serving[Symbol.asyncDispose]())

    it('executes the task of a record, and of a command (Q12, §9)', async () => {
      expect(await ask(serving, record)).toBe(3)
      expect(await ask(serving, messageOf('app.f', [3, 4]))).toBe(7)
    })

    it('is the event of the handler when it has none, or comes over HTTP (§9)', async () => {
      for (const event of [
        { Records: [] },
        { Records: [{}] },
        { httpMethod: 'GET', command: 'os.getcwd' },
        {},
      ])
        expect(await ask(serving, event)).toEqual(['handler', event])
    })

    it('keeps the result where the message asks for it (M3)', async () => {
      const changes = { capture_response: true, response_id: 'own-1' }
      expect(await ask(serving, messageOf('app.f', [5, 6], changes))).toBe(11)
      expect(await settled(serving, 'own-1')).toMatchObject({ state: 'complete', response: 11 })
    })

    it.each<[string, (proof: string) => object]>([
      ['another command', () => ({ command: 'os.getcwd' })],
      ['code', () => ({ raw_command: '1' })],
      ['what is outside of the code root', (proof) => messageOf('os.system', [`touch ${proof}`])],
      ['what a module has imported', (proof) => messageOf('app.system', [`touch ${proof}`])],
      ['the same in a record', (proof) => snsOf(messageOf('app.system', [`touch ${proof}`]))],
      ['a path with a file in it', (proof) => messageOf('../app.f', [proof])],
      ['a module of a folder above', (proof) => messageOf('..app.f', [proof])],
      ['a command of records without one', () => messageOf('app.f', [1, 2], { command: snsCommand })],
    ])('does not execute %s (Q11, X1 to X5)', async (_, toEvent) => {
      const proof = join(root, 'proof')
      const response = await fetch(`${serving.url}/?integration=raw`, {
        method: 'POST',
        body: JSON.stringify(toEvent(proof)),
      })
      expect([response.status, await response.json()]).toMatchObject([502, { errorType: 'TaskNotAllowed' }])
      expect(existsSync(proof)).toBe(false)
    })
  })

  it('is the event of the handler of a public function with auto, and of any with off (Q12)', async () => {
    {
      await using serving = await serveWith({ 'task-events': 'auto' })
      expect(await ask(serving, record)).toEqual(['handler', record])
    }
    await using serving = await serveWith({ 'task-events': 'off' })
    expect(await ask(serving, record)).toEqual(['handler', record])
  })

  it('is executed with auto for those who have a key (§9)', async () => {
    const keys = join(root, 'keys')
    writeFileSync(keys, 'right-key\n', { mode: 0o600 })
    await using serving = await serveWith({ 'auth-keys': keys })
    expect(await ask(serving, record, { Authorization: 'Bearer right-key' })).toBe(3)
    await expect(ask(serving, record)).rejects.toThrow('403')
  })

  it('is executed with auto by `fnbox invoke`, if the function has the module (Q12)', async () => {
    const invoke = ['invoke', 'app.handler', '--root', root, '-d', JSON.stringify(record)]
    expect(await run(invoke)).toMatchObject({ code: 0, stdout: '3\n' })
    const without = freshFolder()
    writeFileSync(join(without, 'app.py'), source.replace(/^.*zappa.*$/m, ''))
    const { stdout } = await run(['invoke', 'app.handler', '--root', without, '-d', JSON.stringify(record)])
    expect(JSON.parse(stdout)).toEqual(['handler', record])
  })

  it('has no part in `fnbox check`, which ends also when the module dispatches a task (L1)', async () => {
    const dispatching = freshFolder()
    writeFileSync(join(dispatching, 'app.py'), `${source}asynchronous.run(f, 1, 2)\n`)
    expect(await run(['check', 'app.handler', '--root', dispatching])).toMatchObject({ code: 0 })
  })
})
