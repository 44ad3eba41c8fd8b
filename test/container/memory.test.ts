import { describe, expect, it } from 'vitest'
import { code, hardened, serve } from './containers.ts'

const languages = [
  ['node', 'fnbox:node'],
  ['python', 'fnbox:python'],
] as const

const limits = [
  ['--memory of fnbox', ['--memory', '64MB'], []],
  ["the container's own limit", [], ['--memory', '128m', '--memory-swap', '128m']],
] as const

describe.each(languages)('a %s function that takes more memory than there is', (language, image) => {
  it.each(limits)('is told so at %s, and the next call is served (F-10)', async (_, options, flags) => {
    await using container = await serve(image, {
      args: ['hostile.handler', ...options],
      flags: [...hardened, ...flags, ...code('test', 'functions', language)],
    })
    for (let round = 0; round < 2; round++) {
      const answer = await container.call({ do: 'eat-memory' })
      expect([answer.status, answer.headers.get('x-fnbox-fault')]).toEqual([502, 'out_of_memory'])
      expect((await container.call({})).status).toBe(200)
    }
    expect(await container.isRunning()).toBe(true)
  })
})
