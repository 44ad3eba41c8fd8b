// How many calls one instance is sent ahead, and what brings them back. The permits that the instance takes are counted by the test.

import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { Awaited, Call, type CallHolder } from '../../src/invocation.ts'
import { CallsAhead } from '../../src/invoker/callsAhead.ts'
import type { FrameToInstance } from '../../src/wire/frames.ts'

const holder: CallHolder = { cancel: () => {}, resume: () => {}, withdraw: () => false }

// Calls ahead of an instance that has just ended a short call.
class Scene {
  /** permits that nothing has taken yet */
  permits = 0
  diskIsFull = false
  wereSent = false
  readonly channel = {
    ended: false,
    send: (frame: FrameToInstance): boolean =>
      this.sent.push(frame.type === 'invoke' ? frame.id : frame.type) > 0,
    together: (action: () => void): void => action(),
  }
  /** ids of calls, and `recall`, in order */
  readonly sent: string[] = []
  /** ids of the calls of each `onReturned` */
  readonly returned: string[][] = []
  readonly calls: CallsAhead

  constructor(hasPermits = true) {
    const permits = {
      add: (count: number): void => {
        if (this.diskIsFull) throw new Error('ENOSPC')
        this.permits += count
      },
      takeBack: (most: number): number => {
        const count = Math.min(most, this.permits)
        this.permits -= count
        return count
      },
    }
    this.calls = new CallsAhead(
      hasPermits ? (permits as never) : undefined, // has all that is used of it
      this.channel as never, // the same
      { timeoutMs: 100, responseLimit: 10, tokens: undefined },
      { onReturned: (calls) => this.returned.push(calls.map(({ id }) => id)) },
    )
  }

  /** A call takes so long. */
  run(ms: number): void {
    this.calls.noteBegun(performance.now())
    this.calls.noteEnded(performance.now() + ms)
  }

  /** Sends calls ahead behind one that begins now. */
  send(...ids: readonly string[]): readonly Call[] {
    this.run(0)
    const calls = ids.map((id) => new Call({ id, mode: 'raw', payload: '' }, new Awaited()))
    this.wereSent = this.calls.send(calls, holder)
    return calls
  }
}

beforeEach(
  () =>
    void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] }).advanceTimersByTime(10),
)
afterEach(() => void vi.useRealTimers())

describe('the room for calls ahead', () => {
  it.each<[string, readonly number[], boolean]>([
    ['no call yet', [], false],
    ['a short one', [1.9], true],
    ['one that took 2 ms', [2], false],
    ['one of two', [0, 9], false],
    ['two of three', [0, 0, 9], false],
    ['three of four', [0, 0, 9, 0], true],
    ['six of eight', [9, 9, 0, 0, 0, 0, 0, 0], true],
    ['six of the latest eight', [0, 0, 0, 0, 0, 0, 0, 0, 9, 9], true],
    ['five of the latest eight', [0, 0, 0, 0, 0, 0, 0, 0, 9, 9, 9], false],
    ['eight behind many long ones', [9, 9, 9, 9, 9, 9, 9, 9, 0, 0, 0, 0, 0, 0, 0, 0], true],
  ])('is there while three quarters of the calls are short: %s', (_, times, isThere) => {
    const scene = new Scene()
    for (const ms of times) scene.run(ms)
    expect(scene.calls.room(1)).toBe(isThere ? 4 : 0)
  })

  it('is four for each slot, less those that are ahead; none without permits', () => {
    const scene = new Scene()
    scene.send('a', 'b', 'c')
    expect([scene.calls.room(1), scene.calls.room(2)]).toEqual([1, 5])
    scene.calls.shift()
    expect(scene.calls.room(1)).toBe(2)
    const without = new Scene(false)
    without.run(0)
    expect(without.calls.room(1)).toBe(0)
  })

  it('is none from a recall to its answer', () => {
    const scene = new Scene()
    scene.send('a')
    scene.calls.giveBack()
    expect(scene.calls.room(1)).toBe(0)
    scene.calls.recalled()
    expect(scene.calls.room(1)).toBe(4)
  })

  it('is none once the disk is full: calls are not sent, and those ahead come back', () => {
    const scene = new Scene()
    scene.send('a')
    scene.diskIsFull = true
    scene.send('b')
    expect([scene.wereSent, scene.sent, scene.returned]).toEqual([false, ['a', 'recall'], [['a']]])
    scene.calls.recalled()
    expect(scene.calls.room(1)).toBe(0)
  })
})

