// What the operator has chosen for the jobs API (jobs.md §9). Owns nothing.

/** Durations are in milliseconds, sizes in bytes. */
export interface JobSettings {
  /** most bytes of a request to `/run` */
  readonly limit: number
  /** most bytes of a request to `/runsync` */
  readonly syncLimit: number
  /** of one attempt, when the request names none */
  readonly executionTimeoutMs: number
  /** of a job that is not terminal, when the request names none */
  readonly ttlMs: number
  /** of a terminal job of `/run` */
  readonly retentionMs: number
  /** of a terminal job of `/runsync` */
  readonly syncRetentionMs: number
  /** how long `/stream` waits for something to deliver, when the request does not say */
  readonly streamHoldMs: number
  /** the state that the JSON answers of `/stream` show for CANCELLED (jobs.md STR-7) */
  readonly cancelledAs: 'CANCELLED' | 'FAILED'
  /** the only endpoint that is served below `/v2/`; undefined: any (jobs.md A-1) */
  readonly endpointId: string | undefined
  /** whether the entry is a script: then the root belongs to the jobs API (jobs.md A-11) */
  readonly isScript: boolean
}
