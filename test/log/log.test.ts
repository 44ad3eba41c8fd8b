import { PassThrough } from 'node:stream'
import { expect, it } from 'vitest'
import { Events } from '../../src/events.ts'
import { logEvents } from '../../src/log/log.ts'

// Announces something; gives the records that the log has of it.
async function recordsOf(announce: (events: Events) => void): Promise<readonly Record<string, unknown>[]> {
  const events = new Events()
  const output = new PassThrough({ encoding: 'utf8' })
  const flush = await logEvents(events, {
    format: 'json',
    level: 'info',
    output,
    function: { id: 'f', version: 'v', logGroup: '', memoryMb: 128 },
    environment: {},
  })
  announce(events)
  expect(await flush()).toBe(true)
  return String(output.read())
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>)
}

it('a line belongs to a job from the start of its invocation to its end, and no longer', async () => {
  const wrote = { instance: 'i-1', requestId: 'r', stream: 'stdout', text: 'x', whole: true } as const
  const about = { requestId: 'r', jobId: 'j', instance: 'i-1' }
  const outcome = { type: 'returned', json: undefined } as const
  const records = await recordsOf((events) => {
    events.emit('function-wrote', wrote)
    events.emit('invocation-started', about)
    events.emit('function-wrote', wrote)
    events.emit('invocation-ended', { ...about, outcome, timing: { queuedMs: 0, executedMs: 1 } })
    events.emit('function-wrote', wrote)
  })
  const ofFunction = records.filter(({ source }) => source === 'function')
  expect(ofFunction.map(({ jobId }) => jobId)).toEqual([undefined, 'j', undefined])
  const ofSystem = records.filter(({ source }) => source === 'system')
  expect(ofSystem.map(({ jobId }) => jobId)).toEqual(['j', 'j', 'j'])
})

it('output that was dropped is a warning with its size', async () => {
  const dropped = { instance: 'i-1', requestId: 'r', bytes: 7 }
  expect(await recordsOf((events) => events.emit('output-dropped', dropped))).toMatchObject([
    { ...dropped, level: 'warn', msg: "7 bytes of the function's output were dropped: it writes too much" },
  ])
})
