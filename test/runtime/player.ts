// Plays a conversation against the bootstrap of a language, as the supervisor would (runtime/PROTOCOL.md). Owns the
// process that it plays against, and its permits.

import { spawn, type ChildProcess } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { closeSync, existsSync, ftruncateSync, openSync, readFileSync, readSync, unlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Duplex, Readable } from 'node:stream'
import { isDeepStrictEqual } from 'node:util'
import { frameOf, frameReader, type ReadFrame } from '../harness/frames.ts'

export type Language = 'node' | 'python' | 'bash'

export const languages: readonly Language[] = ['node', 'python', 'bash']

/** Header of a frame, as JSON has it. */
export type Header = Readonly<Record<string, unknown>> & { readonly type: string }

/** A frame from the instance. */
export interface Frame {
  readonly header: Header
  readonly body: Buffer
}

/** One line of a transcript (runtime/PROTOCOL.md, "Transcripts"). */
export type Step =
  | { readonly about: string }
  | ({ readonly send: Header; readonly split?: number; readonly permit?: boolean } & Content)
  | ({ readonly sendBytes: string; readonly split?: number } & Content)
  | ({ readonly expect: Header } & Content)
  | { readonly takeBack: number }
  | { readonly wrote: Written }
  | { readonly exit: number }

/** What a function has written to its output. */
interface Written {
  readonly stdout?: string
  readonly stderr?: string
}

interface Content {
  readonly body?: string
  readonly base64?: string
  readonly json?: unknown
}

/** Reads the lines of a transcript. */
export function readTranscript(path: string): readonly Step[] {
  const lines = readFileSync(path, 'utf8').split('\n')
  return lines.filter((line) => line !== '').map((line) => JSON.parse(line) as Step) // our own files
}

/** Plays all lines in order; rejects at the first that does not come true. */
export async function play(language: Language, steps: readonly Step[]): Promise<void> {
  await using peer = new Peer(language)
  for (const [index, step] of steps.entries()) {
    try {
      await playStep(peer, step)
    } catch (cause) {
      const message = cause instanceof Error ? cause.message : String(cause)
      throw new Error(`line ${index + 1}: ${message}\nstderr: ${peer.stderr}`, { cause })
    }
  }
}

async function playStep(peer: Peer, step: Step): Promise<void> {
  if ('send' in step) await playSend(peer, step)
  else if ('sendBytes' in step) await peer.write(Buffer.from(step.sendBytes, 'base64'), step.split)
  else if ('expect' in step) compare(await peer.next(), step)
  else if ('takeBack' in step) expectSame(peer.takeBack(step.takeBack), step.takeBack, 'permits')
  else if ('wrote' in step) await peer.expectWritten(step.wrote)
  else if ('exit' in step) expectSame(await peer.exit(), step.exit, 'as exit code')
}

async function playSend(peer: Peer, step: Extract<Step, { readonly send: Header }>): Promise<void> {
  if (step.send['ahead'] === true && step.permit !== false) peer.addPermit()
  await peer.send(step.send, contentOf(step), step.split)
}

function expectSame(got: number | string, wanted: number, what: string): void {
  if (got !== wanted) throw new Error(`got ${got} ${what} instead of ${wanted}`)
}

/** A process of a bootstrap, and our end of its channel. Disposing of it kills its process group. */
export class Peer implements AsyncDisposable {
  /** what the function has written so far */
  stdout = ''
  stderr = ''
  readonly pid: number
  /** settles when nobody can write to the output any more */
  readonly outputEnded: Promise<unknown>
  readonly #language: Language
  readonly #root: string
  readonly #process: ChildProcess
  readonly #channel: Duplex
  readonly #permits = openPermits()
  #permitsGiven = 0
  readonly #frames: Frame[] = []
  readonly #exited: Promise<number | string>
  #ended = false
  #wake = (): void => {}

