import { describe, expect, it } from 'vitest'
import { Events } from '../../src/events.ts'
import { Deliverer } from '../../src/jobs/delivery/deliverer.ts'
import type { JobWithInput } from '../../src/jobs/model/job.ts'
import { RefusedError, type Receiver } from '../../src/jobs/delivery/receiver.ts'
import { eventually } from '../harness/calling.ts'
import { deliveries, type Deliveries } from './deliveries.ts'
import { endedJob } from './endedJob.ts'
import { manualClock, type ManualClock } from './manualClock.ts'

interface Running extends AsyncDisposable {
  readonly store: Deliveries
  readonly clock: ManualClock
  readonly deliverer: Deliverer
  /** ids of the jobs that were sent, in order */
  readonly sent: readonly string[]
  readonly givenUp: readonly object[]
  readonly troubles: readonly string[]
}

type Send = Receiver['send']

function run(send: Send, clock = manualClock(), store = deliveries(clock)): Running {
  const events = new Events()
  const sent: string[] = []
  const givenUp: object[] = []
  const troubles: string[] = []
  events.on('delivery-failed', (about) => givenUp.push(about))
  events.on('failure', () => troubles.push('trouble'))
  events.on('recovered', () => troubles.push('over'))
  const receiver: Receiver = {
    name: 'webhook at http://example.com',
    send: (ended, signal) => {
      sent.push(ended.id)
      return send(ended, signal)
    },
  }
  const receiverOf = ({ webhook }: JobWithInput): Receiver | undefined =>
    webhook === undefined ? undefined : receiver
  const deliverer = new Deliverer(store, receiverOf, events, clock)
  deliverer.start()
  return { store, clock, deliverer, sent, givenUp, troubles, [Symbol.asyncDispose]: () => deliverer.stop() }
}

function job(id = 'one'): JobWithInput {
  return endedJob({ id, webhook: 'http://example.com' })
}

const takes: Send = async () => {}
const fails: Send = async () => {
  throw new Error('it answered 500')
}
const hangs: Send = (_job, signal) =>
  new Promise((_, fail) => signal.addEventListener('abort', () => fail(new Error('aborted'))))

// Everything that was begun has gone as far as it can without time passing.
async function settled({ store, clock }: Running): Promise<void> {
  const before = store.asked()
  await eventually(() => clock.waiting() > 0)
  for (let turns = 0; turns < 10; turns++) await new Promise((next) => setImmediate(next))
  if (store.asked() !== before) await settled({ store, clock } as Running)
}

describe('a delivery', () => {
  it('leaves when the store says that its job has ended, once', async () => {
    await using running = run(takes)
    running.store.ended(job())
    await eventually(() => running.store.open() === 0)
    expect(running.sent).toEqual(['one'])
  })

  it('that was there before the start leaves, too (WH-3)', async () => {
    const clock = manualClock()
    const store = deliveries(clock)
    store.ended(job())
    await using running = run(takes, clock, store)
    await eventually(() => store.open() === 0)
    expect(running.sent).toEqual(['one'])
  })

  it('without a receiver is settled', async () => {
    await using running = run(takes)
    running.store.ended(endedJob())
    await eventually(() => running.store.open() === 0)
    expect(running.sent).toEqual([])
  })

  it('that fails is tried twice more, 10 s apart, then given up and announced (WH-2)', async () => {
    await using running = run(fails)
    const { store, clock, sent, givenUp } = running
    store.ended(job())
    for (const attempts of [1, 2]) {
      await eventually(() => sent.length === attempts)
      await settled(running)
      clock.pass(9999)
      await settled(running)
      expect(sent).toHaveLength(attempts)
      clock.pass(1)
    }
    await eventually(() => store.open() === 0)
    expect(sent).toHaveLength(3)
    expect(givenUp).toEqual([
      { jobId: 'one', receiver: 'webhook at http://example.com', attempts: 3, reason: 'it answered 500' },
    ])
  })

  it('that is refused is not tried again (WH-4)', async () => {
    await using running = run(async () => {
      throw new RefusedError('10.0.0.1 is not a public address')
    })
    running.store.ended(job())
    await eventually(() => running.store.open() === 0)
    expect(running.givenUp).toMatchObject([{ attempts: 1, reason: '10.0.0.1 is not a public address' }])
  })

  it('that takes 10 s has failed (WH-2)', async () => {
    await using running = run(hangs)
    const { store, clock, sent, givenUp } = running
    store.ended(job())
    for (const attempts of [1, 2, 3]) {
      await eventually(() => sent.length === attempts)
      await settled(running)
      clock.pass(10_000) // the try ends
      await settled(running)
      clock.pass(10_000) // the next one is due
    }
    await eventually(() => store.open() === 0)
    expect(givenUp).toMatchObject([{ attempts: 3, reason: 'it took longer than 10000 ms' }])
  })
})

