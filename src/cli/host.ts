// The process that a command runs in, as far as the command may touch it.

import type { App } from '../app.ts'

/** Signals that ask us to end, and what a shell calls an end by them. SIGHUP: the terminal has gone. */
export const exitCodes = { SIGTERM: 143, SIGINT: 130, SIGHUP: 129 } as const

export const signals = Object.keys(exitCodes) as (keyof typeof exitCodes)[] // of an object that has no others

/** What a command may do to the process that it runs in; the process itself belongs to main.ts. */
export interface Host {
  /** Ends the process at once. */
  exit: (code: number) => never
  onSignal: (name: keyof typeof exitCodes, listener: () => void) => void
}

/**
 * Ends a command that nobody waits for any more, and everything that it has started.
 * @param flush hands over the log lines that are still here
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
