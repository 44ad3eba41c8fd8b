// Headers that an instance must refuse (runtime/PROTOCOL.md, "Frames"): it ends with code 70.

import { describe, expect, test } from 'vitest'
import { languages, Peer, type Header } from './player.ts'

const call = { type: 'invoke', id: 'a', mode: 'raw' }

const wrong: readonly (readonly [title: string, header: Header])[] = [
  ['a type that is not a text', { type: 7 as unknown as string }], // what a peer with a fault may send
  ['an invoke without an id', { type: 'invoke', mode: 'raw' }],
  ['an id that is a number', { ...call, id: 1 }],
  ['an invoke without a mode', { type: 'invoke', id: 'a' }],
  ['no deadlineMs', { ...call, deadlineMs: undefined }],
  ['a deadlineMs that is a text', { ...call, deadlineMs: '4000000000000' }],
  ['a deadlineMs with a fraction', { ...call, deadlineMs: 4_000_000_000_000.5 }],
  ['a deadlineMs beyond the safe integers', { ...call, deadlineMs: 2 ** 53 }],
  ['timeoutMs without ahead', { ...call, deadlineMs: undefined, timeoutMs: 1000 }],
  ['ahead without timeoutMs', { ...call, ahead: true, timeoutMs: undefined }],
  ['ahead with deadlineMs', { ...call, ahead: true, timeoutMs: undefined, deadlineMs: 4_000_000_000_000 }],
  ['a timeoutMs that is a text', { ...call, ahead: true, timeoutMs: '1000' }],
  ['a timeoutMs with a fraction', { ...call, ahead: true, timeoutMs: 0.5 }],
  ['a timeoutMs beyond the safe integers', { ...call, ahead: true, timeoutMs: 2 ** 53 }],
  ['a timeoutMs that is true', { ...call, ahead: true, timeoutMs: true }],
  ['no responseLimit', { ...call, responseLimit: undefined }],
  ['a responseLimit with a fraction', { ...call, responseLimit: 0.5 }],
  ['a cancel without an id', { type: 'cancel', reason: 'deadline' }],
  ['a cancel without a reason', { type: 'cancel', id: 'a' }],
  ['a credit without bytes', { type: 'credit', id: 'a' }],
  ['a credit with a fraction', { type: 'credit', id: 'a', bytes: 0.5 }],
  ['a credit below the safe integers', { type: 'credit', id: 'a', bytes: -(2 ** 53) }],
  ['a credit without an id', { type: 'credit', bytes: 1 }],
  ['a second load', { type: 'load', module: 'echo', name: 'handler' }],
]

describe.each(languages)('an instance in %s', (language) => {
  test.each(wrong)('refuses %s', async (_, header) => {
    await using peer = new Peer(language)
    await peer.load('echo.handler', { concurrency: 1 })
    peer.addPermit()
    await peer.send(header)
    expect(await peer.exit()).toBe(70)
  })

  test('refuses a call before its load', async () => {
    await using peer = new Peer(language)
    await peer.send(call)
    await peer.expect({ type: 'hello' })
    expect(await peer.exit()).toBe(70)
  })
})