describe('calls ahead', () => {
  it('begin in order, and are held meanwhile', () => {
    const scene = new Scene()
    const calls = scene.send('a', 'b')
    expect(calls.map((each) => each.holder)).toEqual([holder, holder])
    expect([scene.wereSent, scene.sent, scene.permits]).toEqual([true, ['a', 'b'], 2])
    expect([1, 2, 3].map(() => scene.calls.shift()?.id)).toEqual(['a', 'b', undefined])
  })

  it('come back when they have not begun; the instance is told', () => {
    const scene = new Scene()
    scene.calls.giveBack()
    scene.send('a', 'b', 'c')
    scene.permits-- // a has begun
    scene.calls.giveBack()
    scene.calls.giveBack()
    expect([scene.sent, scene.returned]).toEqual([['a', 'b', 'c', 'recall'], [['b', 'c']]])
    expect(scene.calls.shift()?.id).toBe('a')
  })

  it('that have all begun leave nothing to recall', () => {
    const scene = new Scene()
    scene.send('a')
    scene.permits = 0
    scene.calls.giveBack()
    expect([scene.sent, scene.returned, scene.calls.room(1)]).toEqual([['a'], [], 3])
  })

  it('come back from an instance that has gone, which is told nothing', () => {
    const scene = new Scene()
    scene.send('a')
    scene.calls.giveBackSilently()
    expect([scene.sent, scene.returned]).toEqual([['a'], [['a']]])
  })

  it('come back at once when the channel has ended', () => {
    const scene = new Scene()
    scene.channel.ended = true
    scene.send('a')
    expect(scene.returned).toEqual([['a']])
  })

  it('are withdrawn one by one; the others come back', () => {
    const scene = new Scene()
    const [a, b] = scene.send('a', 'b', 'c') as [Call, Call]
    const [other] = new Scene().send('other') as [Call]
    expect(scene.calls.withdraw(other)).toBe(false)
    expect(scene.sent).not.toContain('recall')
    scene.permits-- // a has begun
    expect(scene.calls.withdraw(b)).toBe(true)
    expect([scene.sent.at(-1), scene.returned]).toEqual(['recall', [['c']]])
    expect(scene.calls.withdraw(a)).toBe(false)
  })

  it('that seem to have begun have not as far as their permits are there', () => {
    const scene = new Scene()
    scene.send('a', 'b')
    expect([scene.calls.takeBackBegun(1), scene.calls.takeBackBegun(2), scene.permits]).toEqual([1, 1, 0])
    expect(new Scene(false).calls.takeBackBegun(1)).toBe(0)
  })

  it('come back when the instance stops, once; nothing is left', () => {
    const scene = new Scene()
    scene.send('a')
    scene.calls.stop()
    scene.calls.stop()
    scene.calls.recalled()
    scene.run(0)
    expect([scene.returned, scene.calls.room(1), vi.getTimerCount()]).toEqual([[['a']], 0, 0])
  })
})

describe('a call that lasts for 5 ms', () => {
  it('brings back those behind it; more go ahead when the next one has begun', () => {
    const scene = new Scene()
    scene.send('a', 'b')
    vi.advanceTimersByTime(4)
    scene.calls.shift()
    scene.permits--
    scene.run(0) // the next one begins
    vi.advanceTimersByTime(4)
    expect(scene.returned).toEqual([])
    vi.advanceTimersByTime(1)
    expect(scene.returned).toEqual([['b']])
    scene.calls.recalled()
    expect(scene.calls.room(1)).toBe(0)
    scene.run(0)
    expect(scene.calls.room(1)).toBe(4)
  })

  it('changes nothing when nothing is behind it', () => {
    const scene = new Scene()
    scene.send('a')
    scene.calls.shift()
    vi.advanceTimersByTime(10)
    expect([scene.sent, scene.calls.room(1), vi.getTimerCount()]).toEqual([['a'], 4, 0])
  })
})
