// The events of the program, from which log lines (log/log.ts) and metrics (metrics.ts) are made.

import { EventEmitter } from 'node:events'
import type { EndCause, Exit } from './exit.ts'
import type { Outcome, Timing } from './invocation.ts'
import type { Fault, FaultCode } from './errors.ts'

/** A line that the function wrote; without `requestId` when it belongs to no single invocation. */
export interface FunctionLine {
  readonly instance: string
  readonly requestId?: string
  readonly stream: 'stdout' | 'stderr'
  readonly text: string
  /** false: a piece of a line that is too long for one record */
  readonly whole: boolean
}

interface EventMap {
  /** `adminUrl`: where the routes below `/_/` are, when they have a port of their own */
  listening: [{ readonly url: string; readonly adminUrl?: string }]
  /** the first instance is loaded; without `url` nothing listens */
  ready: [
    {
      readonly handler: string
      /** whether it runs jobs only */
      readonly isScript: boolean
      readonly language: string
      readonly loadMs: number
      readonly url: string | undefined
      /** what a call with curl needs, with a space behind it */
      readonly curlFlags: string
    },
  ]
  /** --job-store memory: jobs end with the server */
  'jobs-not-kept': []
  draining: [{ readonly signal: string }]
  stopped: []
  'instance-started': [{ readonly instance: string; readonly pid: number | undefined }]
  'instance-loaded': [{ readonly instance: string; readonly language: string; readonly loadMs: number }]
  /** an instance could not be loaded, or ended before its first call; the next one starts after the pause */
  'start-failed': [{ readonly fault: Fault; readonly pauseMs: number }]
  /** `cause`: why it was ended, undefined when it ended by itself; `code`: the fault of its unfinished calls */
  'instance-gone': [
    {
      readonly instance: string
      readonly exit: Exit
      readonly cause: EndCause | undefined
      readonly code: FaultCode
    },
  ]
  'function-wrote': [FunctionLine]
  /** so much of the function's output was dropped (interface.md §7) */
  'output-dropped': [{ readonly instance: string; readonly requestId?: string; readonly bytes: number }]
  'invocation-arrived': [{ readonly requestId: string }]
  /** it reached its first instance; comes before everything that the function writes for it */
  'invocation-started': [
    { readonly requestId: string; readonly jobId?: string | undefined; readonly instance: string },
  ]
  /** comes after everything that the function wrote for it; without `instance` when it reached none */
  'invocation-ended': [
    {
      readonly requestId: string
      /** the job that it was an attempt of */
      readonly jobId?: string | undefined
      readonly instance?: string | undefined
      readonly outcome: Outcome
      readonly timing: Timing
      /** reads the peak memory of the instance so far, in bytes; undefined without /proc */
      readonly peakMemory?: (() => number | undefined) | undefined
    },
  ]
  /** answered with a fault by the endpoint: the request could not be run, or its result made no answer */
  'request-refused': [{ readonly requestId?: string; readonly fault: Fault }]
  /** nobody will be told of this job's end: `receiver` did not take the message */
  'delivery-given-up': [
    {
      readonly jobId: string
      /** what it is and where, without credentials */
      readonly receiver: string
      readonly tries: number
      readonly reason: string
    },
  ]
  /** a bug of ours, or a condition of the machine, that no caller is told about */
  trouble: [{ readonly what: string; readonly cause: unknown }]
  /** what was announced as trouble has passed */
  'trouble-over': [{ readonly what: string }]
}

/** The emitter of these events, one for each application. */
export class Events extends EventEmitter<EventMap> {}
