import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { BorderReader } from '../../src/invoker/output/borderReader.ts'
import { RateLimit } from '../../src/invoker/output/rateLimit.ts'
import { LineReader, longestRecord } from '../../src/invoker/output/lineReader.ts'

type Read = readonly [text: string, whole: boolean]

function reading(onDropped: (bytes: number) => void = () => {}): {
  reader: LineReader
  lines: Read[]
  rateLimit: RateLimit
} {
  const lines: Read[] = []
  const rateLimit = new RateLimit(onDropped)
  return { reader: new LineReader(rateLimit, (text, whole) => lines.push([text, whole])), lines, rateLimit }
}

function linesOf(text: string, split: number): readonly Read[] {
  const { reader, lines } = reading()
  const bytes = Buffer.from(text)
  for (let at = 0; at < bytes.length; at += split) reader.read(bytes.subarray(at, at + split))
  reader.flush()
  return lines
}

function partsOf(reads: readonly string[]): readonly (string | undefined)[] {
  const found: (string | undefined)[] = []
  const reader = new BorderReader('\u00ff-\u00ff!', (part) => found.push(part?.toString('latin1')))
  for (const each of reads) reader.read(Buffer.from(each, 'latin1'))
  found.push('rest')
  reader.flush()
  return found
}

describe('output by lines', () => {
  it.each([1, 2, 3, 7, 100])('is the same when it comes in pieces of %d bytes (G-1)', (split) => {
    expect(linesOf('a\n\nää\r€\r\n😀', split)).toEqual([
      ['a', true],
      ['', true],
      ['ää\r€\r', true],
      ['😀', true],
    ])
  })

  it('keeps a line of 65,536 bytes whole', () => {
    const line = 'x'.repeat(longestRecord)
    expect(linesOf(`${line}\nnext\n`, 10_000)).toEqual([
      [line, true],
      ['next', true],
    ])
  })

  it.each(['x', 'ä', '€', '😀'])(
    'splits a longer line of %s into records, never inside a character (G-3)',
    (character) => {
      const line = character.repeat(2 * longestRecord)
      const lines = linesOf(`${line}\nnext\n`, 9999)
      expect(lines.at(-1)).toEqual(['next', true])
      const pieces = lines.slice(0, -1)
      expect(pieces.every(([, whole]) => !whole)).toBe(true)
      expect(pieces.map(([text]) => text).join('')).toBe(line)
      expect(Math.max(...pieces.map(([text]) => Buffer.byteLength(text)))).toBeLessThanOrEqual(longestRecord)
      expect(pieces).toHaveLength(
        Math.ceil((Buffer.byteLength(character) * 2 * longestRecord) / longestRecord) +
          (character === '€' ? 1 : 0),
      )
    },
  )

  it.each(['ä', '€', '😀'])(
    'splits a line of %s into records inside of no character, wherever it begins',
    (character) => {
      const length = Buffer.byteLength(character)
      for (let before = 0; before < length; before++) {
        const line = 'x'.repeat(before) + character.repeat(longestRecord / 2)
        const pieces = linesOf(`${line}\n`, 50_000).map(([text]) => text)
        expect(pieces.join('')).toBe(line)
        const cut = (longestRecord - before) % length
        expect(Buffer.byteLength(pieces[0] ?? '')).toBe(longestRecord - cut)
      }
    },
  )

  it('comes in pieces as soon as it is too long; its end is a piece, too, and the next line is whole', () => {
    const { reader, lines } = reading()
    reader.read(Buffer.from(`a\n${'x'.repeat(longestRecord + 1)}`))
    expect(lines.map(([text, whole]) => [text.length, whole])).toEqual([
      [1, true],
      [longestRecord, false],
    ])
    reader.flush()
    reader.read(Buffer.from('next\n'))
    expect(lines.slice(2)).toEqual([
      ['x', false],
      ['next', true],
    ])
  })

  it('is cut anywhere when it is not UTF-8', () => {
    const { reader, lines } = reading()
    reader.read(Buffer.alloc(longestRecord + 1, 0x80))
    expect(lines.map(([text]) => text.length)).toEqual([longestRecord - 3])
  })
})

