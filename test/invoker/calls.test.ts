// The life of a call: what its caller is told, what its instance is told, and what follows when either ends.

import { describe, expect, it, vi } from 'vitest'
import { pass, script } from '../harness/scripted.ts'
import { turns } from '../harness/scriptedChild.ts'
import { Awaited, Call } from '../../src/invocation.ts'
import { Slots } from '../../src/invoker/slots.ts'
import { chunkOverhead, chunkWindow } from '../../src/wire/frames.ts'

vi.mock(import('../../src/invoker/process/childProcess.ts'), async (original) => ({
  ...(await original()),
  ChildProcess: (await import('../harness/scriptedChild.ts')).ScriptedChild as never, // has all that an instance uses
}))

describe('a chunk', () => {
  it('is credited with its overhead, at once or when its reader has taken it (PROTOCOL.md, promise 4)', async () => {
    const { ask, ready } = await script()
    const child = await ready()
    const a = ask('a')
    child.say({ type: 'chunk', id: 'a', kind: 'text' }, 'four')
    await turns()
    expect(child.frames.at(-1)).toEqual({ type: 'credit', id: 'a', bytes: 4 + chunkOverhead })
    a.takes = false
    child.say({ type: 'chunk', id: 'a', kind: 'text' }, '1')
    child.say({ type: 'chunk', id: 'a', kind: 'text' }, '22')
    await turns()
    expect(child.ids('credit')).toHaveLength(1)
    a.call.resume()
    await turns()
    expect(child.frames.at(-1)).toEqual({ type: 'credit', id: 'a', bytes: 3 + 2 * chunkOverhead })
    expect(a.chunks).toEqual(['four', '1', '22'])
  })

  it('beyond the window ends the instance; one that reaches it does not', async () => {
    const { ask, ready } = await script()
    const child = await ready()
    const a = ask('a')
    a.takes = false
    child.say({ type: 'chunk', id: 'a', kind: 'bytes' }, 'x'.repeat(chunkWindow - chunkOverhead - 1))
    child.say({ type: 'chunk', id: 'a', kind: 'bytes' })
    await turns()
    expect([a.chunks.length, child.signals]).toEqual([2, []])
    child.say({ type: 'chunk', id: 'a', kind: 'bytes' })
    await turns()
    expect([a.chunks.length, child.signals]).toEqual([2, ['SIGKILL']])
    expect(a.told).toEqual(['process_exit'])
  })

  it('that its reader has not taken at the deadline ends the call, not the instance', async () => {
    const { ask, ready } = await script({ timeoutMs: 100 })
    const child = await ready()
    const a = ask('a')
    a.takes = false
    child.say({ type: 'chunk', id: 'a', kind: 'text' }, 'x')
    child.say({ type: 'ended', id: 'a' })
    await pass(100)
    expect(a.told).toEqual(['timeout'])
    ask('b')
    await pass(50)
    expect(child.signals).toEqual([])
    expect(child.ids('invoke').at(-1)).toBe('b')
  })
})

describe('a call that is over', () => {
  it('is counted no more', async () => {
    const { ask, ready, invoker } = await script({ queue: 0 })
    const child = await ready()
    for (const id of ['a', 'b', 'c']) {
      const asked = ask(id)
      child.answer(id)
      await turns()
      expect(asked.told).toEqual(['returned'])
    }
    expect(invoker.inFlight).toBe(0)
    await invoker.idle()
  })

  it('is told once, whatever its instance says later', async () => {
    const { ask, ready } = await script()
    const child = await ready()
    const a = ask('a')
    child.sayAll({ type: 'returned', id: 'a' }, { type: 'returned', id: 'a' })
    child.say({ type: 'chunk', id: 'a', kind: 'text' }, 'late')
    await turns()
    expect([a.told, a.chunks]).toEqual([['returned'], []])
  })

  it('leaves its id to another one, in any case of its letters; before that the id is refused', async () => {
    const { ask, ready } = await script()
    const child = await ready()
    ask('abc')
    expect(ask('ABC').told).toEqual(['duplicate_request_id'])
    child.answer('abc')
    await turns()
    const again = ask('Abc')
    child.answer('Abc')
    await turns()
    expect(again.told).toEqual(['returned'])
  })
})

