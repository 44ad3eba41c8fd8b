// Containers as a user runs them: started with the engine's flags, called over HTTP, looked into, stopped.

import { createServer } from 'node:net'
import { join } from 'node:path'
import { engine, project, testLabel, tryEngine, type Ended } from './engine.ts'

/** How to run an image. */
export interface RunOptions {
  /** behind the image: the handler, and options of fnbox */
  readonly args?: readonly string[]
  /** before the image: flags of the engine */
  readonly flags?: readonly string[]
  readonly env?: Readonly<Record<string, string>>
  /** where it listens; else at a free one, told by PORT */
  readonly port?: number
}

/** A request. */
export interface Call {
  readonly method?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
}

/** A container; disposing of it removes it. */
export interface Container extends AsyncDisposable {
  readonly id: string
  readonly port: number
  /** Invokes, or asks a probe. */
  readonly ask: (path?: string, init?: Call) => Promise<Response>
  /** Invokes in raw mode with a JSON body. */
  readonly call: (wish: unknown) => Promise<Response>
  /** Resolves when the function is loaded. */
  readonly ready: () => Promise<void>
  /** Runs a command in it, as its own user. */
  readonly exec: (...command: readonly string[]) => Promise<Ended>
  /** Sends a signal to one of its processes, from inside. */
  readonly kill: (signal: string, pid: number) => Promise<void>
  /** Its processes, but for the one that looks. */
  readonly processes: () => Promise<readonly Process[]>
  /** The ids of its server and of its instance; there must be one of each. */
  readonly pids: () => Promise<{ readonly server: number; readonly instance: number }>
  /** Everything that it has written so far. */
  readonly logs: () => Promise<string>
  readonly isRunning: () => Promise<boolean>
  /** Waits for its end, however it comes about. */
  readonly exitCode: () => Promise<number>
}

/** A process, as it is seen from inside. */
export interface Process {
  readonly pid: number
  readonly parent: number
  /** as in proc(5): Z for a zombie */
  readonly state: string
  readonly command: string
}

/** What an operator who trusts nobody takes away from a container. */
export const hardened = ['--read-only', '--tmpfs=/tmp', '--cap-drop=ALL', '--security-opt=no-new-privileges']

/** Flags that put a folder of the project in the place of the function's code. */
export function code(...folder: readonly string[]): readonly string[] {
  return ['--volume', `${join(project, ...folder)}:/function/code:ro`]
}

/** Runs an image in the background. */
export async function run(image: string, options: RunOptions = {}): Promise<Container> {
  const port = options.port ?? (await freePort())
  const environment =
    options.port === undefined ? { PORT: String(port), ...options.env } : (options.env ?? {})
  const id = await engine(
    'run',
    '--detach',
    `--label=${testLabel()}`,
    `--publish=127.0.0.1:${port}:${port}`,
    ...Object.entries(environment).flatMap(([name, value]) => ['--env', `${name}=${value}`]),
    ...(options.flags ?? []),
    image,
    ...(options.args ?? []),
  )
  const ask = (path = '/', init: Call = {}): Promise<Response> =>
    fetch(`http://127.0.0.1:${port}${path}`, { ...init, headers: { Connection: 'close', ...init.headers } })
  return {
    id,
    port,
    ask,
    call: (wish) =>
      ask('/?integration=raw', {
        method: 'POST',
        headers: { 'Content-Type': 'application/json' },
        body: JSON.stringify(wish),
      }),
    ready: () => eventually(async () => (await ask('/_/readyz').catch(() => undefined))?.status === 200),
    exec: (...command) => tryEngine('exec', id, ...command),
    kill: async (signal, pid) => void (await engine('exec', id, 'sh', '-c', `kill -${signal} ${pid}`)),
    processes: () => processesIn(id),
    pids: async () => {
      const all = await processesIn(id)
      const server = all.find(({ parent, command }) => parent === 1 && command.includes('/dist/main.js'))
      const instance = all.find(({ parent }) => parent === server?.pid)
      return { server: server?.pid ?? 0, instance: instance?.pid ?? 0 }
    },
    logs: async () => {
      const { stdout, stderr } = await tryEngine('logs', id)
      return stdout + stderr
    },
    isRunning: async () => (await engine('inspect', '--format', '{{.State.Running}}', id)) === 'true',
    exitCode: async () => Number(await engine('wait', id)),
    [Symbol.asyncDispose]: async () =>
      void (await tryEngine('rm', '--force', '--volumes', '--time', '0', id)),
  }
}

/** Runs an image and waits until the function is loaded. */
export async function serve(image: string, options: RunOptions = {}): Promise<Container> {
  const container = await run(image, options)
  try {
    await container.ready()
  } catch (error) {
    await container[Symbol.asyncDispose]()
    throw error
  }
  return container
}

/** Runs an image in the foreground, to its end. */
export async function runToEnd(
  image: string,
  args: readonly string[],
  flags: readonly string[] = [],
): Promise<Ended> {
  return tryEngine('run', '--rm', ...flags, image, ...args)
}

/** A port that nobody listens at just now. */
export async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((settle) => server.listen(0, '127.0.0.1', settle))
  const address = server.address()
  await new Promise((settle) => server.close(settle))
  if (address === null || typeof address === 'string') throw new Error('no port')
  return address.port
}

/**
 * Asks until a condition holds.
 * @param pauseMs between two questions; it leaves the machine to the containers
 * @throws when it does not hold for half a minute
 */
export async function eventually(condition: () => Promise<boolean>, pauseMs = 20): Promise<void> {
  const end = performance.now() + patienceMs
  while (!(await condition())) {
    if (performance.now() > end)
      throw new Error(`still not so after ${patienceMs / 1000} s: ${condition.toString()}`)
    await new Promise((resolve) => setTimeout(resolve, pauseMs))
  }
}

async function processesIn(id: string): Promise<readonly Process[]> {
  const { stdout, stderr } = await tryEngine('exec', id, 'node', '-e', listing)
  if (stdout === '') throw new Error(stderr)
  return JSON.parse(stdout) as readonly Process[] // what `listing` prints
}

const listing = `
  const fs = require('node:fs')
  const all = fs.readdirSync('/proc').filter((name) => /^[0-9]+$/.test(name) && Number(name) !== process.pid).flatMap((pid) => {
    try {
      const stat = fs.readFileSync('/proc/' + pid + '/stat', 'latin1')
      const [state, parent] = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
      const command = fs.readFileSync('/proc/' + pid + '/cmdline', 'latin1').replaceAll('\\0', ' ').trim()
      return [{ pid: Number(pid), parent: Number(parent), state, command }]
    } catch {
      return []
    }
  })
  console.log(JSON.stringify(all))`

const patienceMs = 30_000
