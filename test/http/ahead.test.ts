// Calls that are sent ahead of the end of another one, with instances that end, and clients that go, in between.

import { existsSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { randomUUID } from 'node:crypto'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Flags } from '../../src/config.ts'
import type { Outcome } from '../../src/invocation.ts'
import { watchAhead, type AheadMoment, type AheadWatch } from '../harness/ahead.ts'
import { eventually } from '../harness/calling.ts'
import { bothLanguages, serve, type Serving, type TestLanguage } from '../harness/serving.ts'

const allLanguages: readonly TestLanguage[] = [...bothLanguages, 'bash']

// A call, and what came of it.
interface Sent {
  readonly id: string
  readonly client: AbortController
  /** the status, or 'gone' */
  readonly status: Promise<number | 'gone'>
}

// One call that stands at a gate, and three that were sent ahead of its end.
interface Scene {
  readonly first: Sent
  readonly behind: readonly [Sent, Sent, Sent]
  readonly open: () => void
  /** ids of the calls that have run, in order */
  readonly runs: () => readonly string[]
}

function call(serving: Serving, wish: object, id: string = randomUUID()): Sent {
  const client = new AbortController()
  const status = fetch(`${serving.url}/?integration=raw`, {
    method: 'POST',
    headers: { 'X-Request-Id': id },
    body: JSON.stringify({ id, ...wish }),
    signal: client.signal,
  }).then(
    async (response) => {
      const text = await response.text()
      if (response.status === 200) expect(text).toBe(JSON.stringify(id))
      return response.status
    },
    () => 'gone' as const,
  )
  return { id, client, status }
}

function newFile(): string {
  return join(mkdtempSync(join(tmpdir(), 'fnbox-test-')), 'file')
}

function idsIn(file: string): readonly string[] {
  return existsSync(file) ? readFileSync(file, 'utf8').split('\n').slice(0, -1) : []
}

async function queueUp(serving: Serving, watch: AheadWatch, deed?: string): Promise<Scene> {
  const [runs, gate] = [newFile(), newFile()]
  // Nothing is sent ahead of the first call of an instance.
  expect(await call(serving, { runs: newFile() }).status).toBe(200)
  const first = call(serving, { runs, gate, deed })
  await eventually(() => idsIn(runs).length === 1)
  const behind = [call(serving, { runs }), call(serving, { runs }), call(serving, { runs })] as const
  await eventually(() => behind.every(({ id }) => watch.sent.includes(id)))
  return { first, behind, open: () => writeFileSync(gate, ''), runs: () => idsIn(runs) }
}

function statuses({ first, behind }: Scene): Promise<readonly (number | 'gone')[]> {
  return Promise.all([first, ...behind].map(({ status }) => status))
}

function expectRuns({ runs }: Scene, wanted: readonly Sent[]): void {
  expect([...runs()].toSorted()).toEqual(wanted.map(({ id }) => id).toSorted())
}

function serveRuns(language: TestLanguage, flags: Flags = {}): Promise<Serving> {
  return serve(language, language === 'bash' ? 'records_runs.sh' : 'records_runs.handler', flags)
}

function pidOf(serving: Serving): number {
  return serving.pids.at(-1) ?? 0
}

function kill(serving: Serving): void {
  process.kill(pidOf(serving), 'SIGKILL')
}

describe.each(allLanguages)('calls that were sent ahead to a %s instance', (language) => {
  let serving: Serving
  let watch: AheadWatch
  beforeAll(async () => {
    watch = watchAhead(true)
    serving = await serveRuns(language, { timeout: '1m' })
  })
  afterAll(async () => {
    await serving[Symbol.asyncDispose]()
    watch[Symbol.dispose]()
  })

  it.each<AheadMoment>(['recall', 'recalled'])(
    'run in the next one when it is killed at "%s", because the client of one has gone',
    async (moment) => {
      const scene = await queueUp(serving, watch)
      const [one, gone, three] = scene.behind
      const reached = new Promise<void>((settle) =>
        watch.on(moment, () => {
          kill(serving)
          settle()
        }),
      )
      gone.client.abort()
      await reached
      expect(await statuses(scene)).toEqual([502, 200, 'gone', 200])
      expectRuns(scene, [scene.first, one, three])
    },
  )

  it('run in the next one when it is killed while it runs one of them', async () => {
    const scene = await queueUp(serving, watch)
    const pid = pidOf(serving)
    const [runs, gate] = [newFile(), newFile()]
    const begun = call(serving, { runs, gate })
    await eventually(() => watch.sent.includes(begun.id))
    scene.open()
    await eventually(() => idsIn(runs).length === 1)
    const behind = [call(serving, { runs }), call(serving, { runs })]
    await eventually(() => behind.every(({ id }) => watch.sent.includes(id)))
    expect(pidOf(serving)).toBe(pid)
    kill(serving)
    expect(await statuses(scene)).toEqual([200, 200, 200, 200])
    expect(await Promise.all([begun, ...behind].map(({ status }) => status))).toEqual([502, 200, 200])
    expectRuns(scene, [scene.first, ...scene.behind])
    expect([...idsIn(runs)].toSorted()).toEqual([begun, ...behind].map(({ id }) => id).toSorted())
  })

  it('follow one whose client has gone; one whose own client has gone does not run', async () => {
    const scene = await queueUp(serving, watch)
    const pid = pidOf(serving)
    const [one, gone, three] = scene.behind
    gone.client.abort()
    await eventually(() => !serving.app.invoker.has(gone.id))
    scene.first.client.abort()
    expect(await scene.first.status).toBe('gone')
    scene.open()
    expect(await statuses(scene)).toEqual(['gone', 200, 'gone', 200])
    expectRuns(scene, [scene.first, one, three])
    expect(pidOf(serving)).toBe(pid)
  })

  it('keep their order and are answered while the server drains', async () => {
    await using own = await serveRuns(language)
    const scene = await queueUp(own, watch)
    const stopped = own.app.stop()
    expect(await call(own, { runs: newFile() }).status).toBe(503)
    scene.open()
    expect(await statuses(scene)).toEqual([200, 200, 200, 200])
    const order = watch.sent.filter((id) => scene.behind.some((each) => each.id === id))
    expect(scene.runs()).toEqual([scene.first.id, ...order])
    await stopped
    expect(own.app.invoker.inFlight).toBe(0)
  })
})