  constructor(language: Language, root: string = functionsOf(language), env: NodeJS.ProcessEnv = {}) {
    this.#language = language
    this.#root = root
    const [command, file] = commands[language]
    this.#process = spawn(command, [join(runtime, language, file)], {
      cwd: root,
      env: { ...process.env, PYTHONUNBUFFERED: '', PYTHONDONTWRITEBYTECODE: '1', ...env },
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe', 'pipe', this.#permits.shared],
    })
    if (this.#process.pid === undefined) throw new Error(`${command} cannot be started`)
    this.pid = this.#process.pid
    this.#exited = once(this.#process, 'exit').then(([code, signal]) => (code ?? signal) as number | string)
    // Three pipes; beyond the standard three a 'pipe' is a connected socket.
    const [, stdout, stderr, channel] = this.#process.stdio as unknown as [null, Readable, Readable, Duplex]
    this.outputEnded = Promise.all([once(stdout, 'close'), once(stderr, 'close')])
    stdout.on('data', (bytes: Buffer) => (this.stdout += bytes.toString()))
    stderr.on('data', (bytes: Buffer) => (this.stderr += bytes.toString()))
    this.#channel = channel
    const read = frameReader((frame) => this.#frames.push(parse(frame)))
    this.#channel.on('data', (bytes: Buffer) => {
      read(bytes)
      this.#wake()
    })
    this.#channel.on('error', () => {}) // 'close' follows
    this.#channel.on('close', () => {
      this.#ended = true
      this.#wake()
    })
  }

  /** Sends a frame; `load` and `invoke` get what a test leaves out. With `split`, in writes of so many bytes. */
  async send(header: Header, body?: Buffer, split?: number): Promise<void> {
    await this.write(frameOf(this.#complete(header), body), split)
  }

  /** Sends bytes that need not be a frame. */
  async write(bytes: Buffer, split = bytes.length): Promise<void> {
    for (let at = 0; at < bytes.length; at += split)
      await new Promise((settle) => this.#channel.write(bytes.subarray(at, at + split), settle))
  }

  /** Adds a permit to start a call that is sent ahead. */
  addPermit(): void {
    ftruncateSync(this.#permits.own, ++this.#permitsGiven)
  }

  /** Takes back at most so many permits; returns how many. */
  takeBack(most: number): number {
    return most === 0 ? 0 : readSync(this.#permits.shared, Buffer.alloc(most), 0, most, null)
  }

  /** Waits until the function has written this, with `<border>` for the border, and nothing else to the same stream. */
  async expectWritten(wanted: Written): Promise<void> {
    const end = performance.now() + longestWaitMs
    while (!isDeepStrictEqual({ ...this.#written(), ...wanted }, this.#written())) {
      const written = JSON.stringify(this.#written())
      if (performance.now() > end) throw new Error(`wrote ${written} instead of ${JSON.stringify(wanted)}`)
      await new Promise((settle) => setImmediate(settle))
    }
  }

  /** The next frame. */
  async next(): Promise<Frame> {
    for (;;) {
      const frame = this.#frames.shift()
      if (frame !== undefined) return frame
      if (this.#ended) throw new Error('the channel has ended')
      await new Promise<void>((settle) => (this.#wake = settle))
    }
  }

  /** Sends `load` for `<module>.<name>` and waits until it is loaded. */
  async load(handler: string, members: object = {}): Promise<void> {
    const dot = handler.lastIndexOf('.')
    const [module, name] = [handler.slice(0, dot), handler.slice(dot + 1)]
    await this.send({ type: 'load', module, name, ...members })
    await this.expect({ type: 'hello' })
    await this.expect({ type: 'loaded' })
  }

  /** Loads the file of a script, named without its extension, and waits until it serves. */
  async loadScript(module: string, args: readonly string[] = [], members: object = {}): Promise<void> {
    await this.send({ type: 'load', module, script: { args, ...members } })
    await this.expect({ type: 'hello' })
    await this.expect({ type: 'loaded' })
  }

  /** Sends a job with this input; frames and job have the same id. */
  async submit(input: unknown, id = '1', members: object = {}): Promise<void> {
    const document = JSON.stringify({ id, input, ...members })
    await this.send({ type: 'invoke', id, mode: 'job' }, Buffer.from(document))
  }

  /** Runs an invocation in raw mode and gives the frame that comes next. */
  async invoke(payload: unknown = {}, members: object = {}): Promise<Frame> {
    await this.send(
      { type: 'invoke', id: '1', mode: 'raw', ...members },
      Buffer.from(JSON.stringify(payload)),
    )
    return this.next()
  }

  /** Takes the next frame, which must have these members. */
  async expect(header: Header, content: Content = {}): Promise<void> {
    compare(await this.next(), { expect: header, ...content })
  }

  /** The code, or the signal, with which the process ends. */
  exit(): Promise<number | string> {
    return this.#exited
  }

  /** Closes the channel, as a supervisor that dies. */
  hangUp(): void {
    this.#channel.destroy()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    try {
      process.kill(-this.pid, 'SIGKILL')
    } catch {
      // everybody has left
    }
    await this.#exited
    this.hangUp()
    closeSync(this.#permits.shared)
    closeSync(this.#permits.own)
  }

  #written(): Required<Written> {
    return { stdout: showBorders(this.stdout), stderr: showBorders(this.stderr) }
  }

  #complete(header: Header): Header {
    if (header.type === 'load')
      return { ...this.#loadDefaults(header), ...this.#entryOf(header), ...scriptOf(header) }
    if (header.type === 'invoke') return { ...invokeDefaults(header['ahead'] === true), ...header }
    return header
  }

  // A transcript names a function of any language; in Bash the script is all of it.
  #entryOf(header: Header): Header {
    return this.#language === 'bash'
      ? { ...header, module: `${String(header['module'])}.sh`, name: '' }
      : header
  }

  #loadDefaults(header: Header): object {
    const file = entryFile(this.#language, this.#root, String(header['module']))
    return {
      version: 2,
      root: this.#root,
      ...(file === undefined ? {} : { file }),
      function: identity,
      concurrency: 8,
      border,
    }
  }
}

/** Who the functions of the tests are. */
export const identity = { id: 'd4e-function', version: 'd4e-version', logGroup: 'ckg-logs', memoryMb: 128 }

/** Folder of the functions of a language. */
export function functionsOf(language: Language): string {
  return join(import.meta.dirname, '..', 'functions', language)
}

// A transcript names a script by its file without the extension, which is the language's.
function scriptOf({ script }: Header): object {
  return typeof script === 'object'
    ? { name: '', script: { args: [], sdk: 'auto', instance: 'i-1', ...script } }
    : {}
}

function invokeDefaults(ahead: boolean): object {
  const deadline = ahead ? { timeoutMs: 600_000 } : { deadlineMs: Date.now() + 600_000 }
  return { ...deadline, responseLimit: 3_670_016 }
}

// A file without a name, opened twice: with the position that is shared with the instance, and to make it longer.
function openPermits(): { readonly shared: number; readonly own: number } {
  const path = join(tmpdir(), `fnbox-test-permits-${randomUUID()}`)
  const own = openSync(path, 'wx')
  const shared = openSync(path, 'r')
  unlinkSync(path)
  return { shared, own }
}

function showBorders(written: string): string {
  return written.replaceAll(border, '<border>')
}

function entryFile(language: Language, root: string, module: string): string | undefined {
  const base = join(root, language === 'python' ? module.replaceAll('.', '/') : module)
  return extensions[language].map((each) => base + each).find((each) => existsSync(each))
}

function parse({ header, body }: ReadFrame): Frame {
  return { header: JSON.parse(header) as Header, body } // the comparison looks at every member
}

function contentOf({ body, base64, json }: Content): Buffer | undefined {
  if (json !== undefined) return Buffer.from(JSON.stringify(json))
  return base64 === undefined ? Buffer.from(body ?? '') : Buffer.from(base64, 'base64')
}

function compare(
  { header, body }: Frame,
  { expect, ...content }: { readonly expect: Header } & Content,
): void {
  const shown = body.length > 200 ? `${body.length} bytes` : body.toString()
  const got = `${JSON.stringify(header)} ${shown}`
  if (!matches(header, expect)) throw new Error(`got ${got} instead of ${JSON.stringify(expect)}`)
  const { json } = content
  const same =
    json === undefined
      ? (content.body ?? content.base64) === undefined || contentOf(content)?.equals(body)
      : isDeepStrictEqual(JSON.parse(body.toString()), json)
  if (same !== true) throw new Error(`got ${got} instead of ${JSON.stringify(content)}`)
}

// A `*` at the end of a text stands for any rest, alone for any value at all.
function matches(value: unknown, pattern: unknown): boolean {
  if (pattern === '*') return value !== undefined
  if (typeof pattern === 'string' && pattern.endsWith('*'))
    return typeof value === 'string' && value.startsWith(pattern.slice(0, -1))
  if (typeof pattern !== 'object' || pattern === null || Array.isArray(pattern))
    return isDeepStrictEqual(value, pattern)
  if (typeof value !== 'object' || value === null) return false
  const members = new Map(Object.entries(value))
  return Object.entries(pattern).every(([key, part]) => matches(members.get(key), part))
}

// What divides the output of two calls.
const border = '\u001eborder of the tests\u001e'

const longestWaitMs = 10_000

const runtime = join(import.meta.dirname, '..', '..', 'runtime')

const commands: Readonly<Record<Language, readonly [command: string, file: string]>> = {
  node: [process.execPath, 'bootstrap.mjs'],
  python: [process.env['FNBOX_TEST_PYTHON'] ?? 'python3', 'bootstrap.py'],
  bash: [process.execPath, 'bootstrap.mjs'],
}

const extensions: Readonly<Record<Language, readonly string[]>> = {
  node: ['.js', '.cjs', '.mjs', '.ts'],
  python: ['.py', '/__init__.py'],
  bash: ['.sh'],
}
