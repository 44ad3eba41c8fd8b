// The log of the program as its reader sees it: JSON lines on standard output (interface.md §7, yandex.md §13).

import { describe, expect, it } from 'vitest'
import request from 'supertest'
import { run, start, type LogRecord, type Program } from '../harness/program.ts'
import { bothLanguages, functionsIn, type TestLanguage } from '../harness/serving.ts'

interface Served extends AsyncDisposable {
  readonly program: Program
  readonly url: string
  /** invokes, and gives the answer's status and request id */
  readonly call: (wish: object) => Promise<{ status: number; id: string }>
  /** the records of one invocation, in order, when it is over */
  readonly recordsOf: (id: string) => Promise<readonly LogRecord[]>
}

async function serve(
  language: TestLanguage,
  flags: readonly string[] = [],
  environment: Readonly<Record<string, string>> = {},
): Promise<Served> {
  const args = ['--root', functionsIn(language), '--port', '0', 'logs.handler', ...flags]
  const program = start(args, environment)
  const url = String((await program.line('ready:'))['url'])
  return {
    program,
    url,
    call: async (wish) => {
      const { status, headers } = await request(url).post('?integration=raw').send(wish)
      return { status, id: String(headers['x-request-id']) }
    },
    recordsOf: async (id) => {
      await program.line(`REPORT RequestID: ${id}`)
      return program.records.filter(({ requestId }) => requestId === id)
    },
    [Symbol.asyncDispose]: () => program[Symbol.asyncDispose](),
  }
}

function texts(records: readonly LogRecord[]): readonly unknown[] {
  return records.map(({ msg }) => msg)
}

function ofFunction(records: readonly LogRecord[]): readonly LogRecord[] {
  return records.filter(({ source }) => source === 'function')
}

