// A receiver of completion messages: what a webhook and a queue have in common.

import type { JobWithInput } from '../model/job.ts'

/** Takes the message about a job's end. */
export interface Receiver {
  /** what it is and where, for log lines: without credentials, path and query */
  readonly name: string
  /**
   * Tries once. Settles soon after the signal was aborted.
   * @throws Error whose message says what went wrong, without any secret; RefusedError when another try cannot help
   */
  readonly send: (job: JobWithInput, signal: AbortSignal) => Promise<void>
}

/** A message that no further try will deliver. */
export class RefusedError extends Error {
  override readonly name = 'RefusedError'
}
