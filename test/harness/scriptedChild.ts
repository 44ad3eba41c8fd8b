// A child process on plain values: the test itself speaks for the function, at the other end of the channel. Owns all that
// were started in this test file. It takes the place of the real class by `vi.mock`.

import { readSync } from 'node:fs'
import { duplexPair, type Duplex } from 'node:stream'
import { killed, type Exit } from '../../src/exit.ts'
import type { ChildSpec } from '../../src/invoker/process/childProcess.ts'
import type { OutputName } from '../../src/invoker/output/output.ts'
import { frameOf, frameReader } from './frames.ts'

/** A frame that the instance was sent. */
export type SentFrame = Readonly<Record<string, unknown>> & { readonly type: string }

/** Stands in for ChildProcess. */
export class ScriptedChild {
  readonly pid = undefined
  readonly channel: Duplex
  readonly exited: Promise<Exit>
  readonly ended: Promise<Exit>
  /** signals that it was sent, in order; SIGKILL ends it */
  readonly signals: string[] = []
  /** what it was sent, in order */
  readonly frames: SentFrame[] = []
  readonly #far: Duplex
  readonly #spec: ChildSpec
  readonly #exit: (exit: Exit) => void

  constructor(spec: ChildSpec) {
    const [near, far] = duplexPair()
    this.channel = near
    this.#far = far
    this.#spec = spec
    const { promise, resolve } = Promise.withResolvers<Exit>()
    this.exited = promise
    this.ended = promise.then(async (exit) => {
      await turns(3)
      return exit
    })
    this.#exit = resolve
    const read = frameReader(({ header }) => this.frames.push(JSON.parse(header) as SentFrame)) // our own frames
    far.on('data', (bytes: Buffer) => read(bytes))
    far.on('error', () => {})
    started.push(this)
  }

  signal(name: string): void {
    this.signals.push(name)
    if (name === 'SIGKILL') this.exit(killed)
  }

  /** ids of the calls of these frames, in order */
  ids(type: string): readonly unknown[] {
    return this.frames.filter((each) => each.type === type).map(({ id }) => id)
  }

  /** ids of the calls that it was sent ahead, in order */
  get ahead(): readonly unknown[] {
    return this.frames.filter(({ ahead }) => ahead === true).map(({ id }) => id)
  }

  /** Sends a frame. */
  say(header: object, body = ''): void {
    this.#far.write(frameOf(header, Buffer.from(body)))
  }

  /** Sends several frames at once, as the function does that is fast. */
  sayAll(...headers: readonly object[]): void {
    this.#far.write(Buffer.concat(headers.map((each) => frameOf(each, Buffer.from('null')))))
  }

  /** Has loaded the function. */
  async load(): Promise<void> {
    this.sayAll({ type: 'hello', version: 2, language: 'none', languageVersion: '1' }, { type: 'loaded' })
    await turns()
  }

  /** Ends a call. */
  answer(id: string, json = 'null'): void {
    this.say({ type: 'returned', id }, json)
  }

  /** Ends a call, and lets its caller hear of it. */
  async end(id: string): Promise<void> {
    this.answer(id)
    await turns()
  }

  /** Begins the next call that was sent ahead. @returns false: it was taken back */
  takePermit(): boolean {
    return readSync(this.#spec.permits ?? -1, Buffer.alloc(1), 0, 1, null) === 1
  }

  /** Ends a call, and begins the next one that was sent ahead, as an instance does. */
  async goOn(id: string): Promise<void> {
    this.answer(id)
    if (!this.takePermit()) throw new Error(`no call may begin behind ${id}`)
    this.writeBorders()
    await turns()
  }

  /** Writes the border to both streams. */
  writeBorders(): void {
    this.write('stdout', this.border)
    this.write('stderr', this.border)
  }

  /** Answers `recall`. */
  async forget(): Promise<void> {
    this.say({ type: 'recalled' })
    await turns()
  }

  /** The text that divides the output of two calls. */
  get border(): string {
    const [load] = this.frames
    return String(load?.['border'])
  }

  /** Writes to its output. */
  write(stream: OutputName, text: string): void {
    this.#spec.onOutput(stream, Buffer.from(text))
  }

  /** Ends a stream of its output. */
  closeOutput(stream: OutputName): void {
    this.#spec.onOutputEnd(stream)
  }

  /** Loses the channel with bytes unread, as the kernel reports it. */
  reset(): void {
    this.channel.destroy(Object.assign(new Error('reset'), { code: 'ECONNRESET' }))
  }

  /** Ends by itself. */
  exit(exit: Exit = { type: 'exited', code: 1 }): void {
    this.#far.end()
    this.#exit(exit)
  }
}

/** Every child of this test file, in order of its start. */
export const started: ScriptedChild[] = []

/** Lets everything that is under way between the two ends of a channel arrive. */
export async function turns(count = 10): Promise<void> {
  for (let turn = 0; turn < count; turn++) await new Promise((settle) => setImmediate(settle))
}
