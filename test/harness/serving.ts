// A function served for a test, by the real program in this process, on a free port.

import { join } from 'node:path'
import { App } from '../../src/app.ts'
import type { Flags } from '../../src/config.ts'
import type { FunctionLine } from '../../src/events.ts'
import { readConfig } from './config.ts'

/** The languages that every behaviour is tested in; what is different in Bash has tests of its own. */
export const bothLanguages = ['node', 'python'] as const
export type TestLanguage = (typeof bothLanguages)[number] | 'bash'

/** Folder with one tiny function for each behaviour. */
export function functionsIn(language: TestLanguage): string {
  return join(import.meta.dirname, '..', 'functions', language)
}

/** A running server; disposing of it ends it and everything that it has started. */
export interface Serving extends AsyncDisposable {
  /** without a slash at its end */
  readonly url: string
  readonly app: App
  /** what the function has written so far */
  readonly lines: readonly FunctionLine[]
  /** ids of every process that was started for an instance */
  readonly pids: readonly number[]
}

/** Serves a function of test/functions; resolves when it is loaded, or has failed to load. */
export async function serve(language: TestLanguage, handler: string, flags: Flags = {}): Promise<Serving> {
  return serveFrom(functionsIn(language), handler, flags)
}

/** Serves a function of any folder. @param args of a script */
export async function serveFrom(
  root: string,
  handler: string,
  flags: Flags = {},
  args: readonly string[] = [],
): Promise<Serving> {
  const app = new App(
    readConfig(
      handler,
      { port: '0', root, ...flags },
      { PATH: process.env['PATH'], FNBOX_PYTHON: process.env['FNBOX_TEST_PYTHON'] },
      args,
    ),
  )
  const lines: FunctionLine[] = []
  const pids: number[] = []
  app.events.on('function-wrote', (line) => lines.push(line))
  app.events.on('instance-started', ({ pid }) => pid === undefined || pids.push(pid))
  const settled = new Promise<void>((settle) => {
    app.events.once('instance-loaded', () => settle())
    app.events.once('start-failed', () => settle())
  })
  const url = (await app.serve()).replace(/\/$/, '')
  if (flags['min-instances'] !== '0') await settled
  return { url, app, lines, pids, [Symbol.asyncDispose]: () => end(app) }
}

async function end(app: App): Promise<void> {
  await app.kill()
  await app.stop()
}
