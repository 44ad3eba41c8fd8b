import { PassThrough } from 'node:stream'
import { expect, it } from 'vitest'
import { Events } from '../../src/events.ts'
import { logEvents } from '../../src/log/log.ts'

it('a line belongs to a job from the start of its invocation to its end, and no longer', async () => {
  const events = new Events()
  const output = new PassThrough({ encoding: 'utf8' })
  const flush = await logEvents(events, {
    format: 'json',
    level: 'info',
    output,
    function: { id: 'f', version: 'v', logGroup: '', memoryMb: 128 },
    environment: {},
  })
  const wrote = { instance: 'i-1', requestId: 'r', stream: 'stdout', text: 'x', whole: true } as const
  const about = { requestId: 'r', jobId: 'j', instance: 'i-1' }
  events.emit('function-wrote', wrote)
  events.emit('invocation-started', about)
  events.emit('function-wrote', wrote)
  const outcome = { type: 'returned', json: undefined } as const
  events.emit('invocation-ended', { ...about, outcome, timing: { queuedMs: 0, executedMs: 1 } })
  events.emit('function-wrote', wrote)
  expect(await flush()).toBe(true)
  const records = String(output.read())
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>)
  const ofFunction = records.filter(({ source }) => source === 'function')
  expect(ofFunction.map(({ jobId }) => jobId)).toEqual([undefined, 'j', undefined])
  const ofSystem = records.filter(({ source }) => source === 'system')
  expect(ofSystem.map(({ jobId }) => jobId)).toEqual(['j', 'j', 'j'])
})
