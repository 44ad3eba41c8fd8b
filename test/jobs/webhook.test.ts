import { createServer, type AddressInfo } from 'node:net'
import { describe, expect, it } from 'vitest'
import { SsrfGuard, type Resolve } from '../../src/jobs/delivery/ssrfGuard.ts'
import type { JobWithInput } from '../../src/jobs/model/job.ts'
import { RefusedError } from '../../src/jobs/delivery/receiver.ts'
import { toWebhookMessage, webhookReceiver } from '../../src/jobs/delivery/webhook.ts'
import { eventually } from '../harness/calling.ts'
import { endedJob } from './endedJob.ts'
import { webhookServer } from './webhookServer.ts'

const local = new SsrfGuard(['127.0.0.1'])

async function send(url: string, { job = endedJob(), guard = local, signal = never() } = {}): Promise<void> {
  return webhookReceiver(url, guard).send(job, signal)
}

function never(): AbortSignal {
  return new AbortController().signal
}

function resolvingTo(address: string): Resolve {
  return (_host, _options, callback) => callback(null, [{ address, family: address.includes(':') ? 6 : 4 }])
}

describe('a webhook', () => {
  it.each<[string, Partial<JobWithInput>, object]>([
    ['COMPLETED', {}, { output: { text: 'Hi' } }],
    ['FAILED', { error: 'boom' }, { error: 'boom' }],
    ['CANCELLED', {}, {}],
    ['TIMED_OUT', { error: 'too long' }, { error: 'too long' }],
  ])(
    'tells of a job that is %s: the object of /status, input and webhook (WH-1)',
    async (status, changed, shown) => {
      await using server = await webhookServer()
      const url = `${server.url}/done?a=1`
      await send(url, { job: endedJob({ state: status as JobWithInput['state'], ...changed }) }) // the titles are states
      const [{ method, path, headers, body } = expect.fail()] = server.received
      expect([method, path]).toEqual(['POST', '/done?a=1'])
      expect(headers).toMatchObject({
        'content-type': 'application/json',
        'x-request-id': endedJob().id,
        'content-length': String(Buffer.byteLength(body)),
      })
      expect(JSON.parse(body)).toMatchObject({
        delayTime: 12,
        executionTime: 840,
        id: endedJob().id,
        input: { prompt: 'Hello' },
        status,
        webhook: url,
        workerId: 'i-1',
        ...shown,
      })
    },
  )

  it('carries input and output as they came, and no s3Config (A-9, REQ-5)', () => {
    const input = '{"n": 12345678901234567890.10}'
    const output = '["\\u00e4", 1e400]'
    const s3Config = '{"accessSecret":"hush"}'
    const job = endedJob({ input: Buffer.from(input), output: Buffer.from(output), s3Config })
    const text = toWebhookMessage(job, 'http://x/').toString()
    expect(text).toContain(`"input":${input},`)
    expect(text).toContain(`"output":${output},`)
    expect(text).not.toMatch(/hush|s3Config/)
  })

  it('is authorised by the credentials in its URL, which its name does not tell', async () => {
    await using server = await webhookServer()
    const url = `http://me:hush@127.0.0.1:${server.port}/?token=hush`
    await send(url)
    expect(server.received[0]?.headers.authorization).toBe(`Basic ${btoa('me:hush')}`)
    expect(webhookReceiver(url, local).name).toBe(`webhook at ${server.url}`)
  })

  it('may be large', async () => {
    await using server = await webhookServer()
    const output = Buffer.from(JSON.stringify('x'.repeat(20 * 1024 ** 2)))
    await send(server.url, { job: endedJob({ output }) })
    expect(server.received[0]?.body.length).toBeGreaterThan(output.length)
  })
})