describe('deliveries', () => {
  it('are 16 at a time at most, and those that hang delay no other for longer than their try (WH-3)', async () => {
    let most = 0
    let now = 0
    const send: Send = async ({ id }, signal) => {
      most = Math.max(most, ++now)
      await (id.startsWith('dead') ? hangs(job(), signal) : takes(job(), signal)).finally(() => now--)
    }
    await using running = run(send)
    const { store, clock, sent } = running
    for (let count = 0; count < 15; count++) store.ended(job(`dead ${count}`))
    for (let count = 0; count < 40; count++) store.ended(job(`alive ${count}`))
    await eventually(() => store.open() === 15)
    store.ended(job('dead 15'))
    store.ended(job('waits'))
    await settled(running)
    expect(sent).not.toContain('waits')
    clock.pass(10_000)
    await eventually(() => sent.includes('waits'))
    expect(most).toBe(16)
  })

  it('of a runner that has died are taken over without being told (WH-3)', async () => {
    const clock = manualClock()
    const store = deliveries(clock)
    store.ended(job())
    await store.dueDeliveries(16, 30_000) // by a process that dies
    await using running = run(takes, clock, store)
    for (let polls = 0; polls < 3; polls++) {
      await settled(running)
      expect(running.sent).toEqual([])
      clock.pass(10_000)
    }
    await eventually(() => store.open() === 0)
  })
})

describe('a store that fails', () => {
  it('is announced once, asked again, and loses nothing', async () => {
    await using running = run(takes)
    const { store, clock, troubles, sent } = running
    await settled(running)
    store.fail(true)
    store.ended(job())
    for (let pauses = 0; pauses < 3; pauses++) {
      await settled(running)
      clock.pass(1000)
    }
    await settled(running)
    expect([sent, troubles]).toEqual([[], ['trouble']])
    store.fail(false)
    clock.pass(1000)
    await eventually(() => store.open() === 0)
    await settled(running)
    expect([sent, troubles]).toEqual([['one'], ['trouble', 'over']])
  })

  it('when a message has left does not have it sent again', async () => {
    const clock = manualClock()
    const store = deliveries(clock)
    await using running = run(async () => store.fail(true), clock, store)
    store.ended(job())
    await eventually(() => running.troubles.length === 1)
    running.clock.pass(60_000)
    await settled(running)
    store.fail(false)
    running.clock.pass(1000)
    await eventually(() => store.open() === 0)
    expect(running.sent).toEqual(['one'])
  })
})

describe('a stop', () => {
  it('breaks off what is in flight, which is tried again later and has not failed (WH-3)', async () => {
    const { store, clock, deliverer, sent, givenUp } = run(hangs)
    store.ended(job())
    await eventually(() => sent.length === 1)
    await deliverer.stop()
    expect([store.open(), givenUp]).toEqual([1, []])
    await using next = run(takes, clock, store)
    await settled(next)
    clock.pass(30_000)
    await eventually(() => store.open() === 0)
    expect(next.sent).toEqual(['one'])
  })

  it('ends everything: nothing waits, nothing is asked', async () => {
    const running = run(takes)
    await settled(running)
    await running.deliverer.stop()
    const asked = running.store.asked()
    running.store.ended(job())
    running.clock.pass(60_000)
    expect([running.clock.waiting(), running.store.asked()]).toEqual([0, asked])
  })

  it('may come twice, and before the start', async () => {
    const clock = manualClock()
    const store = deliveries(clock)
    const deliverer = new Deliverer(store, () => undefined, new Events(), clock)
    await deliverer.stop()
    deliverer.start()
    store.ended(job())
    await deliverer.stop()
    expect(store.asked()).toBe(0)
  })
})
