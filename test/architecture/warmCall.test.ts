// What a warm call costs in files to read and promises to follow: V8's own count over a thousand calls.

import { spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, existsSync } from 'node:fs'
import { Agent, request } from 'node:http'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { eventually } from '../harness/calling.ts'

const root = join(import.meta.dirname, '..', '..')
const calls = 1000
const clients = 1
// The goal is 20. One idea a file and 300 lines a file keep it from that: the number may only fall.
const mostFiles = 30

// In the order in which a call passes them.
const spine = [
  'src/http/listener.ts',
  'src/http/exchange.ts',
  'src/http/functionEndpoint.ts',
  'src/invoker/invoker.ts',
  'src/invoker/admission.ts',
  'src/invoker/instance.ts',
  'src/invoker/instanceCalls.ts',
  'src/wire/channel.ts',
]

describe('a warm call', () => {
  let measured: { readonly files: readonly string[]; readonly promises: number }

  beforeAll(async () => {
    measured = await measure()
  })

  it('passes the eight files of its spine', () => {
    expect(measured.files).toEqual(expect.arrayContaining(spine))
  })

  it(`passes at most ${mostFiles} files of src/`, () => {
    expect(measured.files.slice(mostFiles)).toEqual([])
  })

  it('makes at most four promises', () => {
    expect(measured.promises / calls).toBeLessThanOrEqual(4)
  })
})

async function measure(): Promise<{ files: readonly string[]; promises: number }> {
  const file = join(mkdtempSync(join(tmpdir(), 'fnbox-test-')), 'probe.json')
  const server = spawn(
    process.execPath,
    [
      '--require',
      join(import.meta.dirname, 'callProbe.cjs'),
      join(root, 'src', 'main.ts'),
      '--port',
      '0',
      '--host',
      '127.0.0.1',
      '--root',
      join(root, 'test', 'functions', 'node'),
      'echo.handler',
    ],
    { stdio: ['ignore', 'pipe', 'inherit'], env: { ...process.env, FNBOX_PROBE: file } },
  )
  stop = () => server.kill('SIGKILL')
  const url = await readyAt(server.stdout)
  const agent = new Agent({ keepAlive: true, maxSockets: clients })
  await load(url, agent, calls) // warm
  server.kill('SIGUSR2')
  await eventually(() => existsSync(file))
  await load(url, agent, calls)
  server.kill('SIGUSR2')
  await eventually(() => readFileSync(file, 'utf8') !== '')
  agent.destroy()
  const { files, promises } = JSON.parse(readFileSync(file, 'utf8')) as { files: string[]; promises: number }
  const own = files
    .filter((each) => each.startsWith('file:'))
    .map((each) => relative(root, fileURLToPath(each)))
    .filter((each) => each.startsWith('src/'))
  return { files: own.toSorted(), promises }
}

async function readyAt(output: NodeJS.ReadableStream): Promise<string> {
  for await (const line of createInterface({ input: output })) {
    const { msg = '', url } = JSON.parse(line) as { msg?: string; url?: string }
    if (!msg.startsWith('ready') || url === undefined) continue
    output.resume()
    return url
  }
  throw new Error('the server has ended')
}

async function load(url: string, agent: Agent, count: number): Promise<void> {
  let left = count
  const client = async (): Promise<void> => {
    while (left-- > 0) await call(url, agent)
  }
  await Promise.all(Array.from({ length: clients }, client))
}

function call(url: string, agent: Agent): Promise<void> {
  const headers = { 'Content-Type': 'application/json' }
  return new Promise((settle, fail) => {
    request(url, { method: 'POST', agent, headers }, (response) => {
      if (response.statusCode !== 200) fail(new Error(`status ${response.statusCode}`))
      response.resume().on('end', settle)
    })
      .on('error', fail)
      .end('{"name":"Ada"}')
  })
}

let stop = (): void => {}
afterAll(() => stop())
