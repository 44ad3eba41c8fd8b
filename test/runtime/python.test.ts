// What only Python has: its event loop, its ways to leave, its tracebacks (yandex.md H, C-2, K-7, F-30 to F-33).

import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { functionsOf, identity, Peer, type Frame } from './player.ts'

async function loaded(handler: string, members: object = {}): Promise<Peer> {
  const peer = new Peer('python')
  await peer.load(handler, members)
  return peer
}

async function callAhead(peer: Peer, payload: string): Promise<Frame> {
  peer.addPermit()
  const frame = await peer.invoke(payload, { ahead: true })
  expect(frame.header.type).toBe('returned')
  return frame
}

function said(peer: Peer, text: string): Promise<void> {
  return (async () => {
    while (!peer.stdout.includes(text)) await new Promise((settle) => setImmediate(settle))
  })()
}

describe('the event loop (K-7)', () => {
  test('a client that is bound to the loop at import works in every invocation', async () => {
    await using peer = await loaded('own_loop.bound_at_import')
    expect((await peer.invoke()).body.toString()).toBe('true')
    expect((await peer.invoke()).body.toString()).toBe('true')
  })

  test('a synchronous handler may use asyncio.run', async () => {
    await using peer = await loaded('own_loop.runs')
    expect((await peer.invoke()).body.toString()).toBe('"ran"')
    expect((await peer.invoke()).body.toString()).toBe('"ran"')
  })

  test('is there after a late import of asyncio, which is not imported without need', async () => {
    await using peer = await loaded('late_loop.finds')
    expect((await peer.invoke()).body.toString()).toBe('true')
    expect((await peer.invoke()).body.toString()).toBe('true')
    await using other = await loaded('late_loop.has_asyncio')
    expect((await other.invoke()).body.toString()).toBe('false')
  })

  test('is there when the file of the function has the name of a module that asyncio needs', async () => {
    await using peer = new Peer('python', join(functionsOf('python'), 'hides'))
    await peer.load('signal.handler')
    expect((await peer.invoke()).body.toString()).toBe('"here"')
  })

  test('any awaitable is awaited', async () => {
    await using peer = await loaded('own_loop.any_awaitable')
    expect((await peer.invoke()).body.toString()).toBe('"awaited"')
  })

  test('a cancelled coroutine gets the cancellation, and the instance stays', async () => {
    await using peer = await loaded('notices_cancel.handler')
    await peer.send({ type: 'invoke', id: '1', mode: 'raw' }, Buffer.from('{}'))
    await said(peer, 'started')
    await peer.send({ type: 'cancel', id: '1', reason: 'disconnected' })
    await peer.expect({ type: 'cancelling', id: '1' })
    await peer.expect({ type: 'threw', id: '1' })
    await said(peer, 'cancelled')
    expect((await peer.invoke('next', { id: '2' })).body.toString()).toBe('"here"')
  })
})

describe('a cancellation before the start', () => {
  test.each([
    ['a coroutine', 'cancelled_early.coroutine', 'threw'],
    ['a coroutine that waits for nothing', 'cancelled_early.at_once', 'threw'],
    ['an awaitable', 'cancelled_early.awaitable', 'threw'],
    ['a generator', 'cancelled_early.generator', 'ended'],
    ['an async generator', 'cancelled_early.async_generator', 'ended'],
  ])('ends %s, and none of its code runs', async (_, handler, end) => {
    await using peer = await loaded(handler)
    await peer.send({ type: 'invoke', id: '1', mode: 'raw' }, Buffer.from('"blocks"'))
    await said(peer, 'blocked')
    await peer.send({ type: 'invoke', id: '2', mode: 'raw' }, Buffer.from('"is cancelled"'))
    await peer.send({ type: 'cancel', id: '2', reason: 'disconnected' })
    await peer.send({ type: 'invoke', id: '3', mode: 'raw' }, Buffer.from('"is asked"'))
    await peer.expect({ type: 'returned', id: '1' })
    await peer.expect({ type: 'cancelling', id: '2' })
    await peer.expect({ type: end, id: '2' })
    await peer.expect({ type: 'returned', id: '3' }, { body: '[]' })
    expect(peer.stderr).toBe('')
  })
})

describe('the border between two calls', () => {
  test('does not get into a file that took the place of the output', async () => {
    await using peer = await loaded('replaces_output.handler')
    for (const payload of ['closes', 'opens', 'nothing']) await callAhead(peer, payload)
    expect((await callAhead(peer, 'file')).body.toString()).toBe('"of the function"')
    await peer.expectWritten({ stdout: '<border>', stderr: '<border>'.repeat(4) })
  })

  test('is written whole when the function has made its output non-blocking', async () => {
    await using peer = await loaded('replaces_output.handler', { border: 'border '.repeat(100_000) })
    for (const payload of ['does not block', 'nothing']) await callAhead(peer, payload)
    expect(peer.stdout).toBe('border '.repeat(200_000))
  })

  test('leaves the end of the output visible', async () => {
    await using peer = await loaded('replaces_output.handler')
    for (const payload of ['closes', 'closes errors']) await callAhead(peer, payload)
    await peer.outputEnded
    expect((await callAhead(peer, 'nothing')).body.toString()).toBe('null')
  })
})

