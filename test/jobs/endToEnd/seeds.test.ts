// The programs of the documentation, as printed, from the socket to the process and back.

import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { bothLanguages, serve, type Serving } from '../../harness/serving.ts'
import { drained, freshFolder, reached, run, runSync, settled, stream } from '../../harness/jobClient.ts'

// They sleep for up to ten seconds, so they run side by side.
const printed = [
  {
    name: 'the asynchronous generator of RunPod',
    handler: 'seed_runpod.py',
    input: { prompt: 'Hello' },
    chunks: [0, 1, 2, 3, 4].map((i) => `Generated async token output ${i}`),
  },
  {
    name: 'the generator of Snowcell',
    handler: 'seed_snowcell.py',
    input: 'numbers',
    chunks: [0, 1, 2, 3, 4].map((part) => `Processing part ${part} of task: numbers`),
  },
  {
    name: 'the asynchronous generator of Snowcell',
    handler: 'seed_snowcell_async.py',
    input: 'numbers',
    chunks: [0, 1, 2, 3, 4].map((step) => `Async result for step ${step} of job: numbers`),
  },
]

describe.concurrent('a program of the documentation', () => {
  it.for(printed)(
    '$name runs as printed: chunks from /stream, all of them from /run and /runsync (SNO-2, SNO-4, §10.5)',
    async ({ handler, input, chunks }, { onTestFinished }) => {
      await using serving = await serve('python', handler, {
        instances: '2',
        'data-dir': freshFolder(onTestFinished),
      })
      const [id, sync] = await Promise.all([run(serving, input), runSync(serving, input)])
      expect(await drained(serving, id)).toEqual({ status: 'COMPLETED', chunks })
      expect(await settled(serving, id)).toMatchObject({ status: 'COMPLETED', output: chunks })
      expect(sync).toMatchObject({ status: 'COMPLETED', output: chunks })
      expect(sync.id).toMatch(/^sync-/)
    },
  )
})

describe.each(bothLanguages)('a generator (%s)', (language) => {
  const handler = { python: 'job_yields.py', node: 'job_yields.mjs' }[language]
  let serving: Serving

  const jobs = freshFolder(afterAll)

  beforeAll(async () => {
    serving = await serve(language, handler, { 'data-dir': jobs })
  })
  afterAll(() => serving[Symbol.asyncDispose]())

  it('has each chunk read before it makes the next one, and ends with an empty list (STR-4, STR-9)', async () => {
    const gates = join(freshFolder(), 'gates')
    mkdirSync(gates)
    const id = await run(serving, { chunks: 3, gates })
    const answers = []
    for (const index of [0, 1, 2]) {
      await reached(serving, id, 'IN_PROGRESS')
      writeFileSync(join(gates, String(index)), '')
      const answer = await stream(serving, id)
      answers.push(...answer.stream)
      expect(answer.stream).toEqual([{ output: { index } }])
    }
    expect(answers).toHaveLength(3)
    expect(await drained(serving, id)).toEqual({ status: 'COMPLETED', chunks: [] })
    expect(await settled(serving, id)).toMatchObject({ status: 'COMPLETED', output: [] })
  })
})
