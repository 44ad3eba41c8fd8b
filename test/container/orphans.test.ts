import { describe, expect, it } from 'vitest'
import { code, eventually, serve } from './containers.ts'

const languages = [
  ['node', 'fnbox:node'],
  ['python', 'fnbox:python'],
] as const

describe.each(languages)('what a %s function leaves behind', (language, image) => {
  const options = { args: ['leaves_orphan.handler'], flags: code('test', 'functions', language) }

  it('is reaped when it ends', async () => {
    await using container = await serve(image, options)
    for (let call = 0; call < 50; call++) expect((await container.call({ seconds: 0.1 })).status).toBe(200)
    await eventually(async () => (await container.processes()).length === 3)
    const left = await container.processes()
    const { server, instance } = await container.pids()
    expect(left.map(({ pid }) => pid).toSorted((one, other) => one - other)).toEqual([1, server, instance])
    expect(left.find(({ pid }) => pid === 1)?.command).toMatch(/^tini /)
  })

  it('goes with its instance', async () => {
    await using container = await serve(image, options)
    for (let call = 0; call < 5; call++) await container.call({ seconds: 3600 })
    const sleepers = async (): Promise<number> =>
      (await container.processes()).filter(({ command }) => command.startsWith('sleep')).length
    await eventually(async () => (await sleepers()) === 5)
    const { instance } = await container.pids()
    await container.kill('KILL', instance)
    await eventually(async () => (await sleepers()) === 0)
    await eventually(async () => (await container.pids()).instance > instance)
    expect((await container.call({ seconds: 0 })).status).toBe(200)
  })
})
