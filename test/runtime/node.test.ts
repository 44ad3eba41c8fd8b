// What only Node.js has: late errors, its context, its ways to export, its errors (yandex.md H, C, K, F-30, F-34).

import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { eventually } from '../harness/calling.ts'
import { functionsOf, identity, Peer } from './player.ts'

async function loaded(handler: string, members: object = {}): Promise<Peer> {
  const peer = new Peer('node')
  await peer.load(handler, members)
  return peer
}

describe('late errors (F-34)', () => {
  test.each(['throwOwn', 'rejectOwn'])('%s is the answer of its invocation', async (deed) => {
    await using peer = await loaded('leaves_timer.handler')
    const { header } = await peer.invoke(deed)
    expect(header).toMatchObject({
      type: 'threw',
      id: '1',
      error: { errorMessage: 'own', errorType: 'RangeError' },
    })
  })

  test('work that outlived its invocation is not charged to the next one', async () => {
    await using peer = await loaded('leaves_timer.handler')
    await peer.invoke('leave')
    const { header, body } = await peer.invoke('meet', { id: '2' })
    expect(header).toMatchObject({ type: 'returned', id: '2' })
    expect(JSON.parse(body.toString())).toBe('untouched')
    await eventually(() => peer.stderr.includes('RangeError: too late'))
  })

  test('with several running all of them fail', async () => {
    await using peer = await loaded('leaves_timer.handler')
    await peer.send({ type: 'invoke', id: 'a', mode: 'raw' }, Buffer.from('"wait"'))
    const frames = [await peer.invoke('throwOwn', { id: 'b' }), await peer.next()]
    expect(new Set(frames.map(({ header }) => `${header.type} ${String(header['id'])}`))).toEqual(
      new Set(['threw a', 'threw b']),
    )
  })

  test('an unhandled rejection in the module fails the load', async () => {
    await using peer = new Peer('node')
    await peer.send({ type: 'load', module: 'rejects_on_load', name: 'handler' })
    await peer.expect({ type: 'hello' })
    const { header } = await peer.next()
    expect(header).toMatchObject({ type: 'load-failed', error: { errorMessage: 'not today' } })
  })
})

describe('the context (C-1 to C-5)', () => {
  const names = [
    'awsRequestId',
    'deadlineMs',
    'functionName',
    'functionVersion',
    'invokedFunctionArn',
    'logGroupName',
    'memoryLimitInMB',
    'requestId',
  ]

  test('has exactly the data of C-1', async () => {
    await using peer = await loaded('context.handler')
    const { body } = await peer.invoke({}, { deadlineMs: 4_000_000_000_000 })
    expect(JSON.parse(body.toString())).toEqual({
      requestId: '1',
      awsRequestId: '1',
      functionName: identity.id,
      invokedFunctionArn: identity.id,
      functionVersion: identity.version,
      memoryLimitInMB: '128',
      deadlineMs: 4_000_000_000_000,
      logGroupName: identity.logGroup,
    })
  })

  test('has the folder and the token when there are any', async () => {
    await using peer = await loaded('context.handler', { function: { ...identity, folderId: 'b1g' } })
    const token = { access_token: 't1.x', expires_in: 42_299, token_type: 'Bearer' }
    const { body } = await peer.invoke({}, { token })
    expect(JSON.parse(body.toString())).toMatchObject({ functionFolderId: 'b1g', token })
  })

  test.each([
    ['application/json; charset=utf-8', '{"a":1}', false, { a: 1 }],
    ['application/json', '', false, {}],
    ['application/json', Buffer.from('{"a":1}').toString('base64'), true, { a: 1 }],
    [
      'application/x-www-form-urlencoded',
      'a=1&b=%20&a=2&__proto__=x',
      false,
      { a: ['1', '2'], b: ' ', ['__proto__']: 'x' },
    ],
    ['text/plain', 'text', false, { buffer: 'text' }],
  ])('getPayload() reads %s', async (type, body, isBase64Encoded, payload) => {
    await using peer = await loaded('context_members.handler')
    const event = { headers: { 'Content-Type': type }, body, isBase64Encoded }
    const answer = await peer.invoke(event, { mode: 'http' })
    expect(JSON.parse(answer.body.toString())).toEqual({
      keys: names,
      payload,
      remaining: true,
      aborted: false,
      arguments: 2,
    })
  })

  test('getPayload() of a raw invocation is an empty buffer', async () => {
    await using peer = await loaded('context_members.handler')
    const { body } = await peer.invoke({ headers: { 'Content-Type': 'application/json' }, body: '{}' })
    expect(JSON.parse(body.toString())).toMatchObject({ payload: { buffer: '' } })
  })

  test('signal shows a cancellation that came before it was read', async () => {
    await using peer = await loaded('late_signal.handler')
    await peer.invoke()
    await peer.send({ type: 'cancel', id: '1', reason: 'disconnected' })
    for (;;) if ((await peer.next()).header.type === 'ended') break
    // Descriptor 1 and the channel are read independently of each other.
    while (!peer.stdout.includes('aborted')) await new Promise((settle) => setImmediate(settle))
    expect(peer.stdout).toBe('aborted: true AbortError\n')
  })
})

