// What an instance is started from, and who is told of its changes and of its calls.

import type { Fault } from '../errors.ts'
import type { Call, CallHost, Outcome } from '../invocation.ts'
import type { FrameToInstance } from '../wire/frames.ts'
import type { EndCause, Exit } from '../exit.ts'
import type { Command } from './handler/languages.ts'
import type { MemoryLimit } from './process/memoryLimit.ts'
import type { Permits } from '../wire/permits.ts'
import type { TokenSource } from './token/source.ts'
import type { InstanceState } from './instanceState.ts'

/** Everything that one instance is started from. */
export interface InstanceSpec {
  readonly id: string
  readonly command: Command
  readonly env: Readonly<Record<string, string>>
  /** see ChildSpec */
  readonly mark: string
  /** what its function needs from the start: done while the process starts */
  readonly beforeLoad: () => void
  readonly load: Omit<Extract<FrameToInstance, { type: 'load' }>, 'type' | 'version'>
  readonly initTimeoutMs: number
  readonly calls: CallLimits
  /** undefined: no call is sent ahead; closed by the instance when it has ended */
  readonly permits: Permits | undefined
  /** bound of what a script asks for (jobs.md W-13); undefined: none */
  readonly mostSlots?: number
  /** what tells the process that it will be ended; undefined: nothing does (yandex.md E-16) */
  readonly notice: 'SIGTERM' | 'SIGINT' | undefined
  /** undefined: not enforced */
  readonly memory?: { readonly limit: number; readonly watch: MemoryLimit }
  /** see `countKernelKills` */
  readonly kernelKills: () => number
}

/** Receives the state changes of an instance; implemented by the pool. */
export interface InstanceListener {
  onLoaded: (language: string) => void
  /** instead of `onLoaded`; the instance ends by itself */
  onLoadFailed: (fault: Fault) => void
  /** a slot has become free, or calls may be sent ahead */
  onRoom: () => void
  /** it serves well but should be replaced: it has closed its output, so what it writes is lost */
  onReplacementNeeded: () => void
  /** it takes no invocation any more; `cause` is undefined when its process ended by itself. Comes once. */
  onLeft: (from: InstanceState, cause: EndCause | undefined, exit: Exit | undefined) => void
}

/** What holds for every call. */
export interface CallLimits {
  readonly timeoutMs: number
  /** most bytes of a result's JSON text */
  readonly responseLimit: number
  /** where the token comes from that a call is given at its start; undefined: there is none */
  readonly tokens: Pick<TokenSource, 'current'> | undefined
}

/** Receives the events of calls; implemented by the invoker. */
export interface CallListener {
  /** a call has reached an instance for the first time; nothing that the function wrote for it was announced before */
  onStarted: (call: Call, host: CallHost) => void
  onOutcome: (call: Call, outcome: Outcome) => void
  /** everything that the function wrote for it was announced; comes once for each instance that has begun it */
  onQuiet: (call: Call, host: CallHost) => void
  /** the instance had ended before it got the call: nothing was run */
  onUndelivered: (call: Call) => void
  /** the instance has ended without an answer */
  onLost: (call: Call, fault: Fault, exit: Exit) => void
  /** these were sent ahead, in this order, and will not begin here */
  onReturned: (calls: readonly Call[]) => void
}

/** What the calls need of their instance. */
export interface CallsHost extends CallHost {
  /** a slot has become free, or there is room for calls ahead */
  onRoom: () => void
  /** the deadline of a call has passed while the function was still running */
  onExpired: () => void
  /** the process cannot have taken the call */
  onUndelivered: () => void
  /** a stopped job was not heard, or still runs a good while after it was (jobs.md CTL-3, CTL-4) */
  onUnstoppable: (heard: boolean) => void
}
