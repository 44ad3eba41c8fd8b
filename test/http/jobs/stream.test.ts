import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { describe, expect, it } from 'vitest'
import { eventually } from '../../harness/calling.ts'
import { ask, serveJobs, submit, watched, type JobAnswer, type JobServing } from '../../harness/jobServing.ts'

interface Part {
  readonly output: unknown
  readonly index?: number
}

async function running(serving: JobServing, ...texts: readonly string[]): Promise<string> {
  const id = await submit(serving)
  await serving.engine.begin(id)
  if (texts.length > 0) await serving.engine.yields(id, ...texts)
  return id
}

async function drain(serving: JobServing, id: string, query = '?wait=0'): Promise<unknown> {
  return (await ask(serving, 'GET', `/stream/${id}${query}`)).json
}

function outputs({ json }: JobAnswer): readonly unknown[] {
  return (json as { stream: readonly Part[] }).stream.map(({ output }) => output)
}

// A reader that does not read: its socket is full before the answer has left.
async function stalledReader(serving: JobServing, path: string): Promise<Socket> {
  const socket = connect({ port: Number(new URL(serving.url).port), host: '127.0.0.1' })
  await once(socket, 'connect')
  socket.on('error', () => {})
  socket.pause()
  socket.write(`GET ${path} HTTP/1.1\r\nHost: x\r\n\r\n`)
  return socket
}

const large = JSON.stringify('x'.repeat(15 * 1024 ** 2))