describe.each(bothLanguages)('the log of a %s function', (language) => {
  it('has START before the lines of an invocation, END and REPORT after them (G-4, G-6, TV-51)', async () => {
    await using served = await serve(language, ['--function-version', 'v1', '--memory', '256MB'])
    const first = await served.call({ do: 'id' })
    const second = await served.call({ do: 'id' })
    for (const { id } of [first, second]) {
      const records = await served.recordsOf(id)
      expect(texts(records)).toEqual([
        `START RequestID: ${id} Version: v1`,
        ...[0, 1, 2].map((each) => `${id} says ${each}`),
        `END RequestID: ${id}`,
        expect.stringMatching(
          /^REPORT RequestID: \S+ Duration: [\d.]+ ms Billed Duration: \d+00 ms Memory Size: 256 MB Max Memory Used: \d+ MB Queuing Duration: [\d.]+ ms/,
        ),
      ])
      for (const at of [0, 4, 5])
        expect(records[at]).toMatchObject({ level: 'info', source: 'system', version: 'v1', instance: 'i-1' })
      for (const at of [1, 2, 3])
        expect(records[at]).toMatchObject({ level: 'info', source: 'function', stream: 'stdout' })
      expect(records[5]).toMatchObject({ memoryMb: 256, peakMemoryMb: expect.any(Number) as number })
      expect(Number(records[5]?.['peakMemoryMb'])).toBeGreaterThan(5)
      expect(Number(records[5]?.['billedMs']) % 100).toBe(0)
      expect('initMs' in (records[5] ?? {})).toBe(id === first.id)
    }
    expect(texts(served.program.records.filter(({ source }) => source === 'system'))).toEqual(
      [first, second].flatMap(({ id }) =>
        ['START', 'END', 'REPORT'].map((word): unknown => expect.stringMatching(`^${word} RequestID: ${id}`)),
      ),
    )
  })

  it('attributes each line to its own invocation under load, in order', async () => {
    await using served = await serve(language, ['--instances', '4', '--min-instances', '4'])
    const calls = await Promise.all(
      Array.from({ length: 60 }, (_, each) => served.call({ do: 'id', times: each % 5 })),
    )
    for (const [each, { id }] of calls.entries()) {
      const records = await served.recordsOf(id)
      expect(texts(records).map((text) => String(text).replace(/ Version.*| Duration.*/, ''))).toEqual([
        `START RequestID: ${id}`,
        ...Array.from({ length: each % 5 }, (__, line) => `${id} says ${line}`),
        `END RequestID: ${id}`,
        `REPORT RequestID: ${id}`,
      ])
    }
    // On one instance an invocation ends before the next one starts.
    const words = Map.groupBy(
      served.program.records.filter(
        ({ requestId, source }) => requestId !== undefined && source === 'system',
      ),
      ({ instance }) => instance,
    )
    expect([...words.values()].flat()).toHaveLength(60 * 3)
    for (const [instance, records] of words) {
      expect(instance).toMatch(/^i-[1-4]$/)
      expect(records.map(({ msg }) => String(msg).split(' ')[0]).join(' ')).toMatch(/^(START END REPORT ?)+$/)
    }
  })

  it.each([
    ['{"level":"ERROR","message":"x","k":1}\n', { level: 'error', msg: 'x', json_payload: { k: 1 } }],
    [
      '{"level":"warning","msg":"x","requestId":"y","msg2":2}\n',
      { level: 'warn', json_payload: { requestId: 'y', msg2: 2 } },
    ],
    ['{"k":1}\n', { level: 'info', msg: '{"k":1}' }],
    ['a\rb\n', { level: 'info', msg: 'a\rb' }],
    ['not ended', { level: 'info', msg: 'not ended' }],
    ['100 %s %d %%\n', { level: 'info', msg: '100 %s %d %%' }],
    ['{"message":"x","stream_name":"mine"}\n', { level: 'info', msg: 'x', stream_name: 'mine' }],
  ])('records the line %j (G-1 to G-3, TV-50)', async (text, expected) => {
    await using served = await serve(language)
    const { id } = await served.call({ do: 'write', text })
    const [record, ...others] = ofFunction(await served.recordsOf(id))
    expect(others).toEqual([])
    expect(record).toMatchObject({ ...expected, requestId: id, source: 'function' })
    expect('json_payload' in (record ?? {})).toBe('json_payload' in expected)
  })

  it('splits a line of 65 KB into records of text (G-3, TV-50)', async () => {
    await using served = await serve(language)
    const text = `{"message":"${'x'.repeat(65 * 1024)}"}`
    const { id } = await served.call({ do: 'write', text: `${text}\n` })
    const records = texts(ofFunction(await served.recordsOf(id)))
    expect(records.map((each) => String(each).length)).toEqual([65_536, text.length - 65_536])
    expect(records.join('')).toBe(text)
  })

  it('has only text with STRUCTURED_LOGGING=false (E-16, TV-50)', async () => {
    await using served = await serve(language, [], { STRUCTURED_LOGGING: 'false' })
    const text = '{"level":"ERROR","message":"x"}'
    const { id } = await served.call({ do: 'write', text: `${text}\n` })
    expect(ofFunction(await served.recordsOf(id))).toMatchObject([{ level: 'info', msg: text }])
  })

  it('has the error of an invocation as one record, behind its lines (F-30, G-8)', async () => {
    await using served = await serve(language)
    const { id } = await served.call({ do: 'throw' })
    const records = await served.recordsOf(id)
    expect(texts(records)).toEqual([
      expect.stringMatching('^START'),
      expect.stringMatching(/^(RangeError|LookupError): two\rlines\r.*logs\.(js|py)/s),
      expect.stringMatching('^END'),
      expect.stringMatching('^REPORT'),
    ])
    expect(records[1]).toMatchObject({ level: 'error', requestId: id, instance: 'i-1' })
    expect(records[1]?.['msg']).not.toContain('\n')
  })

  it('reports an invocation whose process has ended, with the memory that was known last', async () => {
    await using served = await serve(language)
    const { id } = await served.call({ do: 'exit' })
    const records = await served.recordsOf(id)
    expect(texts(records)).toEqual([
      expect.stringMatching('^START'),
      'last words',
      'Error: Code 502 Message: Function process exited without answering: exit code 3',
      expect.stringMatching('^END'),
      expect.stringMatching(/^REPORT .* Max Memory Used: \d+ MB/),
    ])
  })

  it('has only what --log-level lets through, the function’s own levels included', async () => {
    const text = '{"level":"ERROR","msg":"shown"}\n{"level":"WARN","msg":"hidden"}\ntext\n'
    const wish = JSON.stringify({ do: 'write', text })
    const flags = [
      '--root',
      functionsIn(language),
      '--log-level',
      'error',
      '--log-format',
      'json',
      '-d',
      wish,
    ]
    const { stdout, stderr } = await run(['invoke', 'logs.handler', ...flags])
    expect(stdout).toBe('"done"\n')
    expect(stderr.trimEnd().split('\n')).toHaveLength(1)
    expect(JSON.parse(stderr)).toMatchObject({ level: 'error', msg: 'shown', source: 'function' })
  })

  it('is cut when the function floods it; health and the deadline are kept', async () => {
    await using served = await serve(language, ['--timeout', '2s'])
    const startedAt = performance.now()
    const flood = served.call({ do: 'flood', forever: true })
    const over = new AbortController()
    void flood.then(() => over.abort())
    const health = new Set<number>()
    while (!over.signal.aborted) health.add((await request(served.url).get('_/healthz')).status)
    const { status, id } = await flood
    expect(status).toBe(504)
    expect(health).toEqual(new Set([200]))
    const records = await served.recordsOf(id)
    // A burst of 8 MiB, and 4 MiB in each second.
    const most = (8 + (4 * (performance.now() - startedAt)) / 1000) * 1024 ** 2
    const kept = texts(ofFunction(records)).join('').length
    expect(kept).toBeGreaterThan(0)
    expect(kept).toBeLessThanOrEqual(most)
    expect(records.filter(({ level }) => level === 'warn').length).toBeLessThan(10)
    expect((await served.call({ do: 'id' })).status).toBe(200)
  })

  it('says what of a flood was dropped before the invocation ends', async () => {
    await using served = await serve(language)
    const { id } = await served.call({ do: 'flood' })
    const records = await served.recordsOf(id)
    const kept = ofFunction(records).filter(({ msg }) => msg !== 'end of the flood')
    const dropped = records.map(({ bytes }) => Number(bytes ?? 0)).reduce((sum, each) => sum + each, 0)
    const ending = ofFunction(records).length === kept.length ? 'end of the flood\n'.length : 0
    expect(kept.length * 101 + dropped).toBe(400 * 1000 * 101 + ending)
    expect(kept.length).toBeGreaterThan(10_000)
    expect(texts(records).at(-2)).toBe(`END RequestID: ${id}`)
  })
})

