// fnbox serve: the server from its start to its stop (interface.md §6). And what every command does at a signal and with its log.

import type { WriteStream } from 'node:tty'
import { App } from '../app.ts'
import type { Config } from '../config.ts'
import { logEvents } from '../log/log.ts'

/** What a command may do to the process that it runs in; the process itself belongs to main.ts. */
export interface Host {
  /** Ends the process at once. */
  exit: (code: number) => never
  onSignal: (name: keyof typeof exitCodes, listener: () => void) => void
}

/** Serves until a signal comes. Returns the exit code. */
export async function serve(config: Config, host: Host): Promise<number> {
  const app = new App(config)
  const flush = await logTo(process.stdout, app, config)
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

/**
 * Writes the log of an application.
 * @returns waits until it is written; false when the reader is too slow
 */
export function logTo(output: WriteStream, app: App, config: Config): Promise<() => Promise<boolean>> {
  const { 'log-format': format, 'log-level': level } = config.options
  return logEvents(app.events, {
    format: format ?? (output.isTTY ? 'text' : 'json'),
    level,
    output,
    function: config.function,
    environment: config.environment,
  })
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
          // a closing terminal sends that one twice
          const exit = (): void => {
            void flush() // writes what the reader can take now
            host.exit(exitCodes[signal])
          }
          setTimeout(exit, killGraceMs)
          void app.kill().then(exit)
        }
      })
    }
  })
}

/**
 * Ends a command at a signal, and everything that it has started.
 * @param flush writes the remaining log lines
 */
export function endOnSignal(app: App, host: Host, flush: () => Promise<unknown> = async () => {}): void {
  for (const signal of signals) {
    host.onSignal(signal, () => {
      void app
        .kill()
        .then(() => app.invoker.idle())
        .then(flush)
        .then(() => host.exit(exitCodes[signal]))
    })
  }
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

// Signals that stop the program, with the exit code of a shell for each. SIGHUP: the terminal has closed.
const exitCodes = { SIGTERM: 143, SIGINT: 130, SIGHUP: 129 } as const

const signals = Object.keys(exitCodes) as (keyof typeof exitCodes)[] // of an object that has no others

const unavailable: ReadonlySet<unknown> = new Set(['EADDRINUSE', 'EACCES', 'EADDRNOTAVAIL', 'ENOTFOUND'])

// How long the processes may take to end after a second signal.
const killGraceMs = 300
