import { Writable } from 'node:stream'
import { setImmediate as turn } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { Sink } from '../../src/log/sink.ts'

// A reader that takes a write only when it is told to.
class Reader extends Writable {
  taken = ''
  readonly #waiting: (() => void)[] = []

  constructor() {
    super({ autoDestroy: false })
  }

  override _write(bytes: Buffer, _: unknown, done: (error?: Error) => void): void {
    this.#waiting.push(() => {
      this.taken += bytes.toString()
      done()
    })
  }

  /** Takes everything. */
  async read(): Promise<void> {
    for (let next = this.#waiting.shift(); next !== undefined; next = this.#waiting.shift()) {
      next()
      await turn()
    }
  }
}

describe('the sink of log lines', () => {
  beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] }))
  afterEach(() => void vi.useRealTimers())

  it('writes lines in order', async () => {
    const reader = new Reader()
    const sink = new Sink(reader, () => {})
    for (const line of ['a\n', 'b\n', 'c\n']) sink.write(line)
    vi.runAllTimers()
    sink.write('d\n')
    vi.runAllTimers()
    await reader.read()
    expect(reader.taken).toBe('a\nb\nc\nd\n')
  })

  it('drops lines beyond its limit while the reader is stopped, and reports how many', async () => {
    const reader = new Reader()
    const told: number[] = []
    const sink = new Sink(reader, (lines) => told.push(lines))
    const line = `${'x'.repeat(1023)}\n`
    for (let each = 0; each < 20 * 1024; each++) sink.write(line)
    vi.runAllTimers()
    expect(reader.writableLength).toBeLessThanOrEqual(16 * 1024 * 1024)
    expect(told).toEqual([])
    await reader.read()
    expect(told).toEqual([4 * 1024])
    expect(reader.taken).toHaveLength(16 * 1024 * 1024)
    sink.write(line)
    vi.runAllTimers()
    await reader.read()
    expect(told).toEqual([4 * 1024])
  })

  it('waits at the end for a second at most', async () => {
    const reader = new Reader()
    const sink = new Sink(reader, () => {})
    sink.write('a\n')
    const stuck = sink.flush()
    vi.runAllTimers()
    expect(await stuck).toBe(false)
    const written = sink.flush()
    await reader.read()
    expect(await written).toBe(true)
  })
})
