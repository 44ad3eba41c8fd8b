// The program as a user starts it: a process of its own, known by its output and its exit code.

import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { createInterface } from 'node:readline'

const main = join(import.meta.dirname, '..', '..', 'src', 'main.ts')

/** How a run of the program ended. */
export interface Ended {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

/** A running program; disposing of it kills it. */
export interface Program extends AsyncDisposable {
  readonly pid: number
  readonly ended: Promise<Ended>
  /** Waits for a log line whose message begins so. */
  readonly line: (beginning: string) => Promise<Record<string, unknown>>
  readonly signal: (name: NodeJS.Signals) => void
}

/** Starts the program with these arguments and nothing of this process's environment but the search path. */
export function start(
  args: readonly string[],
  environment: Readonly<Record<string, string>> = {},
  input = '',
): Program {
  const child = spawn(process.execPath, [main, ...args], {
    env: { PATH: process.env['PATH'], ...environment },
  })
  child.stdin.end(input)
  const lines: string[] = []
  const waiting = new Set<() => void>()
  createInterface({ input: child.stdout }).on('line', (line) => {
    lines.push(line)
    for (const wake of waiting) wake()
  })
  let stdout = ''
  let stderr = ''
  child.stdout.on('data', (bytes: Buffer) => (stdout += bytes.toString()))
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text))
  const ended = new Promise<Ended>((settle) =>
    child.once('close', (code) => settle({ code, stdout, stderr })),
  )
  const find = (beginning: string): Record<string, unknown> | undefined =>
    lines.map(parseLine).find((line) => typeof line['msg'] === 'string' && line['msg'].startsWith(beginning))
  return {
    pid: child.pid ?? 0,
    ended,
    line: async (beginning) => {
      for (;;) {
        const found = find(beginning)
        if (found !== undefined) return found
        await new Promise<void>((wake) => waiting.add(wake))
      }
    },
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

function parseLine(line: string): Record<string, unknown> {
  try {
    return JSON.parse(line) as Record<string, unknown> // log lines are objects; other lines have no `msg`
  } catch {
    return {}
  }
}
