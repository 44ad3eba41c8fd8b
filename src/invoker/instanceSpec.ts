// What an instance is started from, and whom it tells of its changes.

import type { Fault } from '../errors.ts'
import type { FrameToInstance } from '../wire/frames.ts'
import type { EndCause, Exit } from '../exit.ts'
import type { Command } from './handler/languages.ts'
import type { MemoryLimit } from './process/memoryLimit.ts'
import type { Permits } from '../wire/permits.ts'
import type { CallLimits } from './slots.ts'
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

/** Whom an instance tells of its changes: the pool. */
export interface InstanceListener {
  onLoaded: (language: string) => void
  /** instead of `onLoaded`; the instance ends by itself */
  onLoadFailed: (fault: Fault) => void
  /** a slot has become free, or calls may be sent ahead */
  onRoom: () => void
  /** it serves well but should be replaced: it has closed its output, so what it writes is lost */
  onWorn: () => void
  /** it takes no invocation any more; `cause` is undefined when its process ended by itself. Comes once. */
  onLeft: (from: InstanceState, cause: EndCause | undefined, exit: Exit | undefined) => void
}
