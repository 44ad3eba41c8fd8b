// A server in a process of its own. Its standard output is /dev/null: the server formats and writes its lines, but no
// disk and no reader is measured.

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer, type AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { isAnswered, type Call } from './request.ts'

/** How a server is started. */
export interface Command {
  readonly program: string
  readonly args: (port: number) => readonly string[]
  readonly env?: Readonly<Record<string, string>>
}

/** A running server; disposing of it stops it. */
export interface Server extends AsyncDisposable {
  /** ends in a slash */
  readonly url: string
  readonly pid: number
  /** milliseconds from spawn to the first right answer */
  readonly startMs: number
}

/**
 * Starts a server, and settles when it has answered the call.
 * @throws Error with what it wrote to its standard error, when it ends before, or is silent for too long
 */
export async function launch({ program, args, env = {} }: Command, call: Call): Promise<Server> {
  const port = await freePort()
  const url = `http://127.0.0.1:${port}/`
  const begun = performance.now()
  const child = spawn(program, args(port), {
    stdio: ['ignore', 'ignore', 'pipe'],
    env: { ...process.env, ...env },
  })
  const ended = once(child, 'exit').catch((error: unknown) => said.push(Buffer.from(String(error)))) // there is no program
  const said: Buffer[] = []
  child.stderr.on('data', (bytes: Buffer) => said.length < mostSaid && said.push(bytes))
  const stop = async (): Promise<void> => {
    const timer = setTimeout(() => child.kill('SIGKILL'), stopMs)
    child.kill('SIGTERM')
    await ended
    clearTimeout(timer)
  }
  const isUp = async (): Promise<boolean> => {
    while (performance.now() < begun + longestStartMs && child.exitCode === null && child.signalCode === null)
      if (await isAnswered(url, call)) return true
      else await sleep(askEveryMs)
    return false
  }
  try {
    const up = await Promise.race([isUp(), ended.then(() => false)])
    const startMs = performance.now() - begun
    if (up && child.pid !== undefined) return { url, pid: child.pid, startMs, [Symbol.asyncDispose]: stop }
    throw new Error(`did not start: ${Buffer.concat(said).toString().trim().slice(-300)}`)
  } catch (error) {
    await stop()
    throw error
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo // of a TCP server
  server.close()
  await once(server, 'close')
  return port
}

const mostSaid = 100
const askEveryMs = 2
const longestStartMs = 20_000
const stopMs = 10_000
