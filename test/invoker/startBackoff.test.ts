import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { Fault } from '../../src/errors.ts'
import { StartBackoff } from '../../src/invoker/startBackoff.ts'

const loadFailed = new Fault('load_failed', 'no module')
const exited = new Fault('process_exit', 'exit code 1')

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

describe('the pause between starts that fail', () => {
  it('doubles from 200 ms to 30 s when the function does not load', () => {
    const backoff = new StartBackoff()
    const pauses = Array.from({ length: 10 }, () => backoff.noteFailure(loadFailed))
    expect(pauses).toEqual([200, 400, 800, 1600, 3200, 6400, 12_800, 25_600, 30_000, 30_000])
  })

  it('does not come after the first process that ends while idle', () => {
    const backoff = new StartBackoff()
    expect([1, 2, 3].map(() => backoff.noteFailure(exited))).toEqual([0, 200, 400])
  })

  it('ends with a success, and the next failure counts as the first', () => {
    const backoff = new StartBackoff()
    backoff.noteFailure(loadFailed)
    backoff.noteFailure(loadFailed)
    expect([backoff.pausing, backoff.hopeless, backoff.fault]).toEqual([true, true, loadFailed])
    backoff.clear()
    expect([backoff.pausing, backoff.hopeless, backoff.fault]).toEqual([false, false, undefined])
    expect(backoff.noteFailure(loadFailed)).toBe(200)
  })

  it('ends when its time is over, and when the timer says so, and the failures stay', () => {
    const backoff = new StartBackoff()
    backoff.noteFailure(loadFailed)
    vi.advanceTimersByTime(199)
    expect(backoff.pausing).toBe(true)
    vi.advanceTimersByTime(1)
    expect(backoff.pausing).toBe(false)
    expect(backoff.noteFailure(loadFailed)).toBe(400)
    backoff.resume()
    expect([backoff.pausing, backoff.fault]).toEqual([false, loadFailed])
  })

  it('leaves calls waiting while processes end idle, up to the fifth', () => {
    const backoff = new StartBackoff()
    const hopeless = Array.from({ length: 6 }, () => {
      backoff.noteFailure(exited)
      return backoff.hopeless
    })
    expect(hopeless).toEqual([false, false, false, false, true, true])
  })
})
