// Which calls are sent ahead, to which instance, and what brings them back.

import { describe, expect, it, vi } from 'vitest'
import { pass, script } from '../harness/scripted.ts'
import { turns } from '../harness/scriptedChild.ts'

vi.mock(import('../../src/invoker/process/childProcess.ts'), async (original) => ({
  ...(await original()),
  ChildProcess: (await import('../harness/scriptedChild.ts')).ScriptedChild as never, // has all that an instance uses
}))

describe('calls sent ahead', () => {
  it('are at most four, in order of arrival; the others follow as calls end', async () => {
    const { ask, ready } = await script()
    const child = await ready()
    const asked = ['a', 'b', 'c', 'd', 'e', 'f', 'g'].map((id) => ask(id))
    await turns()
    expect(child.ahead).toEqual(['b', 'c', 'd', 'e'])
    await child.goOn('a')
    expect(child.ahead).toEqual(['b', 'c', 'd', 'e', 'f'])
    for (const id of ['b', 'c', 'd', 'e', 'f']) await child.goOn(id)
    child.answer('g')
    await turns()
    expect(child.ids('invoke')).toEqual(['warm-0', 'a', 'b', 'c', 'd', 'e', 'f', 'g'])
    expect(asked.map(({ told }) => told)).toEqual(asked.map(() => ['returned']))
  })

  it('are divided among instances, in order of arrival', async () => {
    const { ask, ready, children } = await script({ most: 2 })
    await ready()
    for (const id of ['a', 'b', 'c', 'd', 'e', 'f']) ask(id)
    await turns()
    expect(children.map(({ ahead }) => ahead)).toEqual([
      ['c', 'e'],
      ['d', 'f'],
    ])
  })

  it('are eight with --concurrency 2, and only while both slots are taken', async () => {
    const { ask, ready } = await script({ concurrency: 2 })
    const child = await ready()
    const ids = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'j', 'k']
    const asked = ids.map((id) => ask(id))
    await turns()
    expect(child.ahead).toEqual(['c', 'd', 'e', 'f', 'g', 'h', 'i', 'j'])
    await child.goOn('b')
    child.answer('c')
    await turns()
    expect(asked.map(({ told }) => told.length)).toEqual([0, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0])
  })

  it('are none with --concurrency 2 while one slot is about to be free: the instance would begin them at once', async () => {
    const { ask, ready } = await script({ concurrency: 2 })
    const child = await ready()
    ask('a')
    let last: ReturnType<typeof ask> | undefined
    // Asks at the moment when the call has ended, and its output is still to be read.
    ask('b', {}, { onOutcome: () => (last = ask('c')) })
    child.answer('b')
    await turns()
    expect(child.ids('invoke')).toEqual(['warm-0', 'a', 'b', 'c'])
    expect(child.ahead).toEqual([])
    child.answer('c')
    await turns()
    expect(last?.told).toEqual(['returned'])
  })

  it('have their deadline from the begin, not from the sending', async () => {
    const { ask, ready } = await script({ timeoutMs: 100 })
    const child = await ready()
    ask('a')
    const b = ask('b')
    await turns()
    expect(child.frames.at(-1)?.['deadlineMs']).toBeUndefined()
    expect(child.frames.at(-1)).toMatchObject({ id: 'b', ahead: true, timeoutMs: 100 })
    await pass(4)
    await child.goOn('a')
    await pass(99)
    expect(b.told).toEqual([])
    await pass(1)
    expect(b.told).toEqual(['timeout'])
    expect(child.frames.at(-1)).toEqual({ type: 'cancel', id: 'b', reason: 'deadline' })
  })

  it('have waited until they begin, as the report says', async () => {
    const { ask, ready } = await script()
    const child = await ready()
    ask('a')
    const b = ask('b')
    await pass(4)
    expect(child.ahead).toEqual(['b'])
    await child.goOn('a')
    await pass(3)
    child.answer('b')
    await turns()
    expect(b.call.timing).toEqual({ queuedMs: 4, executedMs: 3 })
  })

  it('count as waiting for --queue', async () => {
    const { ask, ready, invoker } = await script({ queue: 2 })
    const child = await ready()
    for (const id of ['a', 'b', 'c']) ask(id)
    await turns()
    expect(child.ahead).toEqual(['b', 'c'])
    expect(invoker.waiting).toBe(2)
    expect(ask('d').told).toEqual(['queue_full'])
    await child.goOn('a')
    expect(invoker.waiting).toBe(1)
    expect(ask('e').told).toEqual([])
  })

  it('are refused at the queue timeout, and never run', async () => {
    const { ask, ready } = await script({ queueTimeoutMs: 3 })
    const child = await ready()
    const a = ask('a')
    const b = ask('b')
    await turns()
    expect(child.ahead).toEqual(['b'])
    await pass(3)
    expect(b.told).toEqual(['queue_timeout'])
    expect(child.frames.at(-1)).toEqual({ type: 'recall' })
    expect(child.takePermit()).toBe(false)
    child.answer('a')
    await turns()
    expect(a.told).toEqual(['returned'])
  })

  it('are not refused at the queue timeout when they have begun, though that was not read yet', async () => {
    const { ask, ready } = await script({ queueTimeoutMs: 3 })
    const child = await ready()
    ask('a')
    const b = ask('b')
    await turns()
    expect(child.takePermit()).toBe(true)
    await pass(3)
    expect(b.told).toEqual([])
    child.sayAll({ type: 'returned', id: 'a' }, { type: 'returned', id: 'b' })
    await turns()
    expect(b.told).toEqual(['returned'])
  })
})

