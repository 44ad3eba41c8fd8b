import { PassThrough } from 'node:stream'
import { expect, it } from 'vitest'
import { Events } from '../../src/events.ts'
import { logEvents } from '../../src/log/log.ts'

it('a payload that is nested too deep for JSON is logged as far as it goes, between its neighbours', async () => {
  const events = new Events()
  const output = new PassThrough({ encoding: 'utf8' })
  const identity = { id: 'f', version: 'v', logGroup: '', memoryMb: 128 }
  const flush = await logEvents(events, {
    format: 'json',
    level: 'info',
    output,
    function: identity,
    environment: {},
  })
  const deep = `{"message":"deep","level":"WARN","k":${'['.repeat(30_000)}${']'.repeat(30_000)}}`
  for (const text of ['before', deep, 'after'])
    events.emit('function-wrote', { instance: 'i-1', requestId: 'r', stream: 'stdout', text, whole: true })
  expect(await flush()).toBe(true)
  const records = String(output.read())
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>)
  expect(records.map(({ msg }) => msg)).toEqual(['before', 'deep', 'after'])
  expect(records[1]).toMatchObject({ level: 'warn', requestId: 'r', stream: 'stdout', source: 'function' })
  expect(JSON.stringify(records[1]?.['json_payload'])).toMatch(/^\{"k":\[\[/)
})