describe('a caller that goes', () => {
  it('is heard by the handler, which then may take its time', async () => {
    const { ask, ready } = await script()
    const child = await ready()
    const a = ask('a')
    await turns()
    a.call.cancel()
    child.say({ type: 'cancelling', id: 'a' })
    await pass(6000)
    expect([child.frames.at(-1), child.signals]).toEqual([
      { type: 'cancel', id: 'a', reason: 'disconnected' },
      [],
    ])
    child.answer('a')
    await turns()
    expect(a.told).toEqual(['client_gone'])
  })

  it('before it has taken the rest of a stream that has ended is told at once', async () => {
    const { ask, ready } = await script()
    const child = await ready()
    const a = ask('a')
    a.takes = false
    child.say({ type: 'chunk', id: 'a', kind: 'text' }, 'x')
    child.say({ type: 'ended', id: 'a' })
    await turns()
    a.call.cancel()
    await turns()
    expect([a.told, child.ids('cancel')]).toEqual([['client_gone'], []])
  })
})

describe('the frames of an instance', () => {
  it('are outcomes, and progress of a job', async () => {
    const { ask, askJob, ready } = await script()
    const child = await ready()
    const progress: string[] = []
    const asked = [
      ask('a'),
      ask('b'),
      askJob('job', {}, { onProgress: (_call, json) => progress.push(json.toString()) }),
    ]
    await turns()
    child.say({ type: 'threw', id: 'a', error: { errorMessage: 'no', errorType: 'E' } })
    child.writeBorders()
    child.say({ type: 'oversized', id: 'b', size: 9 })
    await turns()
    child.say({ type: 'progress', id: 'job' }, '1')
    child.say({ type: 'cancelling', id: 'job' }) // means nothing: it was not cancelled
    await pass(6000)
    child.answer('job')
    await turns()
    expect([asked.map(({ told }) => told[0]), progress]).toEqual([
      ['threw', 'response_too_large', 'returned'],
      ['1'],
    ])
  })
})

describe('the deadline', () => {
  it('is told to the handler 50 ms before its process is killed', async () => {
    const { ask, ready } = await script({ timeoutMs: 100 })
    const child = await ready()
    const a = ask('a')
    await pass(100)
    expect(a.told).toEqual(['timeout'])
    expect(child.frames.at(-1)).toEqual({ type: 'cancel', id: 'a', reason: 'deadline' })
    await pass(49)
    expect(child.signals).toEqual([])
    await pass(1)
    expect(child.signals[0]).toBe('SIGKILL')
  })

  it('does not count when the answer is here already', async () => {
    const { ask, ready } = await script({ timeoutMs: 100 })
    const child = await ready()
    const a = ask('a')
    child.answer('a')
    vi.advanceTimersByTime(100)
    await turns()
    expect([a.told, child.signals]).toEqual([['returned'], []])
  })

  it('of a job that ends by itself ends nothing', async () => {
    const { askJob, ready } = await script({ timeoutMs: 100 })
    const child = await ready()
    const job = askJob('job', { timeoutMs: 100, endsAtDeadline: false })
    await turns()
    await pass(1000)
    expect([job.told, child.signals]).toEqual([[], []])
  })

  it('of a job is its own', async () => {
    const { askJob, ready } = await script({ timeoutMs: 100 })
    const child = await ready()
    const job = askJob('job', { timeoutMs: 500, endsAtDeadline: true })
    const before = Date.now()
    await turns()
    expect(Number(child.frames.at(-1)?.['deadlineMs']) - before).toBeGreaterThan(400)
    await pass(499)
    expect(job.told).toEqual([])
    await pass(1)
    expect(job.told).toEqual(['timeout'])
  })
})