describe('the start of a call that was ahead', () => {
  it.each(['before', 'after'])(
    'is announced before its output, when that is read %s the end of the other',
    async (when) => {
      const { ask, ready, log } = await script()
      const child = await ready()
      ask('a')
      ask('b')
      await turns()
      const write = (): void => {
        child.write('stdout', `of a\n${child.border}of b\n`)
        child.write('stderr', child.border)
      }
      expect(child.takePermit()).toBe(true)
      if (when === 'before') write()
      child.answer('a')
      await turns()
      if (when === 'after') write()
      child.answer('b')
      await turns()
      const orders = [
        ['START a', 'a: of a', 'END a'],
        ['START b', 'b: of b', 'END b'],
      ]
      for (const order of orders) expect(log.filter((each) => order.includes(each))).toEqual(order)
      expect(log).toHaveLength(6)
    },
  )
})

describe('a call that is cancelled while it is ahead', () => {
  it('does not run, and those beside it keep their order', async () => {
    const { ask, ready } = await script()
    const child = await ready()
    const asked = ['a', 'b', 'c', 'd', 'e', 'f', 'g'].map((id) => ask(id))
    await turns()
    expect(child.ahead).toEqual(['b', 'c', 'd', 'e'])
    asked[2]?.call.cancel()
    await turns()
    expect(asked[2]?.told).toEqual(['client_gone'])
    expect(child.frames.at(-1)).toEqual({ type: 'recall' })
    expect(child.takePermit()).toBe(false)
    await child.forget()
    expect(child.ahead.slice(4)).toEqual(['b', 'd', 'e', 'f'])
    for (const id of ['a', 'b', 'd', 'e', 'f']) await child.goOn(id)
    child.answer('g')
    await turns()
    const returned = asked.filter((each) => each !== asked[2])
    expect(returned.map(({ told }) => told)).toEqual(returned.map(() => ['returned']))
  })

  it('is told so when it has begun, though that was not read yet', async () => {
    const { ask, ready } = await script()
    const child = await ready()
    ask('a')
    const b = ask('b')
    await turns()
    expect(child.takePermit()).toBe(true)
    b.call.cancel()
    await turns()
    expect([b.told, child.ids('cancel')]).toEqual([[], []])
    child.answer('a')
    child.writeBorders()
    await turns()
    expect(child.frames.at(-1)).toEqual({ type: 'cancel', id: 'b', reason: 'disconnected' })
    child.answer('b')
    await turns()
    expect(b.told).toEqual(['client_gone'])
  })
})

