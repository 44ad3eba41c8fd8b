import { existsSync, mkdtempSync, readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import request from 'supertest'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { callRaw, eventually, isAlive } from '../harness/calling.ts'
import { bothLanguages, serve, type Serving, type TestLanguage } from '../harness/serving.ts'

interface Answer {
  readonly status: number
  readonly fault?: string
  readonly functionError?: boolean
  readonly body: unknown
}

const timeout: Answer = {
  status: 504,
  fault: 'timeout',
  body: { errorCode: 504, errorType: 'GatewayTimeout', errorMessage: 'Execution timeout exceeded' },
}

function threw(errorType: string, errorMessage: string): Answer {
  return { status: 502, fault: 'function_threw', functionError: true, body: { errorType, errorMessage } }
}

function died(how: string): Answer {
  const errorMessage = expect.stringMatching(
    `^Function process exited without answering: (${how})$`,
  ) as unknown
  return {
    status: 502,
    fault: 'process_exit',
    functionError: true,
    body: { errorType: 'ProcessExit', errorMessage },
  }
}

function returned(body: unknown): Answer {
  return { status: 200, body }
}

const outOfMemory: Answer = {
  status: 502,
  fault: 'out_of_memory',
  functionError: true,
  body: { errorType: 'OutOfMemory', errorMessage: 'Function process ran out of memory' },
}

// A thread's or a task's own exception is not the handler's in Python: it is printed, and the call goes on.
const deeds: readonly (readonly [deed: string, rules: string, node: Answer, python: Answer])[] = [
  ['throw', 'F-1, TV-26', threw('RangeError', 'thrown at once'), threw('LookupError', 'thrown at once')],
  [
    'throw-later',
    'F-34',
    threw('RangeError', 'thrown later'),
    returned("a thread's exception is not the handler's"),
  ],
  [
    'reject-unhandled',
    'F-34',
    threw('RangeError', 'nobody catches this'),
    returned("a task's exception is not the handler's"),
  ],
  ['exit', 'F-9, F-33, TV-30', died('exit code 3'), died('exit code 3')],
  ['kill-self', 'F-9, F-35, TV-30', died('signal SIGKILL'), died('signal SIGKILL')],
  ['loop', 'F-12, S-4, TV-33', timeout, timeout],
  ['await-forever', 'F-12, K-4', timeout, timeout],
  ['reply-late', 'F-12', timeout, timeout],
  ['eat-memory', 'F-10, TV-32', outOfMemory, outOfMemory],
  ['flood', 'G-1', returned('flooded'), returned('flooded')],
  // Python's thread that reads the channel keeps it open, so the function is not seen to have lost it before its deadline.
  ['close-descriptors', 'F-9', died('signal SIG(ABRT|KILL)'), timeout],
  ['close-output', 'F-9', returned('closed'), returned('closed')],
]

describe.each(bothLanguages)('a %s function', (language: TestLanguage) => {
  let serving: Serving
  let hasty: Serving
  beforeAll(async () => {
    serving = await serve(language, 'hostile.handler', { timeout: '1m', memory: '160MB' })
    hasty = await serve(language, 'hostile.handler', { timeout: '1500ms', memory: '160MB' })
  })
  afterAll(() => Promise.all([serving, hasty].map((each) => each[Symbol.asyncDispose]())))

  it.each(deeds)(
    'that does %s is answered as documented (%s), and the next call is served',
    async (deed, _rules, node, python) => {
      const expected = language === 'node' ? node : python
      const asked = expected === timeout ? hasty : serving
      await using health = watchHealth(asked)
      const answer = await callRaw(asked, { do: deed, ms: 1700 })
      expect(answer.status).toBe(expected.status)
      expect(answer.headers['x-fnbox-fault']).toBe(expected.fault)
      expect(answer.headers['x-function-error']).toBe(expected.functionError === true ? 'true' : undefined)
      expect(answer.body).toEqual(matching(expected.body))

      const next = await callRaw(asked)
      expect(next.status).toBe(200)
      expect(health.statuses).toEqual(new Set([200]))
      // Whatever the deed has left running is gone; only the instance that serves now lives.
      await eventually(async () => (await alive(asked.pids)).length === 1)
    },
  )

  it('that is killed from outside is answered once, and the next call is served (F-9, F-35)', async () => {
    await using own = await serve(language, 'turns.handler', { timeout: '1m' })
    const folder = mkdtempSync(join(tmpdir(), 'fnbox-test-'))
    const call = callRaw(own, { id: 'running', folder, others: ['never'] }).then((answer) => answer)
    await eventually(() => existsSync(join(folder, 'running')))
    process.kill(own.pids[0] ?? 0, 'SIGKILL')
    expect((await call).body).toEqual(matching(died('signal SIGKILL').body))
    expect((await callRaw(own, { id: 'next' })).status).toBe(200)
  })

  it('that is killed while idle is replaced before the next call', async () => {
    const { pid } = (await callRaw(serving)).body as { pid: number } // what the function returns
    process.kill(pid, 'SIGKILL')
    await eventually(async () => !(await isAlive(pid)))
    expect((await callRaw(serving)).status).toBe(200)
  })

  it.each([false, true])(
    'leaves no grandchild behind that ignores SIGTERM (detached: %s)',
    async (detached) => {
      const pidFile = join(mkdtempSync(join(tmpdir(), 'fnbox-test-')), 'pid')
      expect((await callRaw(serving, { do: 'grandchild', pidFile, detached })).status).toBe(200)
      const grandchild = Number(readFileSync(pidFile, 'utf8'))
      expect(await isAlive(grandchild)).toBe(true)
      await callRaw(serving, { do: 'exit' })
      await eventually(async () => !(await isAlive(grandchild)))
      expect((await callRaw(serving)).status).toBe(200)
    },
  )

  it('that floods its output keeps every line with its call', async () => {
    const before = serving.lines.length
    const answer = await callRaw(serving, { do: 'flood' })
    await callRaw(serving)
    const flood = serving.lines.slice(before)
    expect(flood).toHaveLength(10_000)
    expect(flood.at(-1)?.text).toMatch(/^line 9999 /)
    expect(new Set(flood.map(({ requestId }) => requestId))).toEqual(
      new Set([answer.headers['x-request-id']]),
    )
  })
})

// A fault's body may have a stack trace besides; a result is the result.
function matching(body: unknown): unknown {
  return typeof body === 'object' ? expect.objectContaining({ ...body }) : body
}

async function alive(pids: readonly number[]): Promise<readonly number[]> {
  const states = await Promise.all(pids.map(isAlive))
  return pids.filter((_, index) => states[index])
}

// Asks for the health of the server all the time.
function watchHealth(serving: Serving): AsyncDisposable & { readonly statuses: ReadonlySet<number> } {
  const stop = new AbortController()
  const statuses = new Set<number>()
  const asking = (async () => {
    while (!stop.signal.aborted) statuses.add((await request(serving.url).get('/_/healthz')).status)
  })()
  return {
    statuses,
    [Symbol.asyncDispose]: async () => {
      stop.abort()
      await asking
    },
  }
}
