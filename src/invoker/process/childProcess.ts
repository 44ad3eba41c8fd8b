// A child process in a session of its own. The only file that starts processes.

import { spawn, type ChildProcess as NodeProcess } from 'node:child_process'
import { Duplex } from 'node:stream'
import type { Exit } from '../../exit.ts'
import { offerToKernel } from './oom.ts'
import type { OutputName } from '../output/output.ts'
import { killTree } from './processTree.ts'

/** What to start, and the listeners of its output. */
export interface ChildSpec {
  readonly command: string
  readonly args: readonly string[]
  readonly cwd: string
  readonly env: Readonly<Record<string, string>>
  /** a `NAME=value` of `env` that no other process has: it marks the descendants of the child */
  readonly mark: string
  /** the descriptor of its permits (PROTOCOL.md, "Calls sent ahead") */
  readonly permits: number | undefined
  readonly onOutput: (stream: OutputName, bytes: Buffer) => void
  /** a stream has ended: nothing more comes through it */
  readonly onOutputEnd: (stream: OutputName) => void
  /** standard output or error was closed while the process still runs */
  readonly onOutputClosed: () => void
}

/** A running process with its descendants. They end together: no process of a child outlives it (interface.md §6). */
export class ChildProcess {
  readonly pid: number | undefined
  /** descriptor 3, for the wire */
  readonly channel: Duplex
  /** settles when the process itself has ended */
  readonly exited: Promise<Exit>
  /** settles when, in addition, its descendants have ended and all that they wrote was read */
  readonly ended: Promise<Exit>
  readonly #process: NodeProcess
  #over = false

  constructor({ command, args, cwd, env, mark, permits, onOutput, onOutputEnd, onOutputClosed }: ChildSpec) {
    // `detached` makes a new session: no terminal signal meant for the server reaches it, and one kill reaches the group.
    this.#process = spawn(command, args, {
      cwd,
      env,
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe', 'pipe', permits ?? 'ignore'],
    })
    this.pid = this.#process.pid
    if (this.pid !== undefined) offerToKernel(this.pid)
    this.exited = this.#exit()
    const closed = new Promise<void>((settle) => this.#process.once('close', () => settle()))
    // Without free descriptors there are no streams at all; the error follows.
    const [, stdout, stderr, channel] = (this.#process.stdio as NodeProcess['stdio'] | undefined) ?? []
    this.channel = (channel as Duplex | undefined) ?? unstarted() // 'pipe' beyond the standard three is a connected socket
    stdout?.on('data', (bytes: Buffer) => onOutput('stdout', bytes))
    stderr?.on('data', (bytes: Buffer) => onOutput('stderr', bytes))
    stdout?.once('end', () => onOutputEnd('stdout'))
    stderr?.once('end', () => onOutputEnd('stderr'))
    for (const each of [stdout, stderr]) each?.on('error', () => {}) // `close` follows
    const outputs = [stdout, stderr].map((each) => new Promise((settle) => each?.once('end', settle)))
    void Promise.race(outputs).then(() => this.#reportOutputClosed(onOutputClosed))
    this.ended = this.#end(closed, mark)
  }

  /** Sends a signal to the whole process group; nothing happens when it has ended. */
  signal(name: 'SIGTERM' | 'SIGINT' | 'SIGKILL'): void {
    if (this.pid === undefined || this.#over) return
    try {
      process.kill(-this.pid, name)
    } catch {
      // ESRCH: all have ended; EPERM: a setuid program
    }
  }

  // A process that ends closes its output as well: only one that goes on is reported.
  #reportOutputClosed(onOutputClosed: () => void): void {
    const timer = setTimeout(onOutputClosed, outputGraceMs)
    void this.exited.then(() => clearTimeout(timer))
  }

  #exit(): Promise<Exit> {
    return new Promise((settle) => {
      this.#process.once('error', (cause) => settle({ type: 'unstartable', cause }))
      this.#process.once('exit', (code, signal) =>
        settle(signal === null ? { type: 'exited', code: code ?? 0 } : { type: 'signalled', signal }),
      )
    })
  }

  async #end(closed: Promise<void>, mark: string): Promise<Exit> {
    const exit = await this.exited
    if (this.pid === undefined) return exit
    this.signal('SIGKILL')
    this.#over = true // from now on the id may be another process's
    await killTree({ leader: this.pid, mark })
    const timer = setTimeout(() => this.#process.stdio.forEach((stream) => stream?.destroy()), outputGraceMs)
    await closed
    clearTimeout(timer)
    return exit
  }
}

// The channel of a process that could not be started.
function unstarted(): Duplex {
  return new Duplex({ read: () => {}, write: (_bytes, _encoding, done) => done() })
}

/** Milliseconds between the first signal and SIGKILL (interface.md §6). */
export const stopGraceMs = 2000

/** Milliseconds between the abort of `context.signal` at the deadline and SIGKILL. */
export const noticeMs = 50

/** Milliseconds between the end of the channel and the exit code, at most. */
export const exitGraceMs = 1000

// How long reading the rest of the output may take when the process has ended: one that may not be killed keeps pipes open.
const outputGraceMs = 500
