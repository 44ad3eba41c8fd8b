// The server as a process, with jobs: to be killed, stopped and started again on the same folder.

import type { Address } from '../../harness/jobClient.ts'
import { start, type Program } from '../../harness/program.ts'
import { functionsIn, type TestLanguage } from '../../harness/serving.ts'

/** A running server; disposing of it kills it. */
export interface Server extends Address, AsyncDisposable {
  readonly program: Program
}

/** Starts the program on a free port, with its jobs in a folder. */
export async function startServer(
  language: TestLanguage,
  handler: string,
  folder: string,
  flags: readonly string[] = [],
): Promise<Server> {
  const root = functionsIn(language)
  const program = start(['serve', handler, '--root', root, '--port', '0', '--data-dir', folder, ...flags])
  const { url } = await program.line('listening at ')
  return {
    program,
    url: String(url).replace(/\/$/, ''),
    [Symbol.asyncDispose]: () => program[Symbol.asyncDispose](),
  }
}

/** Ends a server as a power cut would. */
export async function kill({ program }: Server): Promise<void> {
  program.signal('SIGKILL')
  await program.ended
}
