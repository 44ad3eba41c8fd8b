// Which calls wait, in which order, for how long, and how many instances are started for them.

import { describe, expect, it, vi } from 'vitest'
import { pass, script, type Asked } from '../harness/scripted.ts'
import { turns, type ScriptedChild } from '../harness/scriptedChild.ts'

vi.mock(import('../../src/invoker/process/childProcess.ts'), async (original) => ({
  ...(await original()),
  ChildProcess: (await import('../harness/scriptedChild.ts')).ScriptedChild as never, // has all that an instance uses
}))

function tolds(asked: readonly Asked[]): readonly (string | undefined)[] {
  return asked.map(({ told: [first] }) => first)
}

async function failToLoad(child: ScriptedChild | undefined): Promise<void> {
  child?.say({ type: 'load-failed', error: { errorMessage: 'no', errorType: 'E' } })
  await turns()
}

async function loaded(child: ScriptedChild | undefined): Promise<void> {
  child?.load()
  await turns()
}

describe('the queue', () => {
  it('takes --queue callers beside those that fit into all instances, loaded or not; jobs do not count', async () => {
    const { ask, askJob, invoker, children } = await script({ most: 2, least: 0, concurrency: 2, queue: 1 })
    const jobs = ['j1', 'j2'].map((id) => askJob(id))
    const asked = ['a', 'b', 'c', 'd', 'e', 'f'].map((id) => ask(id))
    expect(tolds([...jobs, ...asked])).toEqual([...Array.from({ length: 7 }), 'queue_full'])
    expect(asked[5]?.outcome).toMatchObject({
      fault: { message: 'No node can serve the request: Concurrent requests exceeded' },
    })
    expect([invoker.waiting, invoker.inFlight]).toEqual([5, 7])
    await turns()
    await loaded(children[0])
    expect(invoker.waiting).toBe(3)
    children[0]?.answer('a')
    await turns()
    expect(tolds([ask('g'), ask('h')])).toEqual([undefined, 'queue_full'])
  })

  it('is that of callers: a job that runs has a place, too, one that waits has none', async () => {
    const { ask, askJob, ready, invoker } = await script({ queue: 0 })
    const child = await ready()
    askJob('j1')
    askJob('j2')
    await turns()
    expect(tolds([ask('a')])).toEqual(['queue_full'])
    child.answer('j1')
    await turns()
    expect([child.ids('invoke').at(-1), invoker.waiting]).toEqual(['j2', 0])
    expect(tolds([ask('b')])).toEqual(['queue_full'])
  })

  it('is left in order of arrival', async () => {
    const { ask, children } = await script()
    for (const id of ['a', 'b', 'c']) ask(id)
    const [child] = children
    await loaded(child)
    await pass(3)
    for (const id of ['a', 'b', 'c']) {
      expect(child?.ids('invoke').at(-1)).toBe(id)
      await pass(3)
      child?.answer(id)
      await turns()
    }
  })

  it('is left with queue_timeout, and by a caller that has gone; neither runs', async () => {
    const { ask, children, invoker } = await script({ queueTimeoutMs: 100 })
    const [a, b] = [ask('a'), ask('b')]
    await pass(50)
    const c = ask('c')
    b.call.cancel()
    expect(b.told).toEqual(['client_gone'])
    await pass(49)
    expect(a.told).toEqual([])
    await pass(1)
    expect(a.outcome).toMatchObject({
      fault: { code: 'queue_timeout', message: 'No node can serve the request: Queue wait time exceeded' },
    })
    await loaded(children[0])
    expect([children[0]?.ids('invoke'), invoker.inFlight]).toEqual([['c'], 1])
    await pass(100)
    expect(c.told).toEqual([])
  })

  it('is no place to wait in while the function cannot be loaded, but for jobs that wait for that', async () => {
    const { ask, askJob, children, invoker } = await script()
    const asked = [ask('a'), askJob('j1'), askJob('j2', { waitsForLoad: true })]
    await failToLoad(children[0])
    asked.push(ask('b'), askJob('j3'), askJob('j4', { waitsForLoad: true }))
    expect(tolds(asked)).toEqual([
      'load_failed',
      'load_failed',
      undefined,
      'load_failed',
      'load_failed',
      undefined,
    ])
    await pass(200)
    await loaded(children[1])
    children[1]?.answer('j2')
    await turns()
    children[1]?.answer('j4')
    await turns()
    expect([asked[2]?.told, asked[5]?.told, invoker.inFlight]).toEqual([['returned'], ['returned'], 0])
  })

  it('of jobs is left in order, also by one that was stopped', async () => {
    const { askJob, ready } = await script()
    const child = await ready()
    const [, second] = ['j1', 'j2', 'j3'].map((id) => askJob(id))
    await turns()
    second?.call.cancel('cancelled')
    expect(second?.told).toEqual(['client_gone'])
    child.answer('j1')
    await turns()
    expect(child.ids('invoke').slice(1)).toEqual(['j1', 'j3'])
  })
})

