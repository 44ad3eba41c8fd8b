import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
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
})

describe('a flood', () => {
  beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] }))
  afterEach(() => void vi.useRealTimers())

  const line = `${'x'.repeat(99)}\n`
  const chunk = Buffer.from(line.repeat(600))

  it('passes whole lines up to the rateLimit; the rest is counted, byte by byte', () => {
    const told: number[] = []
    const { reader, lines } = reading((bytes) => told.push(bytes))
    for (let each = 0; each < 1000; each++) reader.read(chunk)
    expect(lines.length).toBeGreaterThan(10_000)
    expect(lines.length).toBeLessThan(20_000)
    expect(new Set(lines.map(([text]) => text))).toEqual(new Set([line.slice(0, -1)]))
    expect(told).toEqual([])
    vi.advanceTimersByTime(1000)
    expect(told).toEqual([1000 * chunk.length - lines.length * line.length])
  })

  it('goes on with the next whole line after the pause', () => {
    const { reader, lines } = reading()
    while (lines.length < 10_000) reader.read(chunk)
    for (let each = 0; each < 20; each++) reader.read(chunk)
    reader.read(Buffer.from('the beginning of a line'))
    const before = lines.length
    vi.advanceTimersByTime(1000)
    reader.read(Buffer.from(' whose end is dropped, too\nafter the flood\n'))
    expect(lines.slice(before)).toEqual([['after the flood', true]])
  })

  it('is told at once when its invocation ends', () => {
    const told: number[] = []
    const { reader, rateLimit } = reading((bytes) => told.push(bytes))
    for (let each = 0; each < 1000; each++) reader.read(chunk)
    rateLimit.tell()
    expect(told).toHaveLength(1)
    vi.advanceTimersByTime(5000)
    rateLimit.stop()
    expect(told).toHaveLength(1)
  })

  it('is none when as much is written over a longer time', () => {
    const { reader, lines } = reading()
    for (let second = 0; second < 60; second++) {
      for (let each = 0; each < 10; each++) reader.read(chunk)
      vi.advanceTimersByTime(1000)
    }
    expect(lines).toHaveLength(60 * 10 * 600)
  })
})
