// A server in a process of its own, as it is shipped: the bundle of dist/.

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'

/** A running server; disposing of it stops it. */
export interface Server extends AsyncDisposable {
  /** ends in a slash */
  readonly url: string
}

/** Serves a function of bench/functions, and settles when it is ready. */
export async function serve(handler: string, flags: readonly string[] = []): Promise<Server> {
  const root = join(import.meta.dirname, 'functions')
  const main = join(import.meta.dirname, '..', 'dist', 'main.js')
  const args = [main, '--port', '0', '--root', root, '--log-level', 'info', ...flags, handler]
  const program = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] })
  const stop = async (): Promise<void> => {
    program.kill('SIGTERM')
    await once(program, 'exit')
  }
  for await (const line of createInterface({ input: program.stdout })) {
    const { msg, url } = JSON.parse(line) as { msg: string; url?: string } // lines of ours are JSON
    if (url === undefined || !msg.startsWith('ready')) continue
    program.stdout.resume() // somebody reads the log, as somebody always does
    return { url, [Symbol.asyncDispose]: stop }
  }
  throw new Error(`${handler} was not served`)
}
