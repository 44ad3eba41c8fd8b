// fnbox serve: the server from its start to its orderly end (interface.md §6).

import { App } from '../app.ts'
import type { Config } from '../config.ts'
import { logEvents } from '../log/log.ts'
import { exitCodes, signals, type Host } from './host.ts'

/** Serves until a signal comes. Returns the exit code. */
export async function serve(config: Config, host: Host): Promise<number> {
  const app = new App(config)
  const flush = await logEvents(app.events, {
    format: config.options['log-format'] ?? (process.stdout.isTTY ? 'text' : 'json'),
    level: config.options['log-level'],
    output: process.stdout,
    function: app.identity,
    environment: config.environment,
  })
  const signalled = stopOnSignal(app, host, flush)
  try {
    await app.serve()
  } catch (error) {
    await app.kill()
    return refuseToListen(error, config)
  }
  await signalled
  if (!(await flush())) host.exit(0)
  return 0
}

// The first signal drains, the second one ends everything at once.
function stopOnSignal(app: App, host: Host, flush: () => Promise<boolean>): Promise<void> {
  return new Promise((stopped) => {
    let isStopping = false
    for (const signal of signals) {
      host.onSignal(signal, () => {
        if (!isStopping) {
          isStopping = true
          app.events.emit('draining', { signal })
          void app.stop().then(stopped)
        } else if (signal !== 'SIGHUP') {
          // a terminal that closes sends that one twice
          const exit = (): void => {
            void flush() // what the reader can take now leaves at once
            host.exit(exitCodes[signal])
          }
          setTimeout(exit, killPatienceMs)
          void app.kill().then(exit)
        }
      })
    }
  })
}

function refuseToListen(error: unknown, { options }: Config): number {
  if (!(error instanceof Error && 'code' in error && unavailable.has(error.code))) throw error
  const port = 'port' in error ? String(error.port) : String(options.port)
  const choice = port === String(options['admin-port']) ? '--admin-port' : '--port'
  process.stderr.write(
    `fnbox cannot listen on ${options.host}:${port}: ${error.message}; choose another ${choice} or --host\n`,
  )
  return 69
}

const unavailable: ReadonlySet<unknown> = new Set(['EADDRINUSE', 'EACCES', 'EADDRNOTAVAIL', 'ENOTFOUND'])

// After a second signal nobody waits for long.
const killPatienceMs = 300
