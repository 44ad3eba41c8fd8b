// Which call a line of output belongs to, with the border of two calls read before or after the end of the first one.

import { array, assert, asyncProperty, boolean, integer, nat, record } from 'fast-check'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { Events } from '../../src/events.ts'
import { Awaited, Call } from '../../src/invocation.ts'
import { Output, type OutputName } from '../../src/invoker/output/output.ts'
import { turns } from '../harness/scriptedChild.ts'

const border = '\u001e-a-border-\u001e'

// The output of one instance, and what was told of it.
class Told {
  /** lines as `call: text`, and `QUIET call`, in order */
  readonly told: string[] = []
  /** calls whose start was announced, in order */
  readonly starts: string[] = []
  readonly errorLines: string[] = []
  readonly events = new Events()
  readonly output: Output
  missing = 0
  readonly #calls = new Map<string, Call>()

  constructor(divided = true) {
    this.events.on('function-wrote', ({ requestId, text }) => this.told.push(`${requestId}: ${text}`))
    this.output = new Output('i-1', divided ? border : undefined, this.events, {
      onErrorLine: (text) => this.errorLines.push(text),
      onStart: ({ id }) => this.starts.push(id),
      onQuiet: ({ id }) => this.told.push(`QUIET ${id}`),
      onBordersMissing: () => this.missing++,
    })
  }

