// A call on its own, and the caller that gives a promise.

import { describe, expect, it, vi } from 'vitest'
import { Awaited, Call, type CallState } from '../../src/invocation.ts'
import { turns } from '../harness/scriptedChild.ts'

function held(caller = new Awaited()): {
  call: Call
  holder: { cancel: ReturnType<typeof vi.fn>; resume: ReturnType<typeof vi.fn> }
} {
  const call = new Call({ id: 'a', mode: 'raw', payload: 'p', text: Buffer.from('t') }, caller)
  const holder = { cancel: vi.fn<() => void>(), resume: vi.fn<() => void>(), withdraw: () => false }
  call.holder = holder
  return { call, holder }
}

describe('a call', () => {
  it('is cancelled once, where it is', () => {
    const { call, holder } = held()
    call.cancel()
    call.cancel('cancelled')
    expect(call.cancelled).toBe(true)
    expect(holder.cancel.mock.calls).toEqual([[call, 'disconnected']])
  })

  it('is cancelled with a reason, also before something holds it', () => {
    const { call, holder } = held()
    call.cancel('cancelled')
    expect(holder.cancel.mock.calls).toEqual([[call, 'cancelled']])
    const free = new Call({ id: 'a', mode: 'raw', payload: '' }, new Awaited())
    free.cancel()
    expect(free.cancelled).toBe(true)
  })

  it('is not cancelled when it is over', () => {
    const { call, holder } = held()
    call.state = 'over'
    call.cancel()
    expect([call.cancelled, holder.cancel.mock.calls]).toEqual([false, []])
  })

  it.each<[CallState, number]>([
    ['queued', 0],
    ['running', 1],
    ['over', 0],
  ])('that is %s resumes its holder %d times', (state, times) => {
    const { call, holder } = held()
    call.state = state
    call.resume()
    expect(holder.resume).toHaveBeenCalledTimes(times)
  })

  it('says where its time went', () => {
    const { call } = held()
    Object.assign(call, { arrivedAt: 10, endedAt: 17 })
    expect(call.timing).toStrictEqual({ queuedMs: 7, executedMs: 0 })
    Object.assign(call, { startedAt: 12, initMs: 3 })
    expect(call.timing).toStrictEqual({ queuedMs: 2, executedMs: 5, initMs: 3 })
  })
})

describe('a caller that gives a promise', () => {
  it('has the outcome, and takes chunks at once', async () => {
    const caller = new Awaited()
    const { call } = held(caller)
    expect(caller.onChunk(call, 'text', Buffer.alloc(0))).toBe(true)
    caller.onOutcome(call, { type: 'streamed' })
    expect(await caller.outcome).toEqual({ type: 'streamed' })
  })

  it('takes more when it has taken all before', async () => {
    const taken = [Promise.withResolvers<void>(), Promise.withResolvers<void>()] as const
    const chunks: string[] = []
    const caller = new Awaited((kind, data) => taken[chunks.push(`${kind} ${data.toString()}`) - 1]?.promise)
    const { call, holder } = held(caller)
    call.state = 'running'
    expect(['1', '2'].map((data) => caller.onChunk(call, 'text', Buffer.from(data)))).toEqual([false, false])
    taken[1].resolve()
    await turns()
    expect(holder.resume).not.toHaveBeenCalled()
    taken[0].resolve()
    await turns()
    expect([chunks, holder.resume.mock.calls.length]).toEqual([['text 1', 'text 2'], 1])
  })

  it('cancels the call when it cannot take a chunk', async () => {
    const caller = new Awaited(() => Promise.reject(new Error('no')))
    const { call, holder } = held(caller)
    caller.onChunk(call, 'json', Buffer.alloc(0))
    await turns()
    expect(holder.cancel.mock.calls).toEqual([[call, 'disconnected']])
  })
})
