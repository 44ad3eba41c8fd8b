import { randomUUID } from 'node:crypto'
import { existsSync, mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import request from 'supertest'
import { describe, expect, it } from 'vitest'
import { Awaited, Call } from '../../src/invocation.ts'
import { containerMemory, countKernelKills, MemorySigns } from '../../src/invoker/process/oom.ts'
import { exceeds, measureTrees } from '../../src/invoker/process/memoryLimit.ts'
import { ProcessScan } from '../../src/invoker/process/processTree.ts'
import { callRaw, eventually } from '../harness/calling.ts'
import { poolOf } from '../harness/pooled.ts'
import { start } from '../harness/program.ts'
import { bothLanguages, functionsIn, serve } from '../harness/serving.ts'

const outOfMemory = { errorType: 'OutOfMemory', errorMessage: 'Function process ran out of memory' }
const killed = { type: 'signalled', signal: 'SIGKILL' } as const

describe.each(bothLanguages)('the memory of a %s function (F-10)', (language) => {
  it.each([false, true])(
    'includes that of the programs that it starts, in sessions of their own or not (%s)',
    async (detached) => {
      await using serving = await serve(language, 'holds_memory.eat', { memory: '200MB', timeout: '1h' })
      const answer = await callRaw(serving, { programs: 3, megabytes: 90, detached })
      expect([answer.status, answer.body]).toEqual([502, outOfMemory])
    },
  )

  it('is what the kernel takes first when there is none left', async () => {
    await using serving = await serve(language, 'holds_memory.willing')
    expect((await callRaw(serving)).body).toBe(1000)
  })
})

describe('pages that forked processes share', () => {
  it('count once', async () => {
    await using serving = await serve('python', 'holds_memory.share', { memory: '200MB' })
    const go = join(mkdtempSync(join(tmpdir(), 'fnbox-test-')), 'go')
    const call = callRaw(serving, { programs: 3, megabytes: 100, go }).then((answer) => answer)
    const [leader = 0] = serving.pids
    const tree = { leader, mark: 'none=none' }
    // Each of the four processes holds the same 100 MB: together they seem to be far beyond the limit.
    await eventually(async () => ((await measureTrees([tree]))[0] ?? 0) > 400 * 1024 ** 2)
    const [members = []] = await new ProcessScan().find([tree])
    expect(members).toHaveLength(4)
    expect(await exceeds(members, 200 * 1024 ** 2)).toBe(false)
    expect(await exceeds(members, 50 * 1024 ** 2)).toBe(true)
    writeFileSync(go, '')
    expect((await call).body).toBe(100 * 1024 ** 2)
  })
})

describe('a Node.js function without --memory whose heap is full', () => {
  it('is answered OutOfMemory, and the next call is served', async () => {
    const args = ['--root', functionsIn('node'), '--port', '0', '--timeout', '1m', 'holds_memory.heap']
    await using program = start(args, { NODE_OPTIONS: '--max-old-space-size=64' })
    const { url } = await program.line('ready')
    for (let time = 0; time < 2; time++) {
      const answer = await request(String(url)).post('?integration=raw').send('{}')
      expect([answer.status, answer.body]).toEqual([502, outOfMemory])
    }
  })
})

describe('a process that the kernel has killed for memory (F-10)', () => {
  const folder = mkdtempSync(join(tmpdir(), 'fnbox-test-'))

  it.each([
    ['memory.events', 'low 0\nhigh 0\nmax 12\noom 3\noom_kill 2\noom_group_kill 0\n', 2],
    ['memory.oom_control', 'oom_kill_disable 0\nunder_oom 0\noom_kill 7\n', 7],
    ['other', 'nothing that we know\n', 0],
  ])('is counted in %s', (name, text, count) => {
    writeFileSync(join(folder, name), text)
    expect(countKernelKills([join(folder, 'missing'), join(folder, name)])).toBe(count)
  })

  it('is a SIGKILL that the supervisor did not send, when the kernel has counted one since the start', () => {
    let kills = 4
    const signs = new MemorySigns(() => kills)
    expect(signs.explain(undefined, killed)).toBe(false)
    kills++
    expect(signs.explain(undefined, killed)).toBe(true)
    expect(signs.explain({ type: 'expired' }, killed)).toBe(false)
    expect(signs.explain(undefined, { type: 'exited', code: 1 })).toBe(false)
  })

  it('leaves its call OutOfMemory', async () => {
    let kills = 0
    await using pooled = poolOf('node', {}, { kernelKills: () => kills, handler: 'turns.handler' })
    const meeting = mkdtempSync(join(tmpdir(), 'fnbox-test-'))
    const pid = new Promise<number>((settle) => {
      pooled.events.once('instance-started', (started) => settle(started.pid ?? 0))
    })
    pooled.pool.start()
    await eventually(() => pooled.pool.status.idle === 1)
    const caller = new Awaited()
    const payload = Buffer.from(JSON.stringify({ id: 'me', folder: meeting, others: ['never'] }))
    pooled.invoker.start(new Call({ id: randomUUID(), mode: 'raw', payload }, caller))
    await eventually(() => existsSync(join(meeting, 'me'))) // the function runs
    kills++
    process.kill(await pid, 'SIGKILL')
    expect(await caller.outcome).toMatchObject({ type: 'failed', fault: { code: 'out_of_memory' } })
  })
})

describe('the memory of a container (L-4)', () => {
  it.each([
    ['268435456\n', 268_435_456],
    ['max\n', undefined],
    ['9223372036854771712\n', undefined],
    ['', undefined],
  ])('that the kernel gives as %j is %j', (text, bytes) => {
    const file = join(mkdtempSync(join(tmpdir(), 'fnbox-test-')), 'memory.max')
    writeFileSync(file, text)
    expect(containerMemory(['/nowhere', file])).toBe(bytes)
  })

  it('is unknown outside of one', () => {
    expect(containerMemory(['/nowhere'])).toBeUndefined()
  })
})
