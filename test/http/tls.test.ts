import { once } from 'node:events'
import { mkdtempSync, writeFileSync } from 'node:fs'
import type { IncomingMessage } from 'node:http'
import { Agent, request, type Server } from 'node:https'
import { connect as connectPlain } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import {
  checkServerIdentity,
  connect,
  type ConnectionOptions,
  type PeerCertificate,
  type TLSSocket,
} from 'node:tls'
import { generate } from 'selfsigned'
import { describe, expect, it } from 'vitest'
import { Events } from '../../src/events.ts'
import { certificate } from '../../src/http/tls.ts'
import { eventually } from '../harness/calling.ts'
import { run, start } from '../harness/program.ts'
import { functionsIn, serve, type Serving } from '../harness/serving.ts'

const base = ['--root', functionsIn('node'), '--port', '0', 'counts.handler']

interface Pair {
  readonly cert: string
  readonly private: string
}

/** A certificate for 127.0.0.1 with this name on it. */
async function makePair(name: string): Promise<Pair> {
  return generate([{ name: 'commonName', value: name }], {
    keyType: 'ec',
    algorithm: 'sha256',
    extensions: [{ name: 'subjectAltName', altNames: [{ type: 7, ip: '127.0.0.1' }] }],
  })
}

interface Files {
  readonly 'tls-cert': string
  readonly 'tls-key': string
}

function write(pair: Pair, files = newFiles()): Files {
  writeFileSync(files['tls-key'], pair.private)
  writeFileSync(files['tls-cert'], pair.cert)
  return files
}

function newFiles(): Files {
  const folder = mkdtempSync(join(tmpdir(), 'fnbox-test-'))
  return { 'tls-cert': join(folder, 'tls.crt'), 'tls-key': join(folder, 'tls.key') }
}

async function handshake(serving: Serving, options: ConnectionOptions): Promise<TLSSocket> {
  const { hostname: host, port } = new URL(serving.url)
  const socket = connect({ host, port: Number(port), ...options })
  await once(socket, 'secureConnect')
  return socket
}

/** The name on the certificate that a new connection is shown. */
async function shownName(serving: Serving): Promise<string> {
  const socket = await handshake(serving, { rejectUnauthorized: false })
  const { subject } = socket.getPeerCertificate()
  socket.destroy()
  return String(subject.CN)
}

async function call(
  serving: Serving,
  agent: Agent,
): Promise<{ readonly status: number; readonly body: string }> {
  const outgoing = request(`${serving.url}/?integration=raw`, { method: 'POST', agent }).end('{}')
  const response = await new Promise<IncomingMessage>((settle, fail) => {
    outgoing.once('response', settle).once('error', fail)
  })
  return { status: response.statusCode ?? 0, body: await text(response) }
}

/** Sends bytes without TLS, until the server closes. */
async function sendPlain(serving: Serving, bytes: string): Promise<void> {
  const socket = connectPlain(Number(new URL(serving.url).port), '127.0.0.1', () => socket.write(bytes))
  socket.on('error', () => {})
  socket.resume()
  await once(socket, 'close')
}