describe('handlers (H-1 to H-6, K-3)', () => {
  test.each([
    ['on_default.handler', 'hello'],
    ['only_default.default', 'default'],
    ['typed.handler', 'hello you'],
    ['thenable.handler', 'then'],
    ['loader.handler', 'the function'],
  ])('%s is found and called', async (handler, answer) => {
    await using peer = await loaded(handler)
    const { body } = await peer.invoke({ name: 'you' })
    expect(JSON.parse(body.toString())).toBe(answer)
  })

  test('the module of a string without a dot is the package', async () => {
    await using peer = new Peer('node')
    const file = join(functionsOf('node'), 'package_main.js')
    await peer.send({ type: 'load', module: '', name: 'handler', file })
    await peer.expect({ type: 'hello' })
    await peer.expect({ type: 'loaded' })
    expect((await peer.invoke()).body.toString()).toBe('"from the package"')
  })
})

describe('errors (F-30)', () => {
  test('have the frames of the function and none of the runtime', async () => {
    await using peer = await loaded('throws.handler')
    const { header } = await peer.invoke()
    expect(header['error']).toEqual({
      errorMessage: 'it went wrong: ä',
      errorType: 'Mishap',
      stackTrace: [
        { function: 'exports.handler', file: join(functionsOf('node'), 'throws.js'), line: 7, column: 9 },
      ],
    })
  })

  test.each([
    ['text', 'just text'],
    ['object', '{"code":7}'],
    ['nothing', 'undefined'],
    ['bigint', '7'],
    ['bare', '{"a":1}'],
  ])('a thrown %s that is no error is its text', async (thing, errorMessage) => {
    await using peer = await loaded('throws_things.handler')
    expect((await peer.invoke(thing)).header['error']).toEqual({ errorMessage, errorType: 'Error' })
  })

  test.each(['proxy', 'getters', 'huge'])('a thrown %s does no harm', async (thing) => {
    await using peer = await loaded('throws_things.handler')
    expect((await peer.invoke(thing)).header).toMatchObject({ type: 'threw', error: { errorType: 'Error' } })
    expect((await peer.invoke('text', { id: '2' })).header).toMatchObject({ type: 'threw', id: '2' })
  })

  test('an error of another realm is an error', async () => {
    await using peer = await loaded('throws_things.handler')
    const { error } = (await peer.invoke('realm')).header
    expect(error).toMatchObject({ errorMessage: 'elsewhere', errorType: 'RangeError' })
  })

  test('a syntax error says where it is', async () => {
    await using peer = new Peer('node')
    await peer.send({ type: 'load', module: 'broken_syntax', name: 'handler' })
    await peer.expect({ type: 'hello' })
    const { error } = (await peer.next()).header
    expect(error).toMatchObject({
      stackTrace: [{ file: join(functionsOf('node'), 'broken_syntax.js'), line: 2 }],
    })
  })
})
