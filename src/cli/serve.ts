// fnbox serve: the server from its start to its orderly end (interface.md §6).

import { App } from '../app.ts'
import type { Config } from '../config.ts'
import { logEvents } from '../log.ts'
import type { Host } from './host.ts'

/** Serves until a signal comes. Returns the exit code. */
export async function serve(config: Config, host: Host): Promise<number> {
  const app = new App(config)
  const flush = logEvents(app.events, {
    format: config.options['log-format'] ?? (process.stdout.isTTY ? 'text' : 'json'),
    level: config.options['log-level'],
    descriptor: 1,
  })
  const signalled = stopOnSignal(app, host, flush)
  try {
    await app.serve()
  } catch (error) {
    return refuseToListen(error, config)
  }
  await signalled
  flush()
  return 0
}

// The first signal drains, the second one ends everything at once.
function stopOnSignal(app: App, host: Host, flush: () => void): Promise<void> {
  return new Promise((stopped) => {
    let signals = 0
    for (const signal of ['SIGTERM', 'SIGINT'] as const) {
      host.onSignal(signal, () => {
        signals++
        if (signals === 1) {
          app.events.emit('draining', { signal })
          void app.stop().then(stopped)
        } else {
          const exit = (): void => {
            flush()
            host.exit(signal === 'SIGTERM' ? 143 : 130)
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