describe('a stopped job', () => {
  it('whose handler has not heard of it after 500 ms loses its instance', async () => {
    const { askJob, ready } = await script()
    const child = await ready()
    const job = askJob('job')
    await turns()
    job.call.cancel('cancelled')
    await pass(499)
    expect(child.frames.at(-1)).toEqual({ type: 'cancel', id: 'job', reason: 'cancelled' })
    expect(child.signals).toEqual([])
    await pass(1)
    expect(child.signals[0]).toBe('SIGKILL')
    expect(job.told).toEqual(['client_gone'])
  })

  it('whose handler has heard of it has 5 s to clean up', async () => {
    const { askJob, ready } = await script()
    const child = await ready()
    const job = askJob('job')
    await turns()
    job.call.cancel('cancelled')
    await pass(499)
    child.say({ type: 'cancelling', id: 'job' })
    await turns()
    await pass(4999)
    expect(child.signals).toEqual([])
    await pass(1)
    expect(child.signals[0]).toBe('SIGKILL')
  })

  it('whose handler has heard takes no other job with it; nothing starts beside them any more', async () => {
    const { askJob, ready, children } = await script({ concurrency: 3 })
    const child = await ready()
    const [stopped, other] = ['a', 'b'].map((id) => askJob(id))
    await turns()
    stopped?.call.cancel('cancelled')
    child.say({ type: 'cancelling', id: 'a' })
    await turns()
    await pass(5000)
    expect([child.signals, stopped?.told, other?.told]).toEqual([[], [], []])
    askJob('c')
    await turns()
    expect([child.ids('invoke').includes('c'), children.length]).toEqual([false, 2])
    child.answer('b')
    await turns()
    expect(other?.told).toEqual(['returned'])
  })

  it('whose handler has not heard takes the others with it', async () => {
    const { askJob, ready } = await script({ concurrency: 2 })
    const child = await ready()
    const jobs = ['a', 'b'].map((id) => askJob(id))
    await turns()
    jobs[0]?.call.cancel('cancelled')
    await pass(500)
    expect([child.signals[0], jobs.map(({ told }) => told)]).toEqual([
      'SIGKILL',
      [['client_gone'], ['process_exit']],
    ])
  })

  it.each(['cancelled', 'refused'])('that was %s while its start was stored does not run', async (how) => {
    const { ask, askJob, ready, log } = await script()
    const child = await ready()
    const stored = Promise.withResolvers<boolean>()
    const job = askJob('job', {}, { onStart: () => stored.promise })
    const next = ask('next')
    await turns()
    if (how === 'cancelled') job.call.cancel('cancelled')
    expect(job.told).toEqual([])
    stored.resolve(how === 'cancelled')
    await turns()
    expect(job.outcome).toMatchObject({
      fault: { code: 'client_gone', message: 'the job is not wanted any more' },
    })
    expect([child.ids('invoke').slice(1), log]).toEqual([['next'], ['END job', 'START next']])
    child.answer('next')
    await turns()
    expect(next.told).toEqual(['returned'])
  })

  it('leaves its instance alone when it ends in time', async () => {
    const { askJob, ready } = await script()
    const child = await ready()
    const job = askJob('job')
    await turns()
    job.call.cancel('cancelled')
    child.say({ type: 'cancelling', id: 'job' })
    child.answer('job')
    await turns()
    await pass(10_000)
    expect([job.told, child.signals]).toEqual([['client_gone'], []])
  })
})

describe('jobs', () => {
  it('go behind callers for 10 s, and then before them', async () => {
    const { ask, askJob, ready } = await script()
    const child = await ready()
    ask('a')
    await pass(10) // nothing is sent ahead of a long call
    child.answer('a')
    ask('b')
    askJob('job')
    ask('c')
    await turns()
    await pass(9_985)
    child.answer('b')
    await turns()
    expect(child.ids('invoke').at(-1)).toBe('c')
    ask('d')
    await pass(15)
    child.answer('c')
    await turns()
    expect(child.ids('invoke').at(-1)).toBe('job')
  })
})

describe('a call whose instance dies', () => {
  it('runs again --reschedule times, and goes before those that wait', async () => {
    const { ask, ready, children, log } = await script({ reschedule: 2 })
    const child = await ready()
    const a = ask('a')
    await pass(10)
    const b = ask('b')
    child.exit()
    for (const at of [1, 2]) {
      await turns()
      children[at]?.load()
      await turns()
      expect(children[at]?.ids('invoke')).toEqual(['a'])
      expect(a.told).toEqual([])
      children[at]?.exit()
    }
    await turns()
    expect(a.told).toEqual(['too_many_reschedules'])
    expect(log).toEqual(['START a', 'END a'])
    children[3]?.load()
    await turns()
    expect(children[3]?.ids('invoke')).toEqual(['b'])
    expect(b.told).toEqual([])
  })

  it('does not run again once its caller has seen a part of its stream', async () => {
    const { ask, ready, children } = await script({ reschedule: 1 })
    const child = await ready()
    const a = ask('a')
    child.say({ type: 'chunk', id: 'a', kind: 'text' }, 'x')
    await turns()
    child.exit()
    await turns()
    expect(a.told).toEqual(['process_exit'])
    children[1]?.load()
    await turns()
    expect(children[1]?.ids('invoke')).toEqual([])
  })

  it('is announced as over when it fails while it waits for another one', async () => {
    const { ask, ready, invoker, log } = await script({ reschedule: 1, queueTimeoutMs: 100 })
    const child = await ready()
    const a = ask('a')
    await turns()
    child.exit()
    await turns()
    expect(a.told).toEqual([])
    await pass(100)
    expect(a.told).toEqual(['queue_timeout'])
    expect(log).toEqual(['START a', 'END a'])
    await invoker.idle()
  })
})

