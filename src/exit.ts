// How and why an instance ended or could not be loaded, and the fault for its callers.

import { Fault } from './errors.ts'
import type { UserError } from './wire/frames.ts'

/** How a process ended. */
export type Exit =
  | { readonly type: 'exited'; readonly code: number }
  | { readonly type: 'signalled'; readonly signal: string }
  /** the interpreter could not be started at all */
  | { readonly type: 'unstartable'; readonly cause: Error }

/** The end of a process that was killed, before the system reports it. */
export const killed: Exit = { type: 'signalled', signal: 'SIGKILL' }

/** Why the supervisor ended a process; without one it ended by itself. */
export type EndCause =
  | { readonly type: 'stopped' }
  | { readonly type: 'load-failed' }
  /** an invocation passed its deadline */
  | { readonly type: 'expired' }
  | { readonly type: 'memory' }
  /** a job that it runs could not be stopped (jobs.md CTL-3) */
  | { readonly type: 'unstoppable' }
  /** it closed the channel, or broke the protocol */
  | { readonly type: 'channel' }

/**
 * The fault of the invocations that a process left without an answer (yandex.md F-9, F-10, F-13).
 * @param outOfMemory whether V8 has reported that its heap is full, or the kernel has killed the process for memory
 */
export function faultOfEnd(cause: EndCause | undefined, exit: Exit, outOfMemory: boolean): Fault {
  switch (cause?.type) {
    case 'stopped':
      return new Fault('draining', 'Service Unavailable')
    case 'memory':
      return new Fault('out_of_memory', 'Function process ran out of memory')
    case 'expired':
    case 'unstoppable':
      return new Fault('process_exit', `${withoutAnswer}: signal SIGKILL`) // yandex.md F-13, however it went in the end
    case 'load-failed':
    case 'channel':
    case undefined:
      if (outOfMemory) return new Fault('out_of_memory', 'Function process ran out of memory')
      return new Fault('process_exit', `${withoutAnswer}: ${describeExit(exit)}`)
    default:
      return cause satisfies never
  }
}

/** The fault of a load error that the language reports; its type and message stay the language's own (yandex.md F-2, H-17). */
export function toLoadFault({ errorMessage, errorType, stackTrace }: UserError): Fault {
  const details = stackTrace === undefined ? { errorType } : { errorType, body: { stackTrace } }
  return new Fault('load_failed', errorMessage, details)
}

/** The fault of a load that failed: the death of the process counts as a load error. */
export function asLoadFault(fault: Fault): Fault {
  const { code, message: errorMessage, errorType } = fault
  const died = code === 'process_exit' || code === 'out_of_memory'
  return died ? toLoadFault({ errorMessage, errorType }) : fault
}

/** How a process ended, in the words of yandex.md F-9. */
export function describeExit(exit: Exit): string {
  switch (exit.type) {
    case 'exited':
      return `exit code ${exit.code}`
    case 'signalled':
      return `signal ${exit.signal}`
    case 'unstartable':
      return `it could not be started (${exit.cause.message}); ${toRemedy(exit.cause)}`
    default:
      return exit satisfies never
  }
}

function toRemedy({ code = '' }: NodeJS.ErrnoException): string {
  return remedies[code] ?? 'install the interpreter or name it with --python'
}

const remedies: Readonly<Record<string, string>> = {
  EMFILE: 'raise the limit of open files of the server (ulimit -n)',
  ENFILE: 'raise the limit of open files of the machine',
  EAGAIN: 'raise the limit of processes of its user or container (ulimit -u)',
  ENOMEM: 'give the machine or the container more memory',
}

const withoutAnswer = 'Function process exited without answering'

/** The fault of a language's runtime that belongs to another release than the server. */
export function otherRelease(version: number, expected: number): Fault {
  const versions = `version ${version} of the protocol, the server version ${expected}`
  return new Fault('internal', `The language's runtime speaks ${versions}; install both from one release`)
}