describe('output between borders', () => {
  it.each([
    [['a\u00ff-\u00ff!b'], ['a', undefined, 'b', 'rest']],
    [['\u00ff-\u00ff!\u00ff-\u00ff!'], [undefined, undefined, 'rest']],
    [
      ['a\u00ff-', '\u00ff!', 'b'],
      ['a', undefined, 'b', 'rest'],
    ],
    [['a\u00ffb'], ['a\u00ffb', 'rest']],
    [['a\u00ffb\u00ff-'], ['a\u00ffb', 'rest', '\u00ff-']],
    [
      ['a\u00ff-\u00ff', '-\u00ff!'],
      ['a', '\u00ff-', undefined, 'rest'],
    ],
  ])('is handed over as soon as it cannot be a border: %j', (reads, found) => {
    expect(partsOf(reads)).toEqual(found)
  })
})

describe('a rate limit', () => {
  beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] }))
  afterEach(() => void vi.useRealTimers())

  const burst = 8 * 1024 * 1024
  const eachSecond = 4 * 1024 * 1024
  const costOfRecord = 512
  const hundredBytes = `${'x'.repeat(99)}\n`

  it('is 8 MiB at once and 4 MiB in each second, where a record costs 512 bytes besides its text', () => {
    const rateLimit = new RateLimit(() => {})
    rateLimit.spend(burst - costOfRecord - 1)
    expect(rateLimit.open).toBe(true)
    rateLimit.spend(1 - costOfRecord)
    expect(rateLimit.open).toBe(false)
    vi.advanceTimersByTime(999)
    expect(rateLimit.open).toBe(false)
    for (let second = 0; second < 2; second++) {
      vi.advanceTimersByTime(second === 0 ? 1 : 1000)
      rateLimit.spend(eachSecond - costOfRecord - 1)
      expect(rateLimit.open).toBe(true)
      rateLimit.spend(1 - costOfRecord)
      expect(rateLimit.open).toBe(false)
    }
  })

  it('tells what was dropped after the pause, or when it stops, once', () => {
    const told: number[] = []
    const rateLimit = new RateLimit((bytes) => told.push(bytes))
    rateLimit.spend(burst)
    rateLimit.noteDropped(2)
    rateLimit.noteDropped(3)
    expect([told, rateLimit.dropped]).toEqual([[], 5])
    vi.advanceTimersByTime(1000)
    expect(told).toEqual([5])
    rateLimit.spend(burst)
    rateLimit.noteDropped(1)
    rateLimit.stop()
    rateLimit.stop()
    expect([told, vi.getTimerCount()]).toEqual([[5, 1], 0])
  })

  it('drops whole lines: the rest of one whose beginning was dropped, too', () => {
    const { reader, lines, rateLimit } = reading()
    rateLimit.spend(burst)
    reader.read(Buffer.from('a\nb'))
    vi.advanceTimersByTime(1000)
    reader.read(Buffer.from(' still b'))
    expect(rateLimit.dropped).toBe(8)
    reader.read(Buffer.from(' end\nc\n'))
    expect([lines, rateLimit.dropped]).toEqual([[['c', true]], 13])
    rateLimit.spend(burst)
    reader.read(Buffer.from('dropped\n'))
    vi.advanceTimersByTime(3000)
    reader.read(Buffer.from('d\n'))
    expect(lines.slice(1)).toEqual([['d', true]])
  })

  it('does not let a piece through whose line was dropped', () => {
    const { reader, lines, rateLimit } = reading()
    reader.read(Buffer.from('x'.repeat(longestRecord + 1)))
    rateLimit.spend(burst)
    reader.read(Buffer.from('end\n'))
    vi.advanceTimersByTime(1000)
    reader.read(Buffer.from('next\n'))
    expect(lines.slice(1)).toEqual([['next', true]])
  })

  it('passes whole lines of a flood; the rest is counted, byte by byte', () => {
    const told: number[] = []
    const { reader, lines } = reading((bytes) => told.push(bytes))
    for (let each = 0; each < 200; each++) reader.read(Buffer.from(hundredBytes.repeat(600)))
    const most = Math.ceil(burst / (99 + costOfRecord))
    expect([lines.length, told]).toEqual([most, []])
    expect(new Set(lines.map(([text]) => text))).toEqual(new Set([hundredBytes.slice(0, -1)]))
    vi.advanceTimersByTime(1000)
    expect(told).toEqual([100 * (200 * 600 - most)])
  })

  it('drops nothing of as much that is written over a longer time', () => {
    const { reader, lines } = reading()
    for (let second = 0; second < 10; second++) {
      reader.read(Buffer.from(hundredBytes.repeat(6000)))
      vi.advanceTimersByTime(1000)
    }
    expect(lines).toHaveLength(10 * 6000)
  })
})
