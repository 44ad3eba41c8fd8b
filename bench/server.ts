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
  const url = await new Promise<string>((settle, fail) => {
    // The log is read to its end, as somebody always does.
    createInterface({ input: program.stdout }).on('line', (line) => {
      const { msg, url: address } = JSON.parse(line) as { msg: string; url?: string } // lines of ours are JSON
      if (address !== undefined && msg.startsWith('ready')) settle(address)
    })
    program.once('exit', () => fail(new Error(`${handler} was not served`)))
  })
  return { url, [Symbol.asyncDispose]: stop }
}
