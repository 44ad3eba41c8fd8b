// The process that a command runs in, as far as the command may touch it.

import type { App } from '../app.ts'

/** What a command may do to the process that it runs in; the process itself belongs to main.ts. */
export interface Host {
  /** Ends the process at once. */
  exit: (code: number) => never
  onSignal: (name: 'SIGTERM' | 'SIGINT', listener: () => void) => void
}

/**
 * Ends a command that nobody waits for any more, and everything that it has started.
 * @param flush hands over the log lines that are still here
 */
export function endOnSignal(app: App, host: Host, flush: () => Promise<unknown> = async () => {}): void {
  for (const [signal, code] of [['SIGTERM', 143] as const, ['SIGINT', 130] as const]) {
    host.onSignal(signal, () => {
      void app
        .kill()
        .then(() => app.invoker.idle())
        .then(flush)
        .then(() => host.exit(code))
    })
  }
}
