// The process that a command runs in, as far as the command may touch it.

/** What a command may do to the process that it runs in; the process itself belongs to main.ts. */
export interface Host {
  /** Ends the process at once. */
  exit: (code: number) => never
  onSignal: (name: 'SIGTERM' | 'SIGINT', listener: () => void) => void
}