describe('a recall', () => {
  it('brings calls back behind one that lasts for more than 5 ms; another instance starts them first', async () => {
    const { ask, ready, children } = await script({ most: 2 })
    await ready()
    const [one, two] = children
    for (const id of ['a', 'b', 'c', 'd', 'e', 'f']) ask(id)
    await turns()
    expect([one?.ahead, two?.ahead]).toEqual([
      ['c', 'e'],
      ['d', 'f'],
    ])
    await two?.goOn('b')
    await two?.goOn('d')
    two?.answer('f')
    await pass(4)
    expect(one?.ids('recall')).toEqual([])
    await pass(1)
    expect(one?.ids('recall')).toHaveLength(1)
    expect(two?.ids('invoke')).toEqual(['warm-1', 'b', 'd', 'f', 'c', 'e'])
    expect(one?.takePermit()).toBe(false)
    await two?.goOn('c')
    ask('g')
    await turns()
    expect(one?.ahead).toEqual(['c', 'e'])
    expect(two?.ahead.at(-1)).toBe('g')
  })
})

describe('an instance that ends', () => {
  it('loses its running call alone; those ahead run in the next one, in order', async () => {
    const { ask, ready, children } = await script()
    const child = await ready()
    const asked = ['a', 'b', 'c'].map((id) => ask(id))
    await turns()
    child.exit()
    await turns()
    const next = children[1]
    next?.load()
    await turns()
    expect(asked.map(({ told }) => told)).toEqual([['process_exit'], [], []])
    expect(next?.ids('invoke')).toEqual(['b'])
    next?.answer('b')
    await turns()
    next?.answer('c')
    await turns()
    expect(asked.map(({ told }) => told)).toEqual([['process_exit'], ['returned'], ['returned']])
  })

  it('loses a call that has begun, though that was not read; it does not run again', async () => {
    const { ask, ready, children } = await script()
    const child = await ready()
    const asked = ['a', 'b', 'c'].map((id) => ask(id))
    await turns()
    expect(child.takePermit()).toBe(true)
    child.exit()
    await turns()
    children[1]?.load()
    await turns()
    expect(asked.map(({ told }) => told)).toEqual([['process_exit'], ['process_exit'], []])
    expect(children[1]?.ids('invoke')).toEqual(['c'])
  })

  it('is not written to any more, so that what it has sent last is still read', async () => {
    const { ask, ready } = await script()
    const child = await ready()
    const asked = ['a', 'b', 'c'].map((id) => ask(id))
    await turns()
    const sent = child.frames.length
    child.answer('a')
    child.exit()
    await turns()
    expect(child.frames).toHaveLength(sent)
    expect(asked.map(({ told }) => told)).toEqual([['returned'], [], []])
  })

  it('gives back calls that seemed to have begun, since those before had ended, and had not', async () => {
    const { ask, ready, children } = await script({ concurrency: 2 })
    const child = await ready()
    const asked = ['a', 'b', 'c', 'd', 'e'].map((id) => ask(id))
    await turns()
    child.sayAll({ type: 'returned', id: 'a' }, { type: 'returned', id: 'b' })
    await turns()
    expect(child.takePermit()).toBe(true)
    child.exit()
    await turns()
    children[1]?.load()
    await turns()
    expect(asked.map(({ told }) => told[0])).toEqual([
      'returned',
      'returned',
      'process_exit',
      undefined,
      undefined,
    ])
    expect(children[1]?.ids('invoke')).toEqual(['d', 'e'])
  })

  it('is not asked for a call that has begun, though others ahead of it have not', async () => {
    const { ask, ready, children } = await script()
    const child = await ready()
    const asked = ['a', 'b', 'c'].map((id) => ask(id))
    await turns()
    child.answer('a')
    await turns()
    await pass(5) // takes back what is ahead of it, and nothing that is on its way
    expect(child.takePermit()).toBe(true)
    expect(child.takePermit()).toBe(false)
    child.answer('b')
    await turns()
    expect(asked.map(({ told }) => told)).toEqual([['returned'], ['returned'], []])
    expect(children).toHaveLength(1)
  })

  it('at the deadline gives back what is ahead of it', async () => {
    const { ask, ready, children } = await script({ timeoutMs: 4 })
    const child = await ready()
    const a = ask('a')
    const b = ask('b')
    await turns()
    expect(child.ahead).toEqual(['b'])
    await pass(4)
    expect(a.told).toEqual(['timeout'])
    expect(b.told).toEqual([])
    expect(child.signals).toEqual([])
    await pass(50)
    expect(child.signals).toContain('SIGKILL')
    children[1]?.load()
    await turns()
    expect(children[1]?.ids('invoke')).toEqual(['b'])
  })
})