test('a function that blocks does not acknowledge its cancellation (jobs.md CTL-3)', async () => {
  await using peer = await loaded('notices_cancel.blocks')
  await peer.send({ type: 'invoke', id: '1', mode: 'raw' }, Buffer.from('{}'))
  await said(peer, 'started')
  await peer.send({ type: 'cancel', id: '1', reason: 'cancelled' })
  await peer.expect({ type: 'returned', id: '1' })
  expect((await peer.invoke('next', { id: '2' })).header).toMatchObject({ type: 'returned', id: '2' })
})

describe('the context (C-2)', () => {
  test.each([
    ['without a token and a folder', {}, {}, { token: null }],
    [
      'with both',
      { function: { ...identity, folderId: 'b1g' } },
      { token: { access_token: 't1.x', expires_in: 42_299, token_type: 'Bearer' } },
      {
        token: { access_token: 't1.x', expires_in: 42_299, token_type: 'Bearer' },
        function_folder_id: 'b1g',
      },
    ],
  ])('has exactly the keys of C-2 %s', async (_, load, invoke, more) => {
    await using peer = await loaded('context.handler', load)
    const { body } = await peer.invoke({}, { deadlineMs: 4_000_000_000_000, ...invoke })
    expect(JSON.parse(body.toString())).toEqual({
      aws_request_id: '1',
      request_id: '1',
      function_name: identity.id,
      invoked_function_arn: identity.id,
      function_version: identity.version,
      log_stream_name: identity.version,
      log_group_name: identity.logGroup,
      memory_limit_in_mb: 128,
      deadline_ms: 4_000_000_000_000,
      ...more,
    })
  })
})

describe('leaving (F-33)', () => {
  test.each([
    [{ with: 3 }, 3],
    [{ with: null }, 0],
    [{ with: 'a reason' }, 1],
    [{ with: 3, thread: true }, 3],
    [{ with: 'a reason', thread: true }, 1],
  ])('sys.exit ends the process with its code: %j', async (wish, code) => {
    for (const handler of ['handler', 'asynchronous']) {
      await using peer = await loaded(`leaves.${handler}`)
      await peer.send({ type: 'invoke', id: '1', mode: 'raw' }, Buffer.from(JSON.stringify(wish)))
      expect(await peer.exit()).toBe(code)
      await said(peer, 'last words')
    }
  })

  test('KeyboardInterrupt ends the process', async () => {
    await using peer = await loaded('leaves.handler')
    await peer.send({ type: 'invoke', id: '1', mode: 'raw' }, Buffer.from('{"with":"interrupt"}'))
    expect(await peer.exit()).not.toBe(0)
  })
})

describe('handlers (H-8, H-10)', () => {
  test.each([
    ['kinds.called', 'callable'],
    ['kinds.method', 'method'],
    ['kinds.of_class', 'class method'],
    ['pkg.loader.handler', 'pkg.loader'],
  ])('%s is found and called', async (handler, answer) => {
    await using peer = await loaded(handler)
    expect(JSON.parse((await peer.invoke()).body.toString())).toBe(answer)
  })
})

describe('errors (F-30, F-32)', () => {
  test.each(['handler', 'asynchronous'])('begin with one frame of the runtime: %s', async (handler) => {
    await using peer = await loaded(`raises_things.${handler}`)
    const { errorMessage, errorType, stackTrace } = errorOf(await peer.invoke('name'))
    expect([errorMessage, errorType]).toEqual(["name 'unknown' is not defined", 'NameError'])
    expect(stackTrace[0]).toMatch(/^ {2}File ".*\/runtime\/python\/\w+\.py", line \d+, in handle_event\n/)
    expect(stackTrace.at(-1)).toContain(
      `  File "${functionsOf('python')}/raises_things.py", line 17, in handler\n`,
    )
    expect(stackTrace).toHaveLength(handler === 'handler' ? 2 : 3)
  })

  test.each([
    ['key', "'k'", 'KeyError'],
    ['cancelled', '', 'CancelledError'],
    ['exit', '', 'GeneratorExit'],
  ])('%s is an error like any other', async (wish, message, type) => {
    for (const handler of ['handler', 'asynchronous']) {
      await using peer = await loaded(`raises_things.${handler}`)
      expect(errorOf(await peer.invoke(wish))).toMatchObject({ errorMessage: message, errorType: type })
      expect((await peer.invoke('key')).header.type).toBe('threw')
    }
  })

  test.each([
    ['unprintable', 'Unprintable'],
    ['surrogate', 'ValueError'],
    ['huge', 'ValueError'],
    ['recursion', 'RecursionError'],
  ])('%s does no harm', async (wish, type) => {
    await using peer = await loaded('raises_things.handler')
    expect(errorOf(await peer.invoke(wish))).toMatchObject({ errorType: type })
    expect((await peer.invoke('key')).header.type).toBe('threw')
  })

  test.each(['replace', 'close'])('standard streams may be gone: %s', async (wish) => {
    await using peer = await loaded('hides_streams.handler')
    expect((await peer.invoke(wish)).header.type).toBe('returned')
    expect((await peer.invoke('replace')).header.type).toBe('returned')
  })
})

function errorOf({ header }: { readonly header: object }): {
  errorMessage: string
  errorType: string
  stackTrace: string[]
} {
  return (header as { error: ReturnType<typeof errorOf> }).error // checked by the expectations
}
