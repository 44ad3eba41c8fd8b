import { spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, writeFileSync, existsSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { callRaw, eventually } from '../harness/calling.ts'
import { bothLanguages, serve, type Serving } from '../harness/serving.ts'

function temporaryFile(): string {
  return join(mkdtempSync(join(tmpdir(), 'fnbox-test-')), 'file')
}

async function get(
  serving: Serving,
  path = '/',
): Promise<{ status: number; type: string | null; body: Buffer }> {
  const response = await fetch(`${serving.url}${path}`)
  return {
    status: response.status,
    type: response.headers.get('content-type'),
    body: Buffer.from(await response.arrayBuffer()),
  }
}

describe.each(bothLanguages)('a %s generator', (language) => {
  it('reaches curl with its first value before the second exists', async () => {
    await using serving = await serve(language, 'streams.gated')
    const gate = temporaryFile()
    const curl = spawn('curl', ['-sN', `${serving.url}/?gate=${gate}`])
    let received = ''
    curl.stdout.setEncoding('utf8').on('data', (text: string) => (received += text))
    await eventually(() => received !== '')
    expect(received).toBe('first')
    writeFileSync(gate, '')
    await new Promise((settle) => curl.once('close', settle))
    expect(received).toBe('firstsecond')
  })

  it('sends text and bytes as they are and all else as lines of JSON (TV-42, K-9, K-10)', async () => {
    for (const handler of ['streams.kinds', 'streams.promised']) {
      await using serving = await serve(language, handler)
      const expected = Buffer.concat([Buffer.from('a'), Buffer.from([0, 255]), Buffer.from('{"k":1}\n')])
      expect(await get(serving)).toEqual({ status: 200, type: 'text/plain; charset=utf-8', body: expected })
      expect((await get(serving, '/?integration=raw')).body).toEqual(expected)
    }
  })

  it('sends the bytes that were there when they were yielded, also when it reuses their buffer (K-10)', async () => {
    await using serving = await serve(language, 'streams.reuses')
    const { body } = await get(serving)
    const parts = [0, 1, 2, 3].map((at) => body.toString('latin1', at * 250_000, (at + 1) * 250_000))
    expect(parts.map((part) => [part.length, new Set(part).size, part[0]])).toEqual(
      ['a', 'b', 'c', 'd'].map((each) => [250_000, 1, each]),
    )
  })

  it('sets status and headers with its first value in normal mode only (TV-43, K-11)', async () => {
    await using serving = await serve(language, 'streams.head')
    const normal = await fetch(serving.url)
    expect([normal.status, normal.headers.get('x-made'), await normal.text()]).toEqual([
      201,
      'here',
      'start end',
    ])
    const raw = await get(serving, '/?integration=raw')
    expect([raw.status, raw.type]).toEqual([200, 'application/x-ndjson'])
    expect(raw.body.toString()).toMatch(/^\{.*"statusCode":\s*201.*\}\nend$/)
  })

  it('that throws before its first value is a 502, after it a broken connection (TV-44, K-12, F-16)', async () => {
    {
      await using serving = await serve(language, 'streams.throwsFirst')
      const { status, body } = await get(serving)
      expect([status, JSON.parse(body.toString())]).toEqual([
        502,
        expect.objectContaining({ errorMessage: 'before' }),
      ])
    }
    await using serving = await serve(language, 'streams.throwsLater')
    const answer = await receive(serving, '/')
    expect(answer).toContain('first')
    expect(answer).not.toMatch(/0\r\n\r\n$/)
    const { status } = await fetch(serving.url) // the head still comes
    expect(status).toBe(200)
  })

  it('without values is an empty 200 (K-12)', async () => {
    await using serving = await serve(language, 'streams.nothing')
    expect(await get(serving)).toMatchObject({ status: 200, body: Buffer.alloc(0) })
  })

  it('has its chunks dropped for HEAD (K-14)', async () => {
    await using serving = await serve(language, 'streams.kinds')
    const response = await fetch(serving.url, { method: 'HEAD' })
    expect([response.status, response.headers.get('content-type'), await response.text()]).toEqual([
      200,
      'text/plain; charset=utf-8',
      '',
    ])
  })

  it('waits for a slow reader, and is closed when the reader disconnects (K-13)', async () => {
    await using serving = await serve(language, 'streams.endless', { timeout: '1m' })
    const counter = temporaryFile()
    const socket = connect(Number(new URL(serving.url).port), '127.0.0.1')
    socket.pause()
    socket.write(`GET /?counter=${counter} HTTP/1.1\r\nHost: x\r\n\r\n`)
    const produced = (): string => (existsSync(counter) ? readFileSync(counter, 'utf8') : '')
    // It stands still when all buffers on the way are full; a few MB of 64 KB each.
    let last = 'none'
    await eventually(async () => {
      const before = produced()
      await callHealth(serving, 50)
      last = produced()
      return before !== '' && before === last
    })
    expect(Number(last)).toBeLessThan(400)
    socket.destroy()
    await eventually(() => produced() === 'closed')
    await eventually(async () => (await fetch(`${serving.url}/_/readyz?idle`)).status === 200)
    expect(serving.pids).toHaveLength(1)
  })

  it('does not escape its deadline (F-16)', async () => {
    await using serving = await serve(language, 'streams.stalls', { timeout: '1s' })
    const answer = await receive(serving, '/')
    expect(answer).toContain('first')
    expect(answer).not.toMatch(/0\r\n\r\n$/)
    await eventually(() => serving.pids.length === 2)
    expect((await receive(serving, '/')).startsWith('HTTP/1.1 200')).toBe(true)
  })
})

describe('bytes in Node.js', () => {
  it('are sent as they are, whatever holds them (K-10)', async () => {
    await using serving = await serve('node', 'streams.buffers')
    const body = Buffer.from([1, 2, 0, 0, 0])
    expect(await get(serving)).toEqual({ status: 200, type: 'application/octet-stream', body })
  })
})

describe('a client that disconnects', () => {
  it.each(bothLanguages)(
    'aborts the signal, or cancels the coroutine, of a %s function, and the next call is served (TV-37, F-17, C-5, C-6)',
    async (language) => {
      await using serving = await serve(language, 'cancelled.handler', { timeout: '1m' })
      const file = temporaryFile()
      const gone = new AbortController()
      const call = fetch(`${serving.url}/?integration=raw`, {
        method: 'POST',
        body: JSON.stringify({ file }),
        signal: gone.signal,
      }).catch(() => 'gone')
      await eventually(() => existsSync(file))
      const outcome = new Promise((settle) =>
        serving.app.events.once('invocation-ended', ({ outcome: ended }) => settle(ended)),
      )
      gone.abort()
      expect(await call).toBe('gone')
      await eventually(() => readFileSync(file, 'utf8') === 'cancelled')
      expect(await outcome).toMatchObject({
        type: 'failed',
        fault: { code: 'client_gone', message: 'request cancelled' },
      })
      expect((await callRaw(serving)).status).toBe(200)
      expect(serving.pids).toHaveLength(1)
    },
  )
})

// So many requests, one after the other: time for everybody else in the program.
async function callHealth(serving: Serving, times: number): Promise<void> {
  for (let time = 0; time < times; time++) await (await fetch(`${serving.url}/_/healthz`)).text()
}

// Everything that comes over the socket, also when the answer breaks off.
async function receive(serving: Serving, path: string): Promise<string> {
  const socket = connect(Number(new URL(serving.url).port), '127.0.0.1')
  let answer = ''
  socket.setEncoding('utf8').on('data', (text) => (answer += String(text)))
  socket.on('error', () => {}) // what came before counts
  socket.write(`GET ${path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`)
  await new Promise((settle) => socket.once('close', settle))
  return answer
}