describe('/stream', () => {
  it('answers an object with the chunks that were not delivered yet, in order (STR-1, STR-2)', async () => {
    await using serving = await serveJobs()
    const id = await running(serving, '"Hel"', '"lo"')
    expect(await drain(serving, id)).toEqual({
      status: 'IN_PROGRESS',
      stream: [{ output: 'Hel' }, { output: 'lo' }],
    })
    await serving.engine.yields(id, '{"index":9007199254740993}')
    const { text } = await ask(serving, 'POST', `/stream/${id}?wait=0`)
    expect(text).toBe('{"status":"IN_PROGRESS","stream":[{"output":{"index":9007199254740993}}]}')
    expect(await drain(serving, id)).toEqual({ status: 'IN_PROGRESS', stream: [] })
  })

  it('waits until there is one chunk (STR-4, STR-9)', async () => {
    await using serving = await serveJobs()
    const id = await submit(serving)
    const held = ask(serving, 'GET', `/stream/${id}`)
    await watched(serving, id)
    await serving.engine.begin(id)
    await serving.engine.yields(id, 'null')
    expect((await held).json).toEqual({ status: 'IN_PROGRESS', stream: [{ output: null }] })
    await eventually(() => serving.jobs.watchers(id) === 0)
  })

  it('ends with a terminal status and every chunk that is left, and shows only the status from then on (STR-5)', async () => {
    await using serving = await serveJobs()
    const id = await running(serving, '1', '2')
    await serving.engine.finish(id, { output: '[]' })
    expect(await drain(serving, id, '')).toEqual({
      status: 'COMPLETED',
      stream: [{ output: 1 }, { output: 2 }],
    })
    for (const _ of [1, 2]) expect(await drain(serving, id, '')).toEqual({ status: 'COMPLETED', stream: [] })
  })

  it('spreads more than 16 MB over several answers, of which only the last shows the end (STR-5, STR-8)', async () => {
    await using serving = await serveJobs()
    const id = await running(serving, '1', large, '2', large, '3')
    await serving.engine.finish(id, { state: 'FAILED', error: 'x' })
    const answers = [await ask(serving, 'GET', `/stream/${id}`), await ask(serving, 'GET', `/stream/${id}`)]
    expect(answers.map(({ json }) => (json as { status: string }).status)).toEqual(['IN_PROGRESS', 'FAILED'])
    expect(answers.map((each) => outputs(each).map((output) => String(output).length))).toEqual([
      [1, large.length - 2, 1],
      [large.length - 2, 1],
    ])
  })

  it.each(['COMPLETED', 'FAILED', 'TIMED_OUT', 'CANCELLED'] as const)(
    'of a job that never yields waits and ends with %s and no chunks (STR-6, STR-7)',
    async (state) => {
      await using serving = await serveJobs()
      const id = await running(serving)
      const held = ask(serving, 'GET', `/stream/${id}`)
      await watched(serving, id)
      await serving.engine.finish(id, { state, error: 'x' })
      expect((await held).json).toEqual({ status: state, stream: [] })
    },
  )

  it('shows CANCELLED as --stream-cancelled-as says, and nothing else does (STR-7)', async () => {
    await using serving = await serveJobs({}, { flags: { 'stream-cancelled-as': 'FAILED' } })
    const id = await running(serving)
    await serving.jobs.service.cancel(id)
    expect(await drain(serving, id)).toEqual({ status: 'FAILED', stream: [] })
    expect(await drain(serving, id, '?from=0')).toEqual({ status: 'FAILED', stream: [], next: 0 })
    expect((await ask(serving, 'GET', `/status/${id}`)).json).toMatchObject({ status: 'CANCELLED' })
  })

  it('offers chunks that a disconnected reader did not get again, in their place (STR-2)', async () => {
    await using serving = await serveJobs()
    const id = await running(serving, '1', large)
    const socket = await stalledReader(serving, `/stream/${id}`)
    await eventually(() => serving.jobs.pagesRead.length > 0)
    const next = ask(serving, 'GET', `/stream/${id}`)
    await watched(serving, id, 2)
    await serving.engine.yields(id, '3')
    socket.destroy()
    expect(outputs(await next).map((output) => String(output).length)).toEqual([1, large.length - 2, 1])
  })

  it('does not wait for another reader beyond its deadline, and then shows no end (STR-3, STR-5)', async () => {
    await using serving = await serveJobs()
    const id = await running(serving, large)
    await serving.engine.finish(id, {})
    const socket = await stalledReader(serving, `/stream/${id}`)
    await eventually(() => serving.jobs.pagesRead.length > 0)
    expect(await drain(serving, id)).toEqual({ status: 'IN_PROGRESS', stream: [] })
    socket.resume()
    await eventually(async () => (await serving.jobs.service.undelivered(id, 1)).chunks.length === 0)
    expect(await drain(serving, id)).toEqual({ status: 'COMPLETED', stream: [] })
    socket.destroy()
  })

  it('serves the most recent of several waiting readers first (STR-3)', async () => {
    await using serving = await serveJobs()
    const id = await running(serving)
    const order: number[] = []
    const readers: Promise<JobAnswer>[] = []
    for (const number of [1, 2, 3]) {
      readers.push(
        ask(serving, 'GET', `/stream/${id}`).then((answer) => {
          order.push(number)
          return answer
        }),
      )
      await watched(serving, id, number)
    }
    await serving.engine.yields(id, '"a"')
    expect(outputs((await readers[2]) ?? expect.fail())).toEqual(['a'])
    await serving.engine.yields(id, '"b"')
    expect(outputs((await readers[1]) ?? expect.fail())).toEqual(['b'])
    await serving.engine.finish(id, {})
    expect((await readers[0])?.json).toEqual({ status: 'COMPLETED', stream: [] })
    expect(order).toEqual([3, 2, 1])
  })

  it('gives every chunk to one of the readers that share a job (STR-3)', async () => {
    await using serving = await serveJobs()
    const id = await running(serving)
    const got: unknown[] = []
    const reader = async (): Promise<void> => {
      for (;;) {
        const answer = await ask(serving, 'GET', `/stream/${id}?wait=300000`)
        got.push(...outputs(answer))
        if ((answer.json as { status: string }).status !== 'IN_PROGRESS') return
      }
    }
    const readers = [reader(), reader(), reader()]
    for (let number = 0; number < 100; number++) {
      await serving.engine.yields(id, String(number))
      if (number % 7 === 0) await new Promise((settle) => setImmediate(settle))
    }
    await serving.engine.finish(id, {})
    await Promise.all(readers)
    expect(got.toSorted((one, other) => Number(one) - Number(other))).toEqual(
      Array.from({ length: 100 }, (_, at) => at),
    )
  })

  it('is answered when the server drains, with what there is (SYN-4)', async () => {
    await using serving = await serveJobs()
    const id = await running(serving)
    const held = [ask(serving, 'GET', `/stream/${id}`), ask(serving, 'GET', `/stream/${id}?from=0`)]
    await watched(serving, id, 2)
    serving.engine.drain()
    const [drained, read] = await Promise.all(held)
    expect(drained?.json).toEqual({ status: 'IN_PROGRESS', stream: [] })
    expect(read?.json).toEqual({ status: 'IN_PROGRESS', stream: [], next: 0 })
  })

  it('forgets a reader that disconnects while there is nothing to deliver (STR-2)', async () => {
    await using serving = await serveJobs()
    const id = await running(serving)
    const abort = new AbortController()
    const gone = ask(serving, 'GET', `/stream/${id}`, { signal: abort.signal })
    await watched(serving, id)
    abort.abort()
    await expect(gone).rejects.toThrow('abort')
    await eventually(() => serving.jobs.watchers(id) === 0)
    await serving.engine.yields(id, '1')
    expect(await drain(serving, id)).toMatchObject({ stream: [{ output: 1 }] })
  })

  it('ends with TIMED_OUT when the ttl ends (C-5)', async () => {
    await using serving = await serveJobs()
    const id = await running(serving)
    const held = ask(serving, 'GET', `/stream/${id}`)
    await watched(serving, id)
    await serving.engine.expire(id)
    expect((await held).json).toEqual({ status: 'TIMED_OUT', stream: [] })
  })
})

