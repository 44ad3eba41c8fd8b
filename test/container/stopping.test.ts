import { chmodSync, mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { code, eventually, hardened, serve } from './containers.ts'
import { engine, tryEngine } from './engine.ts'

const languages = [
  ['node', 'fnbox:node'],
  ['python', 'fnbox:python'],
] as const

describe.each(languages)('a container with a %s function', (language, image) => {
  const functions = code('test', 'functions', language)

  it('answers who is served and who waits when it is stopped, and ends with 0', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'fnbox-test-'))
    chmodSync(folder, 0o777) // the container's user is another one
    const flags = [...functions, ...hardened, '--volume', `${folder}:/meet`]
    await using container = await serve(image, { args: ['turns.handler'], flags })
    const answers = ['one', 'two'].map((id) => container.call({ id, folder: '/meet', others: ['go'] }))
    await eventually(async () =>
      /^fnbox_queue_depth 1$/m.test(await (await container.ask('/_/metrics')).text()),
    )
    const stopped = engine('stop', '--time', '20', container.id)
    await eventually(async () => (await container.ask('/_/readyz')).status === 503)
    writeFileSync(join(folder, 'go'), '')
    expect((await Promise.all(answers)).map(({ status }) => status)).toEqual([200, 200])
    await stopped
    expect(await container.exitCode()).toBe(0)
  })

  it('ends at once with 143 at a second SIGTERM', async () => {
    await using container = await serve(image, {
      args: ['hostile.handler', '--timeout', '10m'],
      flags: functions,
    })
    const answer = container.call({ do: 'loop' }).then(
      ({ headers }) => headers.get('x-fnbox-fault'),
      () => 'connection lost',
    )
    await eventually(async () => (await container.logs()).includes('START'))
    await engine('kill', '--signal', 'TERM', container.id)
    await eventually(async () => (await container.logs()).includes('SIGTERM: finishing'))
    await engine('kill', '--signal', 'TERM', container.id)
    expect(await container.exitCode()).toBe(143)
    expect(['draining', 'connection lost']).toContain(await answer) // the fault, when it leaves in time
  })

  it('ends with 137 when its server is killed, and starts cleanly again', async () => {
    await using container = await serve(image, {
      args: ['hostile.handler'],
      flags: [...functions, ...hardened],
    })
    const { server } = await container.pids()
    await container.kill('KILL', server)
    expect(await container.exitCode()).toBe(137)
    await engine('start', container.id)
    await container.ready()
    expect((await container.call({})).status).toBe(200)
  })

  it('survives that its function is killed from inside', async () => {
    await using container = await serve(image, { args: ['hostile.handler'], flags: functions })
    const { instance } = await container.pids()
    await container.kill('KILL', instance)
    const answer = await container.call({})
    expect(answer.status).toBe(200)
    expect(await answer.json()).not.toEqual({ pid: instance })
  })

  it('is taken away by the engine as a whole, and starts cleanly again', async () => {
    await using container = await serve(image, { args: ['hostile.handler'], flags: functions })
    await tryEngine('kill', container.id)
    expect(await container.exitCode()).toBe(137)
    await engine('start', container.id)
    await container.ready()
    expect((await container.call({})).status).toBe(200)
  })
})
