// The answer of `/health`, for the tests.

/** see jobs.md CTL-7 to CTL-9 */
export interface Health {
  readonly jobs: Readonly<Record<'completed' | 'failed' | 'inProgress' | 'inQueue' | 'retried', number>>
  readonly workers: Readonly<
    Record<'idle' | 'initializing' | 'ready' | 'running' | 'throttled' | 'unhealthy', number>
  >
  readonly lastError?: string
}