describe('/stream?from', () => {
  it('reads from an index without marking anything (STR-11, STR-12)', async () => {
    await using serving = await serveJobs()
    const id = await running(serving, '"a"', '"b"', '"c"')
    for (const _ of [1, 2])
      expect(await drain(serving, id, '?from=1')).toEqual({
        status: 'IN_PROGRESS',
        stream: [
          { index: 1, output: 'b' },
          { index: 2, output: 'c' },
        ],
        next: 3,
      })
    expect(await drain(serving, id)).toMatchObject({
      stream: [{ output: 'a' }, { output: 'b' }, { output: 'c' }],
    })
    expect(await drain(serving, id, '?from=0')).toMatchObject({ next: 3 })
  })

  it('skips indexes of an earlier attempt (STR-10, STR-12)', async () => {
    await using serving = await serveJobs()
    const id = await running(serving, '"a"', '"b"')
    await serving.engine.requeue(id)
    await serving.engine.begin(id)
    await serving.engine.yields(id, '"again"')
    const again = [{ index: 2, output: 'again' }]
    expect(await drain(serving, id, '?from=1')).toEqual({ status: 'IN_PROGRESS', stream: again, next: 3 })
  })

  it('waits until there is a chunk with that index, and ends like a draining reader (STR-11)', async () => {
    await using serving = await serveJobs()
    const id = await running(serving, '"a"')
    const held = ask(serving, 'GET', `/stream/${id}?from=2`)
    await watched(serving, id)
    await serving.engine.yields(id, '"b"')
    await serving.engine.yields(id, '"c"')
    expect((await held).json).toEqual({ status: 'IN_PROGRESS', stream: [{ index: 2, output: 'c' }], next: 3 })
    const end = ask(serving, 'GET', `/stream/${id}?from=3`)
    await watched(serving, id)
    await serving.engine.finish(id, {})
    expect((await end).json).toEqual({ status: 'COMPLETED', stream: [], next: 3 })
    expect(await drain(serving, id, '?from=2')).toEqual({
      status: 'COMPLETED',
      stream: [{ index: 2, output: 'c' }],
      next: 3,
    })
  })

  it('spreads what is large over several answers (STR-5, STR-11)', async () => {
    await using serving = await serveJobs()
    const id = await running(serving, large, large)
    await serving.engine.finish(id, {})
    const [first, second] = [await drain(serving, id, '?from=0'), await drain(serving, id, '?from=1')]
    expect(first).toMatchObject({ status: 'IN_PROGRESS', next: 1 })
    expect(second).toMatchObject({ status: 'COMPLETED', next: 2 })
  })
})
