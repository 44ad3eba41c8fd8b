// The program as a user starts it: a process of its own, known by its output and its exit code.

import { spawn } from 'node:child_process'
import { join } from 'node:path'
import type { Readable } from 'node:stream'
import { createInterface } from 'node:readline'

const main = join(import.meta.dirname, '..', '..', 'dist', 'main.js')

/** How a run of the program ended. */
export interface Ended {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

/** One line of the log. */
export type LogRecord = Readonly<Record<string, unknown>>

/** A running program; disposing of it kills it. */
export interface Program extends AsyncDisposable {
  readonly pid: number
  readonly ended: Promise<Ended>
  /** its exit code, also while nobody reads what it wrote */
  readonly exited: Promise<number | null>
  /** Waits for a log line whose message begins so, or matches. */
  readonly line: (beginning: string | RegExp) => Promise<LogRecord>
  /** every line so far; what is no log line is an empty record */
  readonly records: readonly LogRecord[]
  /** its standard output, to let it stand still or break */
  readonly stdout: Readable
  readonly signal: (name: NodeJS.Signals) => void
}

/**
 * Starts the program with these arguments and nothing of this process's environment but the search path.
 * @param within a command that becomes the program
 */
export function start(
  args: readonly string[],
  environment: Readonly<Record<string, string>> = {},
  input = '',
  within: readonly string[] = [],
): Program {
  const [command = process.execPath, ...rest] = [...within, process.execPath, main, ...args]
  const child = spawn(command, rest, {
    env: { PATH: process.env['PATH'], FNBOX_PYTHON: process.env['FNBOX_TEST_PYTHON'], ...environment },
  })
  child.stdin.end(input)
  const records: LogRecord[] = []
  const waiting = new Set<() => void>()
  createInterface({ input: child.stdout }).on('line', (line) => {
    records.push(parseLine(line))
    for (const wake of waiting) wake()
    waiting.clear()
  })
  let stdout = ''
  let stderr = ''
  child.stdout.on('data', (bytes: Buffer) => (stdout += bytes.toString()))
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text))
  const ended = new Promise<Ended>((settle) =>
    child.once('close', (code) => settle({ code, stdout, stderr })),
  )
  return {
    pid: child.pid ?? 0,
    ended,
    exited: new Promise((settle) => child.once('exit', settle)),
    line: async (beginning) => {
      for (let at = 0; ; at++) {
        while (at >= records.length) await new Promise<void>((wake) => waiting.add(wake))
        const record = records[at]
        const { msg } = record ?? {}
        if (typeof msg === 'string' && begins(msg, beginning)) return record ?? {}
      }
    },
    records,
    stdout: child.stdout,
    signal: (name) => void child.kill(name),
    [Symbol.asyncDispose]: async () => {
      child.kill('SIGKILL')
      await ended
    },
  }
}

/** Runs the program to its end. */
export async function run(
  args: readonly string[],
  environment: Readonly<Record<string, string>> = {},
  input = '',
): Promise<Ended> {
  return start(args, environment, input).ended
}

function begins(text: string, beginning: string | RegExp): boolean {
  return typeof beginning === 'string' ? text.startsWith(beginning) : beginning.test(text)
}

function parseLine(line: string): LogRecord {
  try {
    return JSON.parse(line) as Record<string, unknown> // log lines are objects; other lines have no `msg`
  } catch {
    return {}
  }
}
