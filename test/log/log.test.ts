import { PassThrough } from 'node:stream'
import { expect, it } from 'vitest'
import { Events } from '../../src/events.ts'
import { logEvents } from '../../src/log/log.ts'

type LogRecord = Readonly<Record<string, unknown>>

const line = { instance: 'i-1', requestId: 'r', stream: 'stdout', text: 'x', whole: true } as const

async function recordsOf(announce: (events: Events) => void): Promise<readonly LogRecord[]> {
  const events = new Events()
  const output = new PassThrough({ encoding: 'utf8' })
  const identity = { id: 'f', version: 'v', logGroup: '', memoryMb: 128 }
  const settings = { format: 'json', level: 'info', output, function: identity, environment: {} } as const
  const flush = await logEvents(events, settings)
  announce(events)
  expect(await flush()).toBe(true)
  const lines = String(output.read()).trimEnd().split('\n')
  return lines.map((each) => JSON.parse(each) as LogRecord)
}

it('a line has the id of its job from the start of the invocation to its end only', async () => {
  const about = { requestId: 'r', jobId: 'j', instance: 'i-1' }
  const outcome = { type: 'returned', json: undefined } as const
  const records = await recordsOf((events) => {
    events.emit('function-wrote', line)
    events.emit('invocation-started', about)
    events.emit('function-wrote', line)
    events.emit('invocation-ended', { ...about, outcome, timing: { queuedMs: 0, executedMs: 1 } })
    events.emit('function-wrote', line)
  })
  const jobsOf = (wanted: string): readonly unknown[] =>
    records.filter(({ source }) => source === wanted).map(({ jobId }) => jobId)
  expect(jobsOf('function')).toEqual([undefined, 'j', undefined])
  expect(jobsOf('system')).toEqual(['j', 'j', 'j'])
})

it('a payload nested too deep for JSON is logged in part, in order', async () => {
  const deep = `{"message":"deep","level":"WARN","k":${'['.repeat(30_000)}${']'.repeat(30_000)}}`
  const records = await recordsOf((events) => {
    for (const text of ['before', deep, 'after']) events.emit('function-wrote', { ...line, text })
  })
  expect(records.map(({ msg }) => msg)).toEqual(['before', 'deep', 'after'])
  expect(records[1]).toMatchObject({ level: 'warn', requestId: 'r', stream: 'stdout', source: 'function' })
  expect(JSON.stringify(records[1]?.['json_payload'])).toMatch(/^\{"k":\[\[/)
})
