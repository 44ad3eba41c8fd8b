// Promises of runtime/PROTOCOL.md that a transcript cannot tell.

import { describe, expect, test } from 'vitest'
import { chunkOverhead, chunkWindow } from '../../src/wire/frames.ts'
import { languages, Peer } from './player.ts'
import { bothLanguages } from '../harness/serving.ts'

describe.each(languages)('calls sent ahead in %s', (language) => {
  test('are dropped when the channel ends', async () => {
    await using peer = new Peer(language)
    await peer.load('reports.handler', { concurrency: 1 })
    await peer.send({ type: 'invoke', id: 'a', mode: 'raw' }, Buffer.from('a 300'))
    for (const id of ['b', 'c']) {
      peer.addPermit()
      await peer.send({ type: 'invoke', id, mode: 'raw', ahead: true }, Buffer.from(`${id} 0`))
    }
    await peer.expectWritten({ stderr: 'begin a\n' })
    peer.hangUp()
    expect(await peer.exit()).toBe(0)
    expect(peer.stderr).not.toContain('begin b')
    expect(peer.takeBack(3)).toBe(2)
  })
})

describe.each(bothLanguages)('%s', (language) => {
  test('exits with 0 when the channel ends', async () => {
    await using peer = new Peer(language)
    await peer.load('echo.handler')
    peer.hangUp()
    expect(await peer.exit()).toBe(0)
  })

  test('exits with 0 when the channel ends while a handler runs', async () => {
    await using peer = new Peer(language)
    await peer.load('waits_for_cancel.handler')
    await peer.invoke()
    peer.hangUp()
    expect(await peer.exit()).toBe(0)
  })

  test('takes bodies above every socket buffer', async () => {
    await using peer = new Peer(language)
    await peer.load('echo.handler')
    const text = 'ä'.repeat(1_500_000)
    const { body } = await peer.invoke(text)
    expect(JSON.parse(body.toString()) === text).toBe(true)
  })

  test('takes JSON that is nested too deep for a parser', async () => {
    await using peer = new Peer(language)
    await peer.load('counts.handler')
    await peer.send(
      { type: 'invoke', id: '1', mode: 'raw' },
      Buffer.from('['.repeat(100_000) + ']'.repeat(100_000)),
    )
    expect((await peer.next()).body.toString()).toBe('1')
  })

  test('a generator that never waits can be cancelled', async () => {
    await using peer = new Peer(language)
    await peer.load('yields_empty_forever.handler')
    await peer.invoke()
    await peer.send({ type: 'cancel', id: '1', reason: 'disconnected' })
    let { header } = await peer.next()
    while (header.type === 'chunk') ({ header } = await peer.next())
    expect(header).toEqual({ type: 'cancelling', id: '1' })
    await peer.expect({ type: 'ended', id: '1' })
  })

  test('a generator of empty chunks stops at the window, too', async () => {
    await using peer = new Peer(language)
    await peer.load('yields_empty_forever.handler')
    await peer.send({ type: 'invoke', id: '1', mode: 'raw' }, Buffer.from('null'))
    for (let room = chunkWindow; room > 0; room -= chunkOverhead)
      expect((await peer.next()).header.type).toBe('chunk')
    await peer.send({ type: 'credit', id: '1', bytes: chunkOverhead })
    await peer.expect({ type: 'chunk', id: '1' })
    await peer.send({ type: 'cancel', id: '1', reason: 'disconnected' })
    await peer.expect({ type: 'cancelling', id: '1' })
    await peer.expect({ type: 'ended', id: '1' })
  })

  test('a job of small chunks stops at the window, too', async () => {
    await using peer = new Peer(language)
    await peer.loadScript('job_streams', ['sync'])
    await peer.submit('busy')
    let unread = 0
    while (unread < chunkWindow) {
      const { header, body } = await peer.next()
      expect(header.type).toBe('chunk')
      unread += body.length + chunkOverhead
    }
    await peer.send({ type: 'credit', id: '1', bytes: unread - chunkWindow + 1 })
    await peer.expect({ type: 'chunk', id: '1' })
    await peer.send({ type: 'cancel', id: '1', reason: 'cancelled' })
    await peer.expect({ type: 'cancelling', id: '1' })
    await peer.expect({ type: 'ended', id: '1' })
  })

  test('has handed its output to the kernel before it answers', async () => {
    await using peer = new Peer(language)
    await peer.load('prints.handler')
    const { body } = await peer.invoke(3000)
    expect(body.toString()).toBe('"printed"')
    process.kill(peer.pid, 'SIGKILL') // what is still in the process is lost
    await peer.exit()
    await peer.outputEnded
    expect(peer.stdout).toHaveLength(3000 * 1001 + 'end of output\n'.length)
    expect(peer.stderr).toBe('end of errors\n')
  })
})