describe('a call that its instance has not read', () => {
  it('goes to the next one, up to five times', async () => {
    const { ask, ready, children } = await script()
    const child = await ready()
    const a = ask('a')
    child.reset()
    child.exit()
    await turns()
    for (let at = 1; at < 5; at++) {
      expect(a.told).toEqual([])
      children[at]?.load()
      await turns()
      expect(children[at]?.ids('invoke')).toEqual(['a'])
      children[at]?.reset()
      children[at]?.exit()
      await turns()
    }
    expect(a.told).toEqual(['process_exit'])
  })
})

describe('an instance without a channel', () => {
  it.each(['with the last frame unread', 'that was closed'])('gets no call any more: %s', async (how) => {
    const { ask, ready, children } = await script()
    const child = await ready()
    const first = ask('a')
    await turns()
    if (how === 'that was closed') child.channel.destroy()
    else child.reset()
    await turns()
    const next = ask('b')
    await turns()
    child.exit()
    await turns()
    const ids = how === 'that was closed' ? ['b'] : ['a', 'b']
    for (const id of ids) {
      children[1]?.load()
      await turns()
      expect(children[1]?.ids('invoke').at(-1)).toBe(id)
      children[1]?.answer(id)
      await turns()
    }
    expect([first.told, next.told]).toEqual([[ids.length === 1 ? 'process_exit' : 'returned'], ['returned']])
  })
})

describe('an instance', () => {
  it('that ignores its notice is killed after two seconds', async () => {
    const { ready, pool } = await script()
    const child = await ready()
    const stopped = pool.stop()
    expect(child.signals).toEqual(['SIGTERM'])
    await pass(1999)
    expect(child.signals).toEqual(['SIGTERM'])
    await pass(1)
    expect(child.signals.slice(0, 2)).toEqual(['SIGTERM', 'SIGKILL'])
    await stopped
  })

  it('with more slots starts the calls that wait', async () => {
    const { askJob, ready } = await script()
    const child = await ready()
    askJob('a')
    await turns()
    askJob('b')
    await turns()
    expect(child.ids('invoke')).toEqual(['warm-0', 'a'])
    child.say({ type: 'slots', count: 2 })
    await turns()
    expect(child.ids('invoke')).toEqual(['warm-0', 'a', 'b'])
  })

  it('that cannot be loaded makes the next one wait longer and longer, until a call comes back', async () => {
    const { ask, children } = await script()
    const fail = async (): Promise<void> => {
      children.at(-1)?.say({ type: 'load-failed', error: { errorMessage: 'no', errorType: 'E' } })
      await turns()
    }
    const starts = async (ms: number): Promise<void> => {
      const before = children.length
      await pass(ms - 1)
      expect(children).toHaveLength(before)
      await pass(1)
      expect(children).toHaveLength(before + 1)
    }
    await fail()
    await starts(200)
    await fail()
    await starts(400)
    children.at(-1)?.load()
    await turns()
    const a = ask('a')
    children.at(-1)?.answer('a')
    await turns()
    expect(a.told).toEqual(['returned'])
    ask('b')
    children.at(-1)?.exit()
    await turns()
    await fail()
    await starts(200)
  })
})

describe('the slots of an instance', () => {
  it('are free unless a call runs, is stored, is read, or is not quiet; fewer may be left than are taken', () => {
    const slots = new Slots(3)
    const call = new Call({ id: 'a', mode: 'raw', payload: '' }, new Awaited())
    expect([slots.free, slots.empty, slots.full]).toEqual([3, true, false])
    for (const taken of [slots.starting, slots.unread, slots.quieting]) {
      taken.add(call)
      expect([slots.free, slots.empty, slots.full]).toEqual([2, false, false])
      taken.clear()
    }
    for (const id of ['a', 'b', 'c']) slots.running.set(id, call)
    slots.unread.add(call)
    expect([slots.free, slots.empty, slots.full]).toEqual([-1, false, true])
  })
})
