// The unmodified npm client against the real server (jobs.md §16).

import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import runpodSdk, { type EndpointOutput } from 'runpod-sdk'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { serve, type Serving } from '../../harness/serving.ts'
import { freshFolder, reached } from '../../harness/jobClient.ts'

// The client prints what it waits for, with what `console.log` is when it is loaded.
const print = vi.hoisted(() => vi.spyOn(console, 'log').mockImplementation(() => {}))

type Endpoint = NonNullable<ReturnType<ReturnType<typeof runpodSdk>['endpoint']>>

function endpointOf({ url }: Serving): Endpoint {
  const endpoint = runpodSdk('any key', { baseUrl: `${url}/v2` }).endpoint('my-endpoint')
  if (endpoint === null) throw new Error('there is no endpoint')
  return endpoint
}

function outputOf(answer: EndpointOutput): unknown {
  return 'output' in answer ? answer.output : undefined
}

describe('the npm client', () => {
  let serving: Serving
  let streaming: Serving
  let endpoint: Endpoint

  const folders = [freshFolder(afterAll), freshFolder(afterAll)] as const

  beforeAll(async () => {
    serving = await serve('python', 'job_works.py', { 'data-dir': folders[0] })
    streaming = await serve('node', 'job_yields.mjs', { 'data-dir': folders[1] })
    endpoint = endpointOf(serving)
  })
  afterAll(async () => {
    await Promise.all([serving[Symbol.asyncDispose](), streaming[Symbol.asyncDispose]()])
  })

  it('runs a job, asks for its state, and waits for it (A-3, A-12, SYN-1)', async () => {
    const { id, status } = await endpoint.run({ input: { return: 'Hi' } })
    expect(status).toBe('IN_QUEUE')
    const ended = await endpoint.statusSync(id)
    expect(ended).toMatchObject({ status: 'COMPLETED', output: 'Hi', completed: true, succeeded: true })
    expect(outputOf(await endpoint.status(id))).toBe('Hi')
  })

  it('gets the output of a fast job from runSync, and the error of one that fails (SYN-2)', async () => {
    expect(await endpoint.runSync({ input: { return: [1, null] } })).toMatchObject({
      status: 'COMPLETED',
      output: [1, null],
    })
    const failed = await endpoint.runSync({ input: { return: { error: 'boom' } } })
    expect(failed).toMatchObject({ status: 'FAILED', error: 'boom', succeeded: false })
  })

  it('goes on with /status-sync when runSync takes longer than its wait (SYN-3)', async () => {
    const gate = join(freshFolder(), 'gate')
    const polled = new Promise<string>((settle) => print.mockImplementation((text) => settle(String(text))))
    const slow = endpoint.runSync({ input: { await: gate, return: 'slow' } }, 1500)
    expect(await polled).toMatch(/^sync-.*: IN_PROGRESS$/)
    writeFileSync(gate, '')
    expect(outputOf(await slow)).toBe('slow')
  })

  it('streams every chunk once, while they are made, to the end (STR-1, STR-5)', async () => {
    const gates = join(freshFolder(), 'gates')
    mkdirSync(gates)
    const client = endpointOf(streaming)
    const { id } = await client.run({ input: { chunks: 5, gates } })
    const chunks: unknown[] = []
    writeFileSync(join(gates, '0'), '')
    for await (const chunk of client.stream(id)) {
      chunks.push(chunk)
      writeFileSync(join(gates, String(chunks.length)), '')
    }
    expect(chunks).toEqual([0, 1, 2, 3, 4].map((index) => ({ output: { index } })))
  })

  it('streams five hundred chunks without losing or doubling one (STR-2)', async () => {
    const client = endpointOf(streaming)
    const { id } = await client.run({ input: { chunks: 500 } })
    const indexes: number[] = []
    for await (const { output } of client.stream(id)) indexes.push((output as { index: number }).index)
    expect(indexes).toEqual(Array.from({ length: 500 }, (_, index) => index))
  })

  it('cancels a running job (CTL-1)', async () => {
    const { id } = await endpoint.run({ input: { await: '/nowhere' } })
    await reached(serving, id, 'IN_PROGRESS')
    expect(await endpoint.cancel(id)).toEqual({ id, status: 'CANCELLED' })
    expect(await endpoint.status(id)).toMatchObject({ status: 'CANCELLED', completed: true })
  })

  it('purges what is queued, and reads the health (CTL-6, CTL-8)', async () => {
    const running = await endpoint.run({ input: { await: '/nowhere' } })
    await reached(serving, running.id, 'IN_PROGRESS')
    const queued = await Promise.all([1, 2].map(() => endpoint.run({ input: { return: 1 } })))
    const { jobs, workers } = await endpoint.health()
    expect(jobs).toMatchObject({ inProgress: 1, inQueue: 2 })
    expect(workers).toMatchObject({ running: 1, ready: 1, idle: 0, throttled: 0 })
    expect(await endpoint.purgeQueue()).toEqual({ removed: 2, status: 'completed' })
    for (const { id } of queued) expect(await endpoint.status(id)).toMatchObject({ status: 'CANCELLED' })
    await endpoint.cancel(running.id)
  })
})