describe('--tls-cert and --tls-key', () => {
  it('serve the function over HTTPS with TLS 1.2 and 1.3, and nothing older', async () => {
    const pair = await makePair('one')
    await using serving = await serve('node', 'counts.handler', { ...write(pair) })
    expect(serving.url).toMatch(/^https:\/\/127\.0\.0\.1:\d+$/)
    for (const version of ['TLSv1.2', 'TLSv1.3'] as const) {
      using agent = disposable(new Agent({ ca: pair.cert, minVersion: version, maxVersion: version }))
      expect((await call(serving, agent.own)).status).toBe(200)
    }
    const old = { minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' } as const
    await expect(handshake(serving, { ca: pair.cert, ...old })).rejects.toThrow(/protocol version/)
  })

  it('show a new certificate to new connections, while one that stands goes on', async () => {
    const [first, second] = [await makePair('first'), await makePair('second')]
    const files = write(first)
    await using serving = await serve('node', 'counts.handler', { ...files })
    using agent = disposable(new Agent({ ca: first.cert, keepAlive: true, maxSockets: 1 }))
    const sockets = new Set<unknown>()
    agent.own.on('free', (socket) => sockets.add(socket))
    expect((await call(serving, agent.own)).body).toBe('1')
    write(second, files)
    await eventually(async () => (await shownName(serving)) === 'second')
    expect((await call(serving, agent.own)).body).toBe('2')
    expect(sockets.size).toBe(1)
  })

  it('keep the old certificate when the new one is broken, say so, and take the next one', async () => {
    const files = write(await makePair('good'))
    await using serving = await serve('node', 'counts.handler', { ...files })
    const seen: string[] = []
    serving.app.events.on('trouble', ({ what }) => seen.push(what))
    writeFileSync(files['tls-cert'], 'not a certificate')
    await eventually(() => seen.length === 1)
    expect(await shownName(serving)).toBe('good')
    expect(seen).toEqual(['--tls-cert and --tls-key: changed, and are invalid'])
    write(await makePair('mended'), files)
    await eventually(async () => (await shownName(serving)) === 'mended')
  })

  it('write nothing of the key', async () => {
    const pair = await makePair('one')
    const files = write(pair)
    await using program = start([
      ...base,
      '--log-level',
      'trace',
      '--tls-cert',
      files['tls-cert'],
      '--tls-key',
      files['tls-key'],
    ])
    await program.line('listening at https://127.0.0.1:')
    writeFileSync(files['tls-key'], pair.private.replace(/[A-Z]/g, 'A'))
    await program.line('--tls-cert and --tls-key: changed')
    program.signal('SIGTERM')
    const { stdout, stderr, code } = await program.ended
    expect([code, stderr]).toEqual([0, ''])
    for (const line of pair.private.split('\n').filter((each) => each.length > 20 && !each.startsWith('-')))
      expect(stdout).not.toContain(line)
  })

  it('come together, apart from --tls, and as a pair; else nothing starts', async () => {
    const [one, other] = [write(await makePair('one')), write(await makePair('other'))]
    const cases: readonly (readonly [problem: string, ...flags: string[]])[] = [
      ['give both or neither', '--tls-cert', one['tls-cert']],
      ['give both or neither', '--tls-key', one['tls-key']],
      ['give one or the other', '--tls', 'self-signed', '--tls-cert', one['tls-cert']],
      ['key values mismatch', '--tls-cert', one['tls-cert'], '--tls-key', other['tls-key']],
      ['--tls-cert and --tls-key: ', '--tls-cert', '/dev/null', '--tls-key', one['tls-key']],
      ['--tls-cert and --tls-key: ', '--tls-cert', one['tls-cert'], '--tls-key', '/dev/null'],
      ['ENOENT', '--tls-cert', `${one['tls-cert']}.gone`, '--tls-key', one['tls-key']],
      ['--tls: must be one of self-signed', '--tls', 'on'],
    ]
    for (const [problem, ...flags] of cases) {
      const { code, stderr } = await run(['--root', functionsIn('node'), ...flags, 'counts.handler'])
      expect([code, stderr]).toEqual([64, expect.stringContaining(problem)])
    }
  })
})

describe('--tls self-signed', () => {
  it.each(['localhost', '127.0.0.1', '::1'])('shows a certificate that is good for %s', async (name) => {
    await using serving = await serve('node', 'counts.handler', { tls: 'self-signed' })
    const first = await handshake(serving, { rejectUnauthorized: false })
    const own: PeerCertificate = first.getPeerCertificate()
    first.destroy()
    const pem = `-----BEGIN CERTIFICATE-----\n${own.raw.toString('base64')}\n-----END CERTIFICATE-----\n`
    // The client trusts this certificate alone, and checks the name on it.
    const second = await handshake(serving, {
      ca: pem,
      checkServerIdentity: (_host, shown) => checkServerIdentity(name, shown),
    })
    expect(second.authorized).toBe(true)
    second.destroy()
    expect(own.subjectaltname).toBe('DNS:localhost, IP Address:127.0.0.1, IP Address:0:0:0:0:0:0:0:1')
    expect(Date.parse(own.valid_to)).toBeGreaterThan(Date.now())
  })

  it('is not harmed by plain HTTP, nonsense or a client that goes away in the handshake', async () => {
    await using serving = await serve('node', 'counts.handler', { tls: 'self-signed' })
    await sendPlain(serving, 'GET / HTTP/1.1\r\nHost: x\r\n\r\n')
    await sendPlain(serving, '\x16\x03\x01\x00\x05nonsense')
    const early = connectPlain(Number(new URL(serving.url).port), '127.0.0.1', () => early.resetAndDestroy())
    await once(early, 'close')
    using agent = disposable(new Agent({ rejectUnauthorized: false }))
    expect((await call(serving, agent.own)).body).toBe('1')
  })

  it('stops although a client never begins its handshake', async () => {
    await using program = start([...base, '--tls', 'self-signed'])
    const { url } = await program.line('ready')
    const silent = connectPlain(Number(new URL(String(url)).port), '127.0.0.1')
    await once(silent, 'connect')
    program.signal('SIGTERM')
    await once(silent.resume(), 'close')
    expect((await program.ended).code).toBe(0)
  })
})

function disposable(own: Agent): { readonly own: Agent; [Symbol.dispose]: () => void } {
  return { own, [Symbol.dispose]: () => own.destroy() }
}

describe('a certificate', () => {
  it('is given to every server with TLS 1.2 as the oldest version', async () => {
    const given: unknown[] = []
    const server = { setSecureContext: ({ minVersion }: { minVersion?: string }) => given.push(minVersion) }
    const made = certificate({ cert: undefined, key: undefined, made: 'self-signed' }, new Events())
    made?.shownBy(server as unknown as Server) // the one method that is called
    made?.shownBy(server as unknown as Server)
    await made?.start()
    expect(given).toEqual(['TLSv1.2', 'TLSv1.2'])
  })
})
