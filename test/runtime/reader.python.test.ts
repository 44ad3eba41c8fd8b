// The two threads that read the channel of a Python instance (runtime/python/reader.py): in any order of long and short
// calls no frame is lost, doubled or left unread.

import { describe, expect, test } from 'vitest'
import { frameOf } from '../harness/frames.ts'
import { Peer, type Header } from './player.ts'

/** The same numbers from 0 to below `limit` each time: a failure can be repeated. */
function numbers(seed: number): (limit: number) => number {
  let state = seed
  return (limit) => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0
    return (state >>> 8) % limit
  }
}

const limits = { deadlineMs: 4_000_000_000_000, responseLimit: 1_000_000 }

function frame(header: Header, body = ''): Buffer {
  return frameOf(header, Buffer.from(body))
}

function invoke(id: string, ms: number, members: object = {}): Buffer {
  return frame({ type: 'invoke', id, mode: 'http', ...limits, ...members }, JSON.stringify({ ms, given: id }))
}

const ahead = { ahead: true, timeoutMs: 600_000 }
const recall = frame({ type: 'recall' })

const cancel = (id: string): Buffer => frame({ type: 'cancel', id, reason: 'disconnected' })
const credit = (id: string): Buffer => frame({ type: 'credit', id, bytes: 0 })

describe.each([1, 2, 3])('frames in any order, seed %i', (seed) => {
  test.each(['lasts.handler', 'lasts.asynchronous'])(
    'thousands of calls among cancellations and credits are answered once each, in order: %s',
    async (handler) => {
      await using peer = new Peer('python')
      await peer.load(handler)
      const next = numbers(seed)
      let answered = 0
      let sent = 0
      while (sent < 2000) {
        const frames: Buffer[] = []
        const end = sent + 1 + next(8)
        for (; sent < end; sent++) {
          // Ticks are 10 ms apart: calls end before, at and after those that make the second thread read.
          frames.push(invoke(String(sent), next(50) === 0 ? 5 + next(25) : 0))
          if (next(3) === 0) frames.push(credit(String(sent - next(9))))
          if (next(3) === 0) frames.push(cancel(`never ${sent}`))
        }
        await peer.write(Buffer.concat(frames), next(4) === 0 ? 1 + next(400) : undefined)
        for (; answered < sent; answered++)
          await peer.expect({ type: 'returned', id: `${answered}` }, { body: `"${answered}"` })
      }
      expect(answered).toBe(sent)
    },
  )

  test('a waiting call is cancelled, whenever the cancellation comes', async () => {
    await using peer = new Peer('python')
    await peer.load('lasts.asynchronous')
    const next = numbers(seed)
    for (let at = 0; at < 100; at++) {
      const [short, long] = [`short ${at}`, `long ${at}`]
      const before = next(2) === 0 ? [invoke(short, next(3) === 0 ? 15 : 0)] : []
      const moment = next(3)
      await peer.write(Buffer.concat([...before, invoke(long, -1), ...(moment === 0 ? [cancel(long)] : [])]))
      for (const _ of before) await peer.expect({ type: 'returned', id: short })
      if (moment === 1) await new Promise((settle) => setImmediate(settle))
      if (moment > 0) await peer.write(cancel(long))
      await peer.expect({ type: 'cancelling', id: long })
      expect((await peer.next()).header).toMatchObject({ type: 'threw', id: long })
    }
  })
})

describe.each([1, 2, 3])('calls sent ahead and taken back, seed %i', (seed) => {
  test.each(['lasts.handler', 'lasts.asynchronous'])(
    'exactly those that were not taken back are answered, in order: %s',
    async (handler) => {
      await using peer = new Peer('python')
      await peer.load(handler, { concurrency: 1 })
      const next = numbers(seed)
      const pause = (): number => [0, 0, 0, 1, 12, 25][next(6)] ?? 0
      for (let round = 0; round < 150; round++) {
        const sent = [`${round}`]
        await peer.write(invoke(`${round}`, pause()))
        for (let more = next(8); more > 0; more--) {
          const id = `${round} ${more}`
          sent.push(id)
          peer.addPermit()
          await peer.write(invoke(id, pause(), ahead))
        }
        // Like the supervisor, which has seen the start of the first one, and one more start with each end.
        const answered: unknown[] = []
        for (let seen = next(sent.length); seen > 0; seen--) answered.push((await peer.next()).header['id'])
        const takesBack = next(3) > 0
        const notSeen = Math.max(0, sent.length - answered.length - 1)
        const kept = sent.slice(0, sent.length - peer.takeBack(takesBack ? notSeen : 0))
        if (takesBack) await peer.write(recall)
        for (let recalled = !takesBack; !recalled || answered.length < kept.length;) {
          const { header } = await peer.next()
          if (header.type === 'recalled') recalled = true
          else answered.push(header['id'])
        }
        expect(answered).toEqual(kept)
        expect(peer.takeBack(10)).toBe(0)
      }
    },
  )
})

describe('between calls', () => {
  test.each([
    ['a short call', 0],
    ['a long one', 50],
  ])('a signal reaches the function after %s', async (_, ms) => {
    await using peer = new Peer('python')
    await peer.load('lasts.handler')
    for (const id of ['1', '2']) {
      await peer.write(invoke(id, ms))
      await peer.expect({ type: 'returned', id })
      peer.stdout = ''
      process.kill(peer.pid, 'SIGUSR1')
      while (peer.stdout === '') await new Promise((settle) => setImmediate(settle))
      expect(peer.stdout).toBe('signalled\n')
    }
  })

  test.each([
    ['a short call', 0],
    ['a long one', 50],
  ])('the end of the channel ends the process after %s', async (_, ms) => {
    await using peer = new Peer('python')
    await peer.load('lasts.handler')
    await peer.write(invoke('1', ms))
    await peer.expect({ type: 'returned', id: '1' })
    peer.hangUp()
    expect(await peer.exit()).toBe(0)
  })
})