describe('a server that drains', () => {
  it('refuses what is ahead when its time is over', async () => {
    const { ask, ready, invoker, pool } = await script()
    const child = await ready()
    ask('a')
    const b = ask('b')
    await turns()
    expect(child.ahead).toEqual(['b'])
    invoker.close()
    invoker.refuseAll()
    void pool.stop()
    expect(b.told).toEqual(['draining'])
    expect(child.takePermit()).toBe(false)
  })
})

describe('a job', () => {
  it('that has waited for 10 s goes before what would be sent ahead', async () => {
    const { ask, askJob, ready } = await script()
    const child = await ready()
    ask('a')
    const onStart = vi.fn<() => Promise<boolean>>(() => Promise.resolve(true))
    askJob('job', { waitingSince: performance.now() - 9_999 }, { onStart })
    ask('b')
    await turns()
    expect(child.ahead).toEqual(['b'])
    await pass(1)
    ask('c')
    await turns()
    expect(child.ahead).toEqual(['b'])
    await child.goOn('a')
    child.answer('b')
    await turns()
    expect(onStart).toHaveBeenCalledOnce()
    expect(child.ids('invoke')).toEqual(['warm-0', 'a', 'b', 'job'])
    expect(child.ahead).toEqual(['b'])
  })
})

describe('a stream whose reader is slow', () => {
  it('does not hold up the call that has begun behind it', async () => {
    const { ask, ready, log } = await script()
    const child = await ready()
    const a = ask('a')
    a.takes = false
    const b = ask('b')
    const c = ask('c')
    await turns()
    child.say({ type: 'chunk', id: 'a', kind: 'text' }, 'x')
    child.say({ type: 'ended', id: 'a' })
    expect(child.takePermit()).toBe(true)
    child.writeBorders()
    child.write('stdout', 'of b\n')
    await child.goOn('b')
    expect([a.told, b.told]).toEqual([[], ['returned']])
    child.answer('c')
    await turns()
    expect(c.told).toEqual(['returned'])
    a.call.resume()
    await turns()
    expect(a.told).toEqual(['streamed'])
    expect(log.toSorted()).toEqual(
      ['START a', 'START b', 'START c', 'b: of b', 'END a', 'END b', 'END c'].toSorted(),
    )
    ask('d')
    await turns()
    expect(child.ids('invoke')).toEqual(['warm-0', 'a', 'b', 'c', 'd'])
  })

  it('has nothing sent ahead of it once it has ended: the instance would begin that at once', async () => {
    const { ask, ready } = await script()
    const child = await ready()
    const a = ask('a')
    a.takes = false
    child.say({ type: 'chunk', id: 'a', kind: 'text' }, 'x')
    child.say({ type: 'ended', id: 'a' })
    await turns()
    ask('b')
    await turns()
    expect(child.ahead).toEqual([])
    a.call.resume()
    await turns()
    expect(child.ids('invoke')).toEqual(['warm-0', 'a', 'b'])
  })
})
