import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { Events } from '../../../src/events.ts'
import type { IssuedToken, Issuer } from '../../../src/invoker/token/issuers.ts'
import { Renewal } from '../../../src/invoker/token/source.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

function issued(number: number, lifeMs?: number): IssuedToken {
  return { value: `t${number}`, type: 'Bearer', lifeMs }
}

// Gives tokens t1, t2, …; `next` says what comes of each question.
function setUp(next: (question: number) => Promise<IssuedToken>, everyMs?: number) {
  const issuer: Issuer & { questions: number } = {
    name: '--token-url',
    questions: 0,
    ...(everyMs === undefined ? {} : { everyMs }),
    issue: () => next(++issuer.questions),
  }
  const events = new Events()
  const announced: string[] = []
  events.on('trouble', ({ what }) => announced.push(what))
  events.on('trouble-over', ({ what }) => announced.push(what))
  return { issuer, announced, source: new Renewal(issuer, events) }
}

describe('a token that is kept fresh (T-1)', () => {
  it('counts expires_in down', async () => {
    const { source } = setUp(async () => issued(1, 3_600_000))
    await source.start()
    expect(source.current()).toEqual({ access_token: 't1', expires_in: 3600, token_type: 'Bearer' })
    await vi.advanceTimersByTimeAsync(600_000)
    expect(source.current()).toEqual({ access_token: 't1', expires_in: 3000, token_type: 'Bearer' })
    source.stop()
  })

  it('lives from the moment when it was requested, not from the answer', async () => {
    const { source } = setUp(async () => {
      await new Promise((settle) => setTimeout(settle, 4000))
      return issued(1, 60_000)
    })
    void source.start()
    await vi.advanceTimersByTimeAsync(4000)
    expect(source.current()?.expires_in).toBe(56)
    source.stop()
  })

  it('is renewed when a tenth of its life is left', async () => {
    const { source } = setUp(async (question) => issued(question, 3_600_000))
    await source.start()
    await vi.advanceTimersByTimeAsync(3_239_999)
    expect(source.current()?.access_token).toBe('t1')
    await vi.advanceTimersByTimeAsync(1)
    expect(source.current()).toMatchObject({ access_token: 't2', expires_in: 3600 })
    source.stop()
  })

  it('is renewed at a third of its life when that is short', async () => {
    const { source } = setUp(async (question) => issued(question, 3000))
    await source.start()
    await vi.advanceTimersByTimeAsync(1000)
    expect(source.current()).toMatchObject({ access_token: 't2', expires_in: 3 })
    source.stop()
  })

  it('is given no longer when less than a second of it is left', async () => {
    const { source } = setUp((question) =>
      question === 1 ? Promise.resolve(issued(1, 3000)) : Promise.reject(new Error('down')),
    )
    await source.start()
    await vi.advanceTimersByTimeAsync(2000)
    expect(source.current()).toMatchObject({ access_token: 't1', expires_in: 1 })
    await vi.advanceTimersByTimeAsync(1)
    expect(source.current()).toBeUndefined()
    source.stop()
  })

  it('lasts 43200 seconds, always, without a known end', async () => {
    const { source } = setUp(async () => issued(1))
    await source.start()
    await vi.advanceTimersByTimeAsync(3_600_000)
    expect(source.current()?.expires_in).toBe(43_200)
    source.stop()
  })

  it('is asked for again within 12 hours, whatever its life', async () => {
    const { source } = setUp(async (question) => issued(question, 1e15))
    await source.start()
    await vi.advanceTimersByTimeAsync(12 * 3_600_000)
    expect(source.current()?.access_token).toBe('t2')
    source.stop()
  })
})

describe('an issuer that fails (T-1)', () => {
  it('is asked again after 0.2 s, doubling to 30 s, and announced once, as is its recovery', async () => {
    let down = true
    const { source, issuer, announced } = setUp((question) =>
      down ? Promise.reject(new Error('it answered 500')) : Promise.resolve(issued(question, 3_600_000)),
    )
    await source.start()
    expect(source.status).toEqual({ status: 'failing', reason: 'it answered 500' })
    for (const pause of [200, 400, 800, 1600, 3200, 6400, 12_800, 25_600, 30_000, 30_000]) {
      const before = issuer.questions
      await vi.advanceTimersByTimeAsync(pause - 1)
      expect(issuer.questions).toBe(before)
      await vi.advanceTimersByTimeAsync(1)
      expect(issuer.questions).toBe(before + 1)
    }
    expect(announced).toEqual(['--token-url gives no token: it answered 500'])
    down = false
    await vi.advanceTimersByTimeAsync(30_000)
    expect(announced.slice(1)).toEqual(['--token-url gives tokens again'])
    expect(source.status).toEqual({ status: 'ok' })
    source.stop()
  })

  it('leaves the last valid token in use', async () => {
    const { source } = setUp((question) =>
      question === 1 ? Promise.resolve(issued(1, 3_600_000)) : Promise.reject(new Error('down')),
    )
    await source.start()
    await vi.advanceTimersByTimeAsync(3_500_000)
    expect(source.current()).toMatchObject({ access_token: 't1', expires_in: 100 })
    expect(source.status).toEqual({ status: 'failing', reason: 'down' })
    source.stop()
  })

  it('delays the start by no more than a second when it does not answer, and counts as failing after five', async () => {
    const { source, announced } = setUp(() => new Promise(() => {}))
    const started = source.start()
    await vi.advanceTimersByTimeAsync(1000)
    await started
    expect(source.current()).toBeUndefined()
    expect(source.status.status).toBe('failing')
    expect(announced).toEqual([])
    await vi.advanceTimersByTimeAsync(4000)
    expect(announced).toEqual(['--token-url gives no token: no answer in time'])
    source.stop()
  })

  it('is one that gives an expired token, too', async () => {
    const { source } = setUp(async () => issued(1, -1))
    await source.start()
    expect(source.current()).toBeUndefined()
    expect(source.status).toEqual({ status: 'failing', reason: 'it gave an expired token' })
    source.stop()
  })

  it('is asked no less often than it wants to be', async () => {
    const { source, issuer } = setUp(() => Promise.reject(new Error('down')), 1000)
    await source.start()
    await vi.advanceTimersByTimeAsync(60_000)
    expect(issuer.questions).toBeGreaterThan(60)
    source.stop()
  })
})

describe('a source of tokens', () => {
  it('may be stopped before its start, twice, and while it waits for an answer', async () => {
    const early = setUp(async () => issued(1, 3000))
    early.source.stop()
    await early.source.start()
    expect(early.issuer.questions).toBe(0)
    const waiting = setUp(() => new Promise(() => {}))
    const started = waiting.source.start()
    waiting.source.stop()
    waiting.source.stop()
    await started
    await vi.advanceTimersByTimeAsync(3_600_000)
    expect([waiting.issuer.questions, waiting.announced]).toEqual([1, []])
  })
})