  /** A call begins that was not sent ahead. */
  begin(id: string): this {
    this.output.begin(this.#call(id))
    return this
  }

  /** The end of a call is read, behind which another one has begun. */
  goOn(from: string, to: string): this {
    this.follow(to).close(from)
    return this
  }

  /** A call begins behind a border; the end of the one before is read later. */
  follow(id: string): this {
    this.output.awaitBorder()
    return this.begin(id)
  }

  /** The end of a call is read that others have followed. */
  close(id: string): void {
    this.output.end(this.#call(id))
  }

  /** The end of a call is read that no other one follows. */
  async end(id: string): Promise<this> {
    this.output.end(this.#call(id))
    await turns()
    return this
  }

  read(text: string, stream: OutputName = 'stdout'): this {
    this.output.read(stream, Buffer.from(text))
    return this
  }

  /** Both streams have passed so many borders. */
  pass(borders = 1): this {
    return this.read(border.repeat(borders)).read(border.repeat(borders), 'stderr')
  }

  #call(id: string): Call {
    const call = this.#calls.get(id) ?? new Call({ id, mode: 'raw', payload: Buffer.alloc(0) }, new Awaited())
    this.#calls.set(id, call)
    return call
  }
}

const lines = ['a: of a', 'b: of b']

describe('a line', () => {
  it('belongs to the call before the border, or behind it, when the end was read first', async () => {
    const { told } = await new Told()
      .begin('a')
      .goOn('a', 'b')
      .read(`of a\n${border}of b\n`)
      .read(border, 'stderr')
      .end('b')
    expect(told).toEqual(['a: of a', 'QUIET a', 'b: of b', 'QUIET b'])
  })

  it('waits for the end of the call before when the border is read first', async () => {
    const instance = new Told().begin('a').read(`of a\n${border}of b\n`).read(`${border}err b\n`, 'stderr')
    expect(instance.told).toEqual(['a: of a'])
    instance.goOn('a', 'b')
    expect(instance.told.toSorted()).toEqual([...lines, 'b: err b', 'QUIET a'].toSorted())
    await instance.end('b')
    expect(instance.told.at(-1)).toBe('QUIET b')
  })

  it('that was not finished ends at the border', async () => {
    const { told } = await new Told()
      .begin('a')
      .read(`half${border}rest`)
      .read(`half${border}rest`, 'stderr')
      .goOn('a', 'b')
      .end('b')
    expect(told.toSorted()).toEqual(['QUIET a', 'QUIET b', 'a: half', 'a: half', 'b: rest', 'b: rest'])
    expect(told.indexOf('QUIET a')).toBeGreaterThan(told.lastIndexOf('a: half'))
  })

  it('is the same wherever the stream is split, and whenever the end is read', async () => {
    const text = `of a\n${border}of b\n`
    for (let split = 0; split <= text.length; split++)
      for (let ended = 0; ended <= 2; ended++) {
        const instance = new Told().begin('a').read(border, 'stderr')
        const parts = [text.slice(0, split), text.slice(split)]
        for (const [at, part] of parts.entries()) {
          if (ended === at) instance.goOn('a', 'b')
          instance.read(part)
        }
        if (ended === 2) instance.goOn('a', 'b')
        await instance.end('b')
        expect([split, ended, instance.told.filter((each) => !each.startsWith('Q'))]).toEqual([
          split,
          ended,
          lines,
        ])
      }
  })

  it('with the beginning of a border is a line like others', async () => {
    const { told } = await new Told()
      .begin('a')
      .read(`${border.slice(0, -1)}\n`)
      .read(border.slice(0, 5))
      .end('a')
    expect(told).toEqual([`a: ${border.slice(0, -1)}`, `a: ${border.slice(0, 5)}`, 'QUIET a'])
  })

  it('of several calls at a time belongs to none of them', async () => {
    const instance = new Told(false).begin('a').read('of a\n').begin('b').read('of one\n')
    await instance.end('a')
    instance.read('of b\n')
    await instance.end('b')
    expect(instance.told).toEqual(['a: of a', 'undefined: of one', 'QUIET a', 'b: of b', 'QUIET b'])
  })

  it('is announced with its stream and its instance; errors are heard', () => {
    const instance = new Told()
    const written: unknown[] = []
    instance.events.on('function-wrote', (line) => written.push(line))
    instance.read('out\n').begin('a').read('err\n', 'stderr')
    expect(written).toEqual([
      { instance: 'i-1', stream: 'stdout', text: 'out', whole: true },
      { instance: 'i-1', requestId: 'a', stream: 'stderr', text: 'err', whole: true },
    ])
    expect(instance.errorLines).toEqual(['err'])
  })

  it('that was not finished is that of the call that runs on', async () => {
    const instance = await new Told(false).begin('a').begin('b').read('half').end('a')
    await instance.read(' line\n').end('b')
    expect(instance.told).toEqual(['QUIET a', 'b: half line', 'QUIET b'])
  })

  it('of an instance without borders belongs to the calls that run', async () => {
    const instance = await new Told(false).begin('a').goOn('a', 'b').read('1\n').end('a')
    await instance.read('2\n').end('b')
    expect(instance.told).toEqual(['undefined: 1', 'QUIET a', 'b: 2', 'QUIET b'])
  })

  it('that was dropped is told before its call is quiet, or when the instance ends', async () => {
    const instance = new Told().begin('a')
    const flood = Buffer.alloc(9_000_000, `${'x'.repeat(999)}\n`)
    const dropped: unknown[] = []
    instance.events.on('output-dropped', (event) =>
      dropped.push({ ...event, quiet: instance.told.at(-1) === 'QUIET a' }),
    )
    instance.output.read('stdout', flood)
    instance.output.read('stdout', Buffer.from('more'))
    await instance.end('a')
    expect(dropped).toEqual([
      { instance: 'i-1', requestId: 'a', bytes: expect.any(Number) as number, quiet: false },
    ])
    instance.output.read('stderr', Buffer.from('late'))
    instance.output.stop()
    expect(dropped.slice(1)).toEqual([{ instance: 'i-1', bytes: 4, quiet: true }])
  })

  it('never belongs to the call behind the one that wrote it', async () => {
    const writes = array(record({ error: boolean(), whole: boolean() }), { maxLength: 4 })
    await assert(
      asyncProperty(
        array(writes, { minLength: 1, maxLength: 5 }),
        array(record({ from: nat(2), bytes: integer({ min: 1, max: 20 }) }), {
          minLength: 400,
          maxLength: 400,
        }),
        async (calls, reads) => {
          const streams = { stdout: '', stderr: '' }
          const expected: string[] = []
          for (const [id, wrote] of calls.entries()) {
            if (id > 0) for (const name of ['stdout', 'stderr'] as const) streams[name] += border
            for (const [at, { error, whole }] of wrote.entries()) {
              const name = error ? 'stderr' : 'stdout'
              const isLast = wrote.slice(at + 1).every((each) => each.error !== error)
              streams[name] += `${id}-${at}${whole || !isLast ? '\n' : ''}`
              expected.push(`${id}: ${id}-${at}`)
            }
          }
          const instance = new Told().begin('0')
          let ended = 0
          for (const { from, bytes } of reads) {
            const name = from === 0 ? 'stdout' : 'stderr'
            if (from === 2 && ended < calls.length - 1) instance.goOn(String(ended), String(++ended))
            else if (from < 2) {
              instance.read(streams[name].slice(0, bytes), name)
              streams[name] = streams[name].slice(bytes)
            }
          }
          while (ended < calls.length - 1) instance.goOn(String(ended), String(++ended))
          for (const name of ['stdout', 'stderr'] as const) instance.read(streams[name], name)
          await instance.end(String(ended))
          expect(instance.told.filter((each) => !each.startsWith('Q')).toSorted()).toEqual(
            expected.toSorted(),
          )
          expect(instance.told.filter((each) => each.startsWith('Q'))).toEqual(
            calls.map((_, id) => `QUIET ${id}`),
          )
        },
      ),
      { numRuns: 200 },
    )
  })
})

describe('a call', () => {
  it('is quiet when both streams have passed its border', () => {
    const instance = new Told().begin('a').goOn('a', 'b').read(`${border}of b\n`)
    expect(instance.told).toEqual([])
    instance.read(`late\n${border}`, 'stderr')
    expect(instance.told).toEqual(['a: late', 'QUIET a', 'b: of b'])
  })

  it('is quiet without borders when its streams are closed', () => {
    const instance = new Told().begin('a').goOn('a', 'b')
    instance.output.close('stdout')
    expect(instance.told).toEqual([])
    instance.output.close('stderr')
    expect(instance.told).toEqual(['QUIET a'])
  })

  it('has what it wrote before its stream was closed, also when its start is read later', async () => {
    const instance = new Told().begin('a').read(`of a\n${border}of b\n`)
    instance.output.close('stdout')
    instance.output.close('stderr')
    await instance.goOn('a', 'b').end('b')
    expect(instance.told.toSorted()).toEqual([...lines, 'QUIET a', 'QUIET b'].toSorted())
  })

  it('is quiet once its end was read, and not before those that began before it', () => {
    const instance = new Told().begin('a').follow('b').follow('c').pass(2)
    expect([instance.told, instance.starts]).toEqual([[], ['a']])
    instance.close('b')
    expect(instance.told).toEqual([])
    instance.close('a')
    expect([instance.told, instance.starts]).toEqual([
      ['QUIET a', 'QUIET b'],
      ['a', 'b', 'c'],
    ])
  })

  it('starts when all that ran beside the one before it are quiet', () => {
    const instance = new Told().begin('a').begin('b').goOn('a', 'c').pass()
    expect([instance.told, instance.starts]).toEqual([['QUIET a'], ['a', 'b']])
    instance.close('b')
    expect([instance.told, instance.starts]).toEqual([
      ['QUIET a', 'QUIET b'],
      ['a', 'b', 'c'],
    ])
  })

  it('that runs again is not announced again', () => {
    const instance = new Told()
    instance.output.begin(new Call({ id: 'a', mode: 'raw', payload: '' }, new Awaited()), false)
    expect(instance.starts).toEqual([])
  })

  it('whose start was never read leaves its lines to none', () => {
    const instance = new Told().begin('a').read(`of a\n${border}of b\n${border}of c`)
    instance.output.stop()
    expect(instance.told).toEqual(['a: of a', 'undefined: of b', 'undefined: of c'])
  })
})

describe('a border that the function has made up', () => {
  it('loses no line, and nothing waits for ever', async () => {
    const instance = new Told().begin('a').read(`1\n${border}2\n`)
    await instance.end('a')
    expect(instance.told).toEqual(['a: 1', 'a: 2', 'QUIET a'])
    expect(instance.missing).toBe(1)
    await instance.begin('b').read(`3\n${border}4\n`).end('b')
    expect(instance.told.slice(3)).toEqual(['b: 3', 'b: 4', 'QUIET b'])
  })

  it('is found at the end of its call, also when nothing follows it; later ones divide nothing', async () => {
    const instance = await new Told().begin('a').read(`1\n${border}`).end('a')
    expect(instance.missing).toBe(1)
    await instance.begin('b').read(`half${border}rest\n`).end('b')
    expect(instance.told).toEqual(['a: 1', 'QUIET a', 'b: halfrest', 'QUIET b'])
  })

  it('holds back 1 MiB at most, counted anew for each call', () => {
    const most = 'x'.repeat(1024 * 1024 - 1)
    const instance = new Told().begin('a').read(border).read(most).goOn('a', 'b').read(border, 'stderr')
    instance.read(border).read(most)
    expect(instance.missing).toBe(0)
    instance.read('x')
    expect(instance.missing).toBe(1)
  })

  it('does not fill the memory', () => {
    const instance = new Told().begin('a').read(border)
    const line = 'x'.repeat(1023)
    for (let count = 0; count < 2000; count++) instance.read(`${line}\n`)
    expect(instance.missing).toBe(1)
    expect(instance.told).toEqual(Array.from({ length: 2000 }, () => `a: ${line}`))
  })
})

describe('borders that do not come', () => {
  beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] }))
  afterEach(() => void vi.useRealTimers())

  it('are missed after a second; then lines belong to the call that runs', async () => {
    const instance = new Told().begin('a').read('1\n').goOn('a', 'b').read('2\n')
    vi.advanceTimersByTime(999)
    expect(instance.missing).toBe(0)
    vi.advanceTimersByTime(1)
    expect(instance.missing).toBe(1)
    instance.read('3\n')
    await instance.goOn('b', 'c').read('4\n').end('c')
    expect(instance.told).toEqual(['a: 1', 'a: 2', 'QUIET a', 'b: 3', 'QUIET b', 'c: 4', 'QUIET c'])
  })

  it('leave lines behind the first ones to the call behind', () => {
    const instance = new Told().begin('a').goOn('a', 'b').read(`${border}of b\n`)
    vi.advanceTimersByTime(1000)
    expect([instance.told, instance.starts]).toEqual([
      ['QUIET a', 'b: of b'],
      ['a', 'b'],
    ])
  })

  it('are missed after a second to two: the clock is not started for each call', () => {
    const instance = new Told().begin('a').goOn('a', 'b')
    vi.advanceTimersByTime(500)
    instance.pass().goOn('b', 'c')
    vi.advanceTimersByTime(1499)
    expect(instance.missing).toBe(0)
    vi.advanceTimersByTime(1)
    expect(instance.missing).toBe(1)
  })

  it('are missed with the first of several calls', () => {
    const instance = new Told().begin('a').goOn('a', 'b')
    vi.advanceTimersByTime(500)
    instance.goOn('b', 'c')
    vi.advanceTimersByTime(500)
    expect(instance.missing).toBe(1)
  })

  it('are not waited for once they have come, or when the instance has ended', () => {
    const instance = new Told().begin('a').pass().goOn('a', 'b')
    expect(vi.getTimerCount()).toBe(0)
    instance.goOn('b', 'c').pass()
    vi.advanceTimersByTime(1000)
    expect([instance.missing, vi.getTimerCount()]).toEqual([0, 0])
    instance.goOn('c', 'd').output.stop()
    expect(vi.getTimerCount()).toBe(0)
  })
})