describe('a try', () => {
  it.each([200, 201, 204, 299])('that is answered %d has succeeded (WH-2)', async (status) => {
    await using server = await webhookServer((response) => response.writeHead(status).end())
    await expect(send(server.url)).resolves.toBeUndefined()
  })

  it.each([400, 404, 410, 429, 500, 503])('that is answered %d has failed (WH-2)', async (status) => {
    await using server = await webhookServer((response) => response.writeHead(status).end('no'))
    await expect(send(server.url)).rejects.toThrow(`it answered ${status}`)
  })

  it.each([301, 302, 303, 307, 308])(
    'that is redirected (%d) has failed, and goes nowhere (WH-2)',
    async (status) => {
      await using inner = await webhookServer()
      await using server = await webhookServer((response) =>
        response.writeHead(status, { Location: inner.url }).end(),
      )
      await expect(send(server.url)).rejects.toThrow('redirects are not followed')
      expect([server.received.length, inner.connections()]).toEqual([1, 0])
    },
  )

  it('that is refused a connection has failed', async () => {
    const { url } = await webhookServer().then(async (server) => {
      await server[Symbol.asyncDispose]()
      return server
    })
    await expect(send(url)).rejects.toThrow('ECONNREFUSED')
  })

  it.each([
    ['nothing', ''],
    ['half a head', 'HTTP/1.1 200 OK\r\nContent-Le'],
    ['something else than HTTP', '220 smtp.example.com ESMTP\r\n'],
  ])('that is answered with %s has failed', async (_, bytes) => {
    const server = createServer((socket) =>
      socket.on('error', () => {}).once('data', () => socket.end(bytes)),
    )
    await new Promise<void>((settle) => server.listen(0, '127.0.0.1', settle))
    const { port } = server.address() as AddressInfo // it listens on a port
    await expect(send(`http://127.0.0.1:${port}`)).rejects.toThrow(/hang up|Parse Error/)
    server.close()
  })

  it('that hangs ends when it is aborted, and leaves no connection', async () => {
    await using server = await webhookServer(() => {})
    const limit = new AbortController()
    const sending = send(server.url, { signal: limit.signal })
    await eventually(() => server.received.length === 1)
    limit.abort()
    await expect(sending).rejects.toThrow('aborted')
    await eventually(() => server.open() === 0)
  })

  it('that has its status has succeeded, however slow the body is', async () => {
    await using server = await webhookServer((response) => response.writeHead(200).write('a'))
    const limit = new AbortController()
    const sending = send(server.url, { signal: limit.signal })
    await eventually(() => server.received.length === 1)
    // The head has arrived when a second exchange has gone there and back.
    await using other = await webhookServer()
    await send(other.url)
    limit.abort()
    await expect(sending).resolves.toBeUndefined()
    await eventually(() => server.open() === 0)
  })

  it('reads no more of an endless answer than a little', async () => {
    let written = 0
    await using server = await webhookServer((response) => {
      const part = Buffer.alloc(65_536)
      const go = (): void => {
        while (!response.destroyed && response.write(part)) written += part.length
      }
      response
        .writeHead(200)
        .on('drain', go)
        .on('error', () => {})
      go()
    })
    await send(server.url)
    await eventually(() => server.open() === 0)
    expect(written).toBeLessThan(64 * 1024 ** 2) // what the sockets' buffers hold
  })
})

describe('an address within the network', () => {
  it.each(['127.0.0.1', 'localhost', '[::1]', '[::ffff:127.0.0.1]', '2130706433', '0x7f.1', '127.1'])(
    '%s is refused without a connection (WH-4)',
    async (host) => {
      await using server = await webhookServer()
      await expect(send(`http://${host}:${server.port}/`, { guard: new SsrfGuard([]) })).rejects.toThrow(
        RefusedError,
      )
      expect(server.connections()).toBe(0)
    },
  )

  it.each(['127.0.0.1', '::ffff:127.0.0.1'])('is refused behind a name, too: %s (WH-4)', async (address) => {
    await using server = await webhookServer()
    const guard = new SsrfGuard([], resolvingTo(address))
    for (const scheme of ['http', 'https'])
      await expect(send(`${scheme}://example.com:${server.port}/`, { guard })).rejects.toThrow(RefusedError)
    expect(server.connections()).toBe(0)
  })

  it('is reached by the address that was checked: the name is asked for once (WH-4)', async () => {
    await using server = await webhookServer()
    let asked = 0
    const guard = new SsrfGuard(['127.0.0.1'], (_host, _options, callback) => {
      asked++
      callback(null, [{ address: asked === 1 ? '127.0.0.1' : '10.0.0.1', family: 4 }])
    })
    await send(`http://example.com:${server.port}/`, { guard })
    expect([asked, server.received[0]?.headers.host]).toEqual([1, `example.com:${server.port}`])
  })
})