describe('a server that drains', () => {
  it('serves callers that wait, and refuses jobs that wait and all that come', async () => {
    const { ask, askJob, ready, invoker } = await script()
    const child = await ready()
    const asked = [ask('a'), ask('b'), askJob('j1')]
    expect(invoker.isDraining).toBe(false)
    invoker.close()
    asked.push(ask('c'), askJob('j2'))
    expect([tolds(asked), invoker.isDraining]).toEqual([
      [undefined, undefined, 'draining', 'draining', 'draining'],
      true,
    ])
    await child.goOn('a')
    child.answer('b')
    await turns()
    expect(tolds(asked).slice(0, 2)).toEqual(['returned', 'returned'])
  })

  it('runs a call again that has lost its instance, until all are refused', async () => {
    const { ask, ready, children, invoker } = await script({ reschedule: 9 })
    const child = await ready()
    const a = ask('a')
    await turns()
    invoker.close()
    child.exit()
    await turns()
    await loaded(children[1])
    expect(children[1]?.ids('invoke')).toEqual(['a'])
    invoker.refuseAll()
    expect(a.told).toEqual([])
    children[1]?.exit()
    await turns()
    expect(a.outcome).toMatchObject({ fault: { code: 'draining', message: 'Service Unavailable' } })
  })

  it('refuses callers that wait when its time is over', async () => {
    const { ask, invoker } = await script()
    const asked = [ask('a'), ask('b')]
    invoker.refuseAll()
    expect(tolds(asked)).toEqual(['draining', 'draining'])
    expect(invoker.waiting).toBe(0)
  })
})

describe('instances', () => {
  it.each([
    { most: 3, concurrency: 1, callers: 2, growing: 1, still: 5, started: 3 },
    { most: 9, concurrency: 1, callers: 2, growing: 1, still: 5, started: 3 },
    { most: 9, concurrency: 2, callers: 2, growing: 1, still: 0, started: 2 },
    { most: 9, concurrency: 1, callers: 0, growing: 0, still: 5, started: 1 },
    { most: 9, concurrency: 1, callers: 1, growing: 0, still: 5, started: 1 },
  ])('are started for callers, and for jobs that may grow or have none: %j', async (each) => {
    const { ask, askJob, children } = await script({ ...each, least: 0 })
    for (let at = 0; at < each.still; at++) askJob(`still-${at}`, { mayGrow: false })
    for (let at = 0; at < each.callers; at++) ask(`caller-${at}`)
    for (let at = 0; at < each.growing; at++) askJob(`growing-${at}`)
    await turns()
    expect(children).toHaveLength(each.started)
  })

  it('are not started for a job that may not grow while there is one', async () => {
    const { askJob, children } = await script({ most: 3, least: 1 })
    await loaded(children[0])
    askJob('j1', { mayGrow: false })
    await turns()
    askJob('j2', { mayGrow: false })
    await turns()
    expect(children).toHaveLength(1)
    askJob('j3')
    expect(children).toHaveLength(2)
  })
})
