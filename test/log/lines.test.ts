import { pino, type Level } from 'pino'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { endText, functionLine, Lines, reportText, startText, toReport } from '../../src/log/lines.ts'

// What pino, set as log.ts sets it, makes of the same record.
function byPino(level: Level, members: object, msg: string): string {
  let written = ''
  const log = pino(
    {
      level: 'trace',
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
    },
    { write: (line: string) => (written += line) },
  )
  log[level](members, msg)
  return written
}

const texts = [
  ['plain', '5906fbf3-7ff5-4fe4-a0b2-b35ca126ac9d'],
  ['long', 'word '.repeat(100)],
  ['with quotes and backslashes', String.raw`say "\n" and C:\x`],
  ['with control characters', 'a\rb\tc\u0000\u001b[0m\u007f\n'],
  ['of other scripts', 'ёж 🦔 \u2028'],
  ['empty', ''],
] as const

describe('a line of a call equals that of pino with a text', () => {
  beforeEach(() => void vi.useFakeTimers({ toFake: ['Date'] }))
  afterEach(() => void vi.useRealTimers())

  it.each(texts)('%s: START, END and REPORT', (_, text) => {
    const timing = { queuedMs: 0.0661, executedMs: 1e21, initMs: 5.892 }
    const report = toReport(timing, 128, 47.2 * 1024 ** 2)
    const about = { requestId: text, jobId: text, instance: text }
    const system = { ...about, version: text, source: 'system' }
    const lines = new Lines(text)
    expect(lines.start(about)).toBe(byPino('info', system, startText(text, text)))
    expect(lines.end(about)).toBe(byPino('info', system, endText(text)))
    expect(lines.report(about, report)).toBe(
      byPino('info', { ...system, ...report }, reportText(text, report)),
    )
  })

  it.each(texts)('%s: what the function wrote', (_, text) => {
    const line = { instance: 'i-1', requestId: text, stream: 'stderr', text, whole: true } as const
    expect(functionLine(line, text, { level: 'fatal', message: text, stream_name: text })).toBe(
      byPino(
        'fatal',
        {
          instance: 'i-1',
          requestId: text,
          stream: 'stderr',
          jobId: text,
          source: 'function',
          stream_name: text,
        },
        text,
      ),
    )
  })

  it('with a payload', () => {
    const line = { instance: 'i-1', stream: 'stdout', text: '', whole: true } as const
    const payload = JSON.parse(
      '{"a":[1,null,{"b":"\\"\\u0001"}],"__proto__":{"c":1e400},"toJSON":1,"msg":"m"}',
    ) as Record<string, unknown>
    expect(functionLine(line, undefined, { level: 'trace', message: 'x', payload })).toBe(
      byPino('trace', { instance: 'i-1', stream: 'stdout', source: 'function', json_payload: payload }, 'x'),
    )
  })

  it('leaves out what is absent', () => {
    const about = { requestId: 'r', instance: 'i-1' }
    const report = toReport({ queuedMs: 0, executedMs: 7 }, 128, undefined)
    expect(new Lines('v').report(about, report)).toBe(
      byPino('info', { ...about, version: 'v', source: 'system', ...report }, reportText('r', report)),
    )
    const line = { instance: 'i-1', stream: 'stdout', text: 'x', whole: true } as const
    expect(functionLine(line, undefined, { message: 'x' })).toBe(
      byPino('info', { instance: 'i-1', stream: 'stdout', source: 'function' }, 'x'),
    )
  })

  it.each([
    '2026-01-02T03:04:05.000Z',
    '2026-01-02T03:04:05.007Z',
    '2026-01-02T03:04:05.999Z',
    '2026-01-02T03:04:06.010Z',
    '2025-12-31T23:59:59.099Z', // a clock that was set back
  ])('at %s', (time) => {
    vi.setSystemTime(time)
    const about = { requestId: 'r', instance: 'i-1' }
    expect(new Lines('v').end(about)).toBe(
      byPino('info', { ...about, version: 'v', source: 'system' }, endText('r')),
    )
    expect(new Lines('v').end(about)).toContain(`"time":"${time}"`)
  })
})

const id = '5906fbf3-7ff5-4fe4-a0b2-b35ca126ac9d'

describe('the system records of an invocation', () => {
  it('have the texts of the cloud (G-4)', () => {
    const timing = { queuedMs: 0.0661, executedMs: 8.8849, initMs: 5.892 }
    expect(startText(id, 'd4efs25vm37eabcdefgh')).toBe(`START RequestID: ${id} Version: d4efs25vm37eabcdefgh`)
    expect(endText(id)).toBe(`END RequestID: ${id}`)
    expect(reportText(id, toReport(timing, 128, 47.2 * 1024 ** 2))).toBe(
      `REPORT RequestID: ${id} Duration: 8.951 ms Billed Duration: 100 ms Memory Size: 128 MB Max Memory Used: 48 MB Queuing Duration: 0.066 ms Function Init Duration: 5.892 ms`,
    )
  })

  it('leave out what is absent (G-5)', () => {
    expect(reportText(id, toReport({ queuedMs: 0, executedMs: 7 }, 128, undefined))).toBe(
      `REPORT RequestID: ${id} Duration: 7 ms Billed Duration: 100 ms Memory Size: 128 MB Queuing Duration: 0 ms`,
    )
  })

  it.each([
    [0.001, 100],
    [100, 100],
    [100.001, 200],
    [99.9999, 100],
    [1234, 1300],
  ])('bill %d ms as %d ms (G-5)', (executedMs, billedMs) => {
    expect(toReport({ queuedMs: 0, executedMs }, 128, undefined).billedMs).toBe(billedMs)
  })
})