describe('the log of a Python function (G-7, TV-52)', () => {
  const time = String.raw`\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z`

  it.each([
    [
      'logs',
      [
        String.raw`^\[WARNING\]\t${time}\t<id>\ta warning$`,
        String.raw`^\[ERROR\]\t${time}\t<id>\ttwo\rlines$`,
        String.raw`^\[WARNING\]\t${time}\tits own\textra$`,
      ],
    ],
    ['sets_level', [String.raw`^\[INFO\]\t${time}\t<id>\tshown$`]],
    ['own_handler', ['^<id>: with a format of its own$']],
    [
      'logs_exception',
      [String.raw`^\[ERROR\]\t${time}\t<id>\tsomething failed\rTraceback .*\rLookupError: caught$`],
    ],
    ['captures', ['^captured: True$']],
  ])('has what the function logs: %s', async (deed, patterns) => {
    await using served = await serve('python')
    const { id } = await served.call({ do: deed })
    const records = ofFunction(await served.recordsOf(id))
    expect(texts(records)).toEqual(
      patterns.map((each): unknown => expect.stringMatching(new RegExp(each.replace('<id>', id), 's'))),
    )
    expect(new Set(records.map(({ stream }) => stream))).toEqual(new Set(['stdout']))
  })

  it('has no request id outside invocations, and basicConfig has no effect', async () => {
    await using served = await serve('python')
    const record = await served.program.line('[WARNING]')
    expect(record['msg']).toMatch(new RegExp(String.raw`^\[WARNING\]\t${time}\t\tat import$`))
    expect('requestId' in record).toBe(false)
  })
})

describe('the log of a Node.js function', () => {
  it('has what the console writes, from both streams', async () => {
    await using served = await serve('node')
    const { id } = await served.call({ do: 'console' })
    const records = ofFunction(await served.recordsOf(id))
    expect(records).toHaveLength(2)
    for (const record of [
      { stream: 'stdout', msg: 'out 1' },
      { stream: 'stderr', msg: 'err' },
    ])
      expect(records).toContainEqual(expect.objectContaining(record))
  })

  it('has an error that comes after its invocation as one record (G-8, F-34)', async () => {
    await using served = await serve('node')
    await served.call({ do: 'late' })
    const { msg, stream } = await served.program.line('RangeError')
    expect(stream).toBe('stderr')
    expect(msg).toMatch(/^RangeError: nobody\rwaits\r +at .*logs\.js/)
  })
})

describe('when the reader of the log', () => {
  it('stands still, calls are served; when it goes on it is told what it has missed', async () => {
    await using served = await serve('python', ['--instances', '6', '--timeout', '1m'])
    served.program.stdout.pause()
    const calls = await Promise.all(Array.from({ length: 6 }, () => served.call({ do: 'flood' })))
    expect(calls.map(({ status }) => status)).toEqual(Array.from({ length: 6 }, () => 200))
    expect((await request(served.url).get('_/healthz')).status).toBe(200)
    served.program.stdout.resume()
    const { msg, lines } = await served.program.line(droppedLines)
    expect(msg).toBe(`${String(lines)} log lines were dropped: the reader of the log is too slow`)
    expect(served.program.records.every(({ msg: each }) => typeof each === 'string')).toBe(true)
  })

  it('stands still, the server still stops', async () => {
    await using served = await serve('python')
    served.program.stdout.pause()
    await served.call({ do: 'flood' })
    served.program.signal('SIGTERM')
    expect(await served.program.exited).toBe(0)
  })

  it('has gone, calls are served, and the server stops in order', async () => {
    await using served = await serve('python')
    served.program.stdout.destroy()
    for (let each = 0; each < 3; each++) expect((await served.call({ do: 'flood' })).status).toBe(200)
    served.program.signal('SIGTERM')
    expect((await served.program.ended).code).toBe(0)
  })
})

const droppedLines = /^\d+ log lines were dropped/
