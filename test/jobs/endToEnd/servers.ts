// The server as a process, with jobs: to be killed, stopped and started again on the same folder.

import type { Address } from '../../harness/jobClient.ts'
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { start, type Program } from '../../harness/program.ts'
import { functionsIn, type TestLanguage } from '../../harness/serving.ts'

/** A running server; disposing of it kills it. */
export interface Server extends Address, AsyncDisposable {
  readonly program: Program
}

/** Starts the program on a free port, with its jobs in a folder. @param within a command that runs the program */
export async function startServer(
  language: TestLanguage,
  handler: string,
  folder: string,
  flags: readonly string[] = [],
  within: readonly string[] = [],
): Promise<Server> {
  const root = functionsIn(language)
  const args = ['serve', handler, '--root', root, '--port', '0', '--data-dir', folder, ...flags]
  const program = start(args, {}, '', within)
  const { url } = await program.line('listening at ')
  return {
    program,
    url: String(url).replace(/\/$/, ''),
    [Symbol.asyncDispose]: () => program[Symbol.asyncDispose](),
  }
}

/** A server whose folder is a disk of 1 MB that only it sees. */
export interface ServerOnDisk extends Server {
  /** does something to the disk */
  readonly disk: (what: 'fill' | 'empty' | 'forbid' | 'allow') => Promise<void>
}

/** Starts the program on a small disk. */
export async function serverOnSmallDisk(
  language: TestLanguage,
  handler: string,
  folder: string,
): Promise<ServerOnDisk> {
  const mount = 'mount -t tmpfs -o size=1m none "$1" && shift && exec "$@"'
  const server = await startServer(
    language,
    handler,
    folder,
    [],
    ['unshare', '-rm', 'sh', '-c', mount, 'sh', folder],
  )
  const inside = ['-t', String(server.program.pid), '-U', '-m', '--preserve-credentials', 'sh', '-c']
  return {
    ...server,
    disk: async (what) => {
      await promisify(execFile)('nsenter', [...inside, deeds[what], 'sh', folder])
    },
  }
}

/** Ends a server as a power cut would. */
export async function kill({ program }: Server): Promise<void> {
  program.signal('SIGKILL')
  await program.ended
}

const deeds = {
  fill: 'dd if=/dev/zero of="$1/ballast" bs=4096 2>/dev/null; true',
  empty: 'rm "$1/ballast"',
  forbid: 'mount -o remount,ro "$1"',
  allow: 'mount -o remount,rw "$1"',
}
