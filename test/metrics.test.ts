import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import request from 'supertest'
import { describe, expect, it } from 'vitest'
import { callRaw, eventually } from './harness/calling.ts'
import { bothLanguages, serve, type Serving } from './harness/serving.ts'

interface Described {
  readonly name: string
  readonly type: string
  readonly help: string
}

const documented: readonly (Described & { readonly labels: readonly string[] })[] = readFileSync(
  new URL('../docs/metrics.md', import.meta.url),
  'utf8',
)
  .split('\n')
  .filter((line) => line.startsWith('| `'))
  .map((line) => {
    const cells = line.split('|').map((cell) => cell.trim().replaceAll('`', ''))
    const [, name = '', type = '', labels = '', help = ''] = cells
    return { name, type, help, labels: labels.split(' ').filter((each) => each !== '') }
  })

async function scrape(serving: Serving): Promise<string> {
  const answer = await request(serving.url).get('/_/metrics')
  expect(answer.status).toBe(200)
  expect(answer.headers['content-type']).toMatch(/^text\/plain; version=0\.0\.4/)
  return answer.text
}

// The value of one series; 0 when it has never been counted.
function valueOf(text: string, series: string): number {
  const line = text.split('\n').find((each) => each.startsWith(`${series} `))
  return Number(line?.split(' ').at(-1) ?? 0)
}

function describedIn(text: string): readonly Described[] {
  const types = new Map([...text.matchAll(/^# TYPE (\S+) (\S+)$/gm)].map(([, name, type]) => [name, type]))
  return [...text.matchAll(/^# HELP (\S+) (.+)$/gm)]
    .map(([, name = '', help = '']) => ({ name, type: types.get(name) ?? '', help }))
    .filter(({ name }) => !/^fnbox_(process|nodejs)_/.test(name))
}

describe('the metrics', () => {
  it('are the same in the registry and in docs/metrics.md', async () => {
    await using serving = await serve('node', 'hostile.handler')
    await callRaw(serving, { do: 'exit' })
    await callRaw(serving).set('X-Request-Id', 'x')
    await request(serving.url).get('/a/b')
    const text = await scrape(serving)
    expect(describedIn(text)).toEqual(documented.map(({ name, type, help }) => ({ name, type, help })))
    for (const { name, labels } of documented) {
      const seen = new RegExp(`^${name}(?:_bucket|_sum|_count)?\\{(.*)\\}`, 'm').exec(text)?.[1] ?? ''
      const names = [...seen.matchAll(/(\w+)=/g)].map(([, label]) => label).filter((label) => label !== 'le')
      expect([name, names]).toEqual([name, labels])
    }
  })

  it('have one prefix, those of the supervisor as well', async () => {
    await using serving = await serve('node', 'hostile.handler')
    const text = await scrape(serving)
    for (const [, name] of text.matchAll(/^# TYPE (\S+)/gm)) expect(name).toMatch(/^fnbox_/)
    expect(valueOf(text, 'fnbox_process_resident_memory_bytes')).toBeGreaterThan(0)
  })

  it('of two servers in one process are separate', async () => {
    await using one = await serve('node', 'hostile.handler')
    await using other = await serve('node', 'hostile.handler')
    await callRaw(one)
    expect(valueOf(await scrape(one), 'fnbox_invocations_total{outcome="returned"}')).toBe(1)
    expect(valueOf(await scrape(other), 'fnbox_invocations_total{outcome="returned"}')).toBe(0)
  })
})

describe.each(bothLanguages)('the metrics of a %s function', (language) => {
  it('count invocations by outcome, and ends of instances by reason', async () => {
    await using serving = await serve(language, 'hostile.handler', { timeout: '1500ms' })
    await callRaw(serving)
    await callRaw(serving, { do: 'throw' })
    await callRaw(serving, { do: 'exit' })
    await callRaw(serving, { do: 'loop' })
    await request(serving.url).post('/') // the function returns its process id, which is no response
    await request(serving.url).get('/a/b')
    await eventually(async () => (await scrape(serving)).includes('reason="deadline"'))
    await eventually(async () => (await request(serving.url).get('/_/readyz?idle')).status === 200)
    const text = await scrape(serving)
    const counted = (outcome: string): number =>
      valueOf(text, `fnbox_invocations_total{outcome="${outcome}"}`)
    expect(['returned', 'threw', 'process_exit', 'timeout'].map(counted)).toEqual([2, 1, 1, 1])
    const restarts = (reason: string): number =>
      valueOf(text, `fnbox_instance_restarts_total{reason="${reason}"}`)
    expect(['exit', 'deadline', 'memory'].map(restarts)).toEqual([1, 1, 0])
    expect(valueOf(text, 'fnbox_requests_refused_total{fault="path_not_served"}')).toBe(1)
    expect(valueOf(text, 'fnbox_cold_starts_total')).toBe(3)
    expect(valueOf(text, 'fnbox_init_duration_seconds_count')).toBe(3)
    expect(valueOf(text, 'fnbox_invocation_duration_seconds_count')).toBe(5)
    expect(valueOf(text, 'fnbox_queue_wait_seconds_count')).toBe(5)
    expect(valueOf(text, 'fnbox_instances{state="idle"}')).toBe(1)
    expect(valueOf(text, 'fnbox_instance_memory_bytes')).toBeGreaterThan(1024 ** 2)
  })

  it('show how many calls wait and run', async () => {
    await using serving = await serve(language, 'hostile.handler', { timeout: '1h' })
    const calls = [1, 2, 3].map(() =>
      callRaw(serving, { do: 'await-forever' }).then(
        () => 'answered',
        () => 'cut off',
      ),
    )
    await eventually(() => serving.app.invoker.waiting === 2)
    const text = await scrape(serving)
    expect(valueOf(text, 'fnbox_invocations_in_flight')).toBe(3)
    expect(valueOf(text, 'fnbox_queue_depth')).toBe(2)
    expect(valueOf(text, 'fnbox_instances{state="busy"}')).toBe(1)
    await serving[Symbol.asyncDispose]()
    await Promise.all(calls)
  })
})

describe('the metrics', () => {
  it('need a key when calls need one', async () => {
    const keys = join(mkdtempSync(join(tmpdir(), 'fnbox-test-')), 'keys')
    writeFileSync(keys, 'a-key-for-the-tests\n')
    await using serving = await serve('node', 'hostile.handler', { 'auth-keys': keys })
    const ask = (): request.Test => request(serving.url).get('/_/metrics')
    expect((await ask()).status).toBe(403)
    expect((await ask()).headers['x-fnbox-fault']).toBe('not_authorized')
    expect((await ask().set('Authorization', 'Api-Key a-key-for-the-tests')).status).toBe(200)
  })
})