describe.each(bothLanguages)('calls that were sent ahead to a %s instance', (language) => {
  let serving: Serving
  let watch: AheadWatch
  beforeAll(async () => {
    watch = watchAhead(true)
    serving = await serveRuns(language, { timeout: '2s', memory: '160MB' })
  })
  afterAll(async () => {
    await serving[Symbol.asyncDispose]()
    watch[Symbol.dispose]()
  })

  it.each([
    ['exit', 502, 'process_exit'],
    ['loop', 504, 'timeout'],
    ['eat-memory', 502, 'out_of_memory'],
    ['close-channel', 502, 'process_exit'],
  ])('run in the next one when the call before them does %s', async (deed, status, fault) => {
    const scene = await queueUp(serving, watch, deed)
    const outcomes = new Map<string, Outcome>()
    serving.app.events.on('invocation-ended', ({ requestId, outcome }) => outcomes.set(requestId, outcome))
    scene.open()
    expect(await statuses(scene)).toEqual([status, 200, 200, 200])
    await eventually(() => outcomes.has(scene.first.id))
    expect(outcomes.get(scene.first.id)).toMatchObject({ type: 'failed', fault: { code: fault } })
    expectRuns(scene, [scene.first, ...scene.behind])
  })
})

describe.each(allLanguages)('a %s function whose instances are killed again and again', (language) => {
  it('answers each of 200 calls once, and runs none twice', async () => {
    using watch = watchAhead(true)
    await using serving = await serveRuns(language)
    const runs = newFile()
    const answers = new Map<string, number | 'gone'>()
    let started = 0
    let kills = 0
    await Promise.all(
      Array.from({ length: 16 }, async () => {
        while (started++ < 200) {
          if (started % 40 === 0)
            watch.on('sent', () => {
              kills++
              kill(serving)
            })
          const { id, status } = call(serving, { runs, ms: 1 })
          answers.set(id, await status)
        }
      }),
    )
    const ran = idsIn(runs)
    const lost = [...answers].filter(([, status]) => status !== 200)
    expect(answers.size).toBe(200)
    expect(new Set(ran).size).toBe(ran.length)
    expect([...answers].filter(([id, status]) => status === 200 && !ran.includes(id))).toEqual([])
    expect(lost.filter(([, status]) => status !== 502)).toEqual([])
    expect(kills).toBeGreaterThan(0)
    expect(lost.length).toBeLessThanOrEqual(kills * mostInInstance)
  })
})

describe.each(bothLanguages)('the output of a %s function under load', (language) => {
  it('has each line with the call that wrote it, between the start and the end of that call', async () => {
    using watch = watchAhead(true)
    await using serving = await serve(language, 'speaks.handler')
    const told = new Map<string, string>() // by request id: S for its start, one l for each line, E for its end
    const tell = (requestId: string | undefined, sign: string): void =>
      void told.set(requestId ?? '', (told.get(requestId ?? '') ?? '') + sign)
    serving.app.events.on('invocation-started', ({ requestId }) => tell(requestId, 'S'))
    serving.app.events.on('function-wrote', ({ requestId }) => tell(requestId, 'l'))
    serving.app.events.on('invocation-ended', ({ requestId }) => tell(requestId, 'E'))
    const wishes = Array.from({ length: 500 }, (_, at) => ({ way: wayOf(at), count: 10 }))
    await Promise.all(
      Array.from({ length: 32 }, async () => {
        for (let wish = wishes.pop(); wish !== undefined; wish = wishes.pop())
          expect(await call(serving, wish).status).toBe(200)
      }),
    )
    await serving.app.invoker.idle()
    expect(watch.sent.length).toBeGreaterThan(50)
    expect(serving.lines).toHaveLength(10_000)
    expect(serving.lines.filter(({ requestId, text }) => !text.startsWith(`${requestId} `))).toEqual([])
    expect(told.size).toBe(500)
    expect(new Set(told.values())).toEqual(new Set([`S${'l'.repeat(20)}E`]))
  })
})

// A program takes long to start, so few calls start one.
function wayOf(at: number): string {
  if (at % 50 === 0) return 'program'
  return at % 2 === 0 ? 'console' : 'descriptor'
}

// One that runs, and those that may be ahead.
const mostInInstance = 5
