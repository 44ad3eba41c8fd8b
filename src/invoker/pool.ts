// The instances of one function: how many there are, which one is free, what replaces one that has gone.
// Owns the set of instances.

import { asFault, type Fault } from '../errors.ts'
import type { Events } from '../events.ts'
import { faultOfEnd, killed, type EndCause, type Exit } from '../exit.ts'
import type { Instance } from './instance.ts'
import type { Launch } from './launch.ts'
import { measureTrees } from './process/memoryLimit.ts'
import type { CallListener } from './instanceSpec.ts'
import { transitions, type InstanceState } from './instanceState.ts'
import { StartBackoff } from './startBackoff.ts'

/** How many instances there may be. */
export interface PoolLimits {
  readonly most: number
  /** kept loaded, also without invocations */
  readonly least: number
  /** invocations at a time in one instance */
  readonly concurrency: number
  /** milliseconds; an instance beyond `least` ends after one to two times this long without an invocation */
  readonly longestIdleMs: number
}

/** Whether invocations can be served, for readiness (interface.md §4). */
export interface PoolStatus {
  readonly status: 'ready' | 'starting' | 'failed'
  readonly reason?: string
  readonly idle: number
  readonly busy: number
}

/** Keeps instances loaded, and gives them calls. */
export class Pool {
  readonly limits: PoolLimits
  /** called when a call may be started, or none will be soon; set by the admission */
  onChange: () => void = () => {}
  /** who is told of the calls; set by the invoker before any is started */
  calls: CallListener | undefined
  readonly #launch: Launch
  readonly #events: Events
  readonly #instances = new Set<Instance>()
  readonly #startBackoff = new StartBackoff()
  #retry: NodeJS.Timeout | undefined
  #reaper: NodeJS.Timeout | undefined
  #stopped = false

  constructor(launch: Launch, limits: PoolLimits, events: Events) {
    this.#launch = launch
    this.limits = limits
    this.#events = events
  }

  /** Starts the provisioned instances. */
  start(): void {
    if (this.#stopped) return
    this.#reaper = setInterval(() => this.#endSurplus(), this.limits.longestIdleMs).unref()
    this.#provide(this.limits.least)
  }

  /** Ends every instance; settles when no process is left. May be called twice, or before `start`. */
  async stop(): Promise<void> {
    this.#close()
    for (const each of this.#instances) each.stop()
    await this.#emptied()
  }

  /** Ends every process at once; settles when none is left. */
  async kill(): Promise<void> {
    this.#close()
    for (const each of this.#instances) each.end({ type: 'stopped' })
    await this.#emptied()
  }

  /** The instance with the most free slots; undefined when there is none now. */
  findRoom(): Instance | undefined {
    let best: Instance | undefined
    let most = 0
    for (const each of this.#instances) {
      const { room } = each
      if (room <= most) continue
      best = each
      most = room
    }
    return best
  }

  /**
   * The instance that most calls may be sent ahead to; undefined when there is none now.
   * @param shares calls that are about to be sent
   */
  findRoomAhead(shares: ReadonlyMap<Instance, readonly unknown[]>): Instance | undefined {
    let best: Instance | undefined
    let most = 0
    for (const each of this.#instances) {
      const room = each.roomAhead - (shares.get(each)?.length ?? 0)
      if (room <= most) continue
      best = each
      most = room
    }
    return best
  }

  /** Makes sure that instances come for so many waiting invocations, within the limits. */
  want(waiting: number): void {
    if (waiting === 0) return
    const { most, concurrency } = this.limits
    const wanted = this.#count(isLoaded) + Math.ceil(waiting / concurrency)
    this.#provide(Math.min(most, wanted))
  }

  /** Why no instance will come soon; undefined while waiting makes sense. */
  get hopeless(): Fault | undefined {
    if (this.#startBackoff.fault === undefined || !this.#startBackoff.hopeless) return undefined
    return this.#count(isLoaded) === 0 ? this.#startBackoff.fault : undefined
  }

  /** Notes that a call came back: the function can be started again. */
  noteSuccess(): void {
    if (this.#startBackoff.fault !== undefined) this.#startBackoff.clear()
  }

  /** Whether no instance is there or on its way. */
  get isEmpty(): boolean {
    return this.#count(isWanted) === 0
  }

  get status(): PoolStatus {
    const idle = this.#in('idle').length
    const busy = this.#in('busy').length
    if (idle + busy > 0) return { status: 'ready', idle, busy }
    if (this.#startBackoff.fault !== undefined)
      return { status: 'failed', reason: this.#startBackoff.fault.message, idle, busy }
    // With --min-instances 0 nothing is loaded before the first call, and the server is ready for that.
    return { status: this.limits.least === 0 ? 'ready' : 'starting', idle, busy }
  }

  /** Most invocations at a time in one instance, as they are now: a script may change it. */
  get slots(): number {
    return Math.max(0, ...[...this.#instances].map((each) => each.slots))
  }

  /** How many instances are in each state. */
  get countByState(): Readonly<Record<InstanceState, number>> {
    const states = Object.keys(transitions) as InstanceState[] // the table has a row for each state
    return Object.fromEntries(states.map((each) => [each, this.#in(each).length])) as Record<
      InstanceState,
      number
    > // see above
  }

  /** Bytes that the processes of the largest instance hold now; 0 without instances or without /proc. */
  async largestMemory(): Promise<number> {
    const trees = [...this.#instances].flatMap(({ processes }) => processes ?? [])
    return Math.max(0, ...(await measureTrees(trees)))
  }

  #in(...states: readonly InstanceState[]): readonly Instance[] {
    return [...this.#instances].filter((each) => states.includes(each.state))
  }

  #count(isCounted: (instance: Instance) => boolean): number {
    let count = 0
    for (const each of this.#instances) if (isCounted(each)) count++
    return count
  }

  #provide(count: number): void {
    let missing = count - this.#count(isWanted)
    if (missing <= 0 || this.#stopped || this.#startBackoff.pausing) return
    for (; missing > 0; missing--) this.#add()
  }

  #add(replaces?: Instance): void {
    const started = performance.now()
    try {
      const listener = {
        onLoaded: (language: string) => {
          const loadMs = performance.now() - started
          this.#events.emit('instance-loaded', { instance: instance.id, language, loadMs })
          replaces?.retire()
          this.onChange()
        },
        onLoadFailed: (fault: Fault) => this.#pause(fault),
        onRoom: () => this.onChange(),
        onReplacementNeeded: () => this.#renew(instance),
        onLeft: (from: InstanceState, cause: EndCause | undefined, exit: Exit | undefined) =>
          this.#left(from, cause, exit),
      }
      const instance: Instance = this.#launch(listener, this.#callListener)
      this.#instances.add(instance)
      void instance.ended.then(() => this.#instances.delete(instance))
    } catch (error) {
      this.#pause(asFault(error))
    }
  }

  get #callListener(): CallListener {
    if (this.calls === undefined) throw new Error('a pool needs a listener for its calls before it starts')
    return this.calls
  }

  #left(from: InstanceState, cause: EndCause | undefined, exit: Exit | undefined): void {
    if (from === 'loading') return // `onLoadFailed` tells why
    // Ended without having been called: the next one may do the same.
    if (from === 'idle' && cause?.type !== 'stopped')
      return this.#pause(faultOfEnd(cause, exit ?? killed, false))
    this.#provide(this.limits.least)
    this.onChange()
  }

  #renew(worn: Instance): void {
    if (!this.#stopped && (worn.state === 'idle' || worn.state === 'busy')) this.#add(worn)
  }

  #pause(fault: Fault): void {
    if (this.#stopped) return this.onChange()
    const pauseMs = this.#startBackoff.noteFailure(fault)
    this.#events.emit('start-failed', { fault, pauseMs })
    clearTimeout(this.#retry)
    this.#retry = setTimeout(() => {
      this.#startBackoff.resume()
      this.#provide(this.limits.least)
      this.onChange()
    }, pauseMs)
    this.onChange()
  }

  #endSurplus(): void {
    const surplus = this.#in('idle', 'busy').length - this.limits.least // who still loads may never get there
    const idle = this.#in('idle').filter((each) => each.idleMs > this.limits.longestIdleMs)
    for (const each of idle.slice(0, Math.max(0, surplus))) each.retire()
  }

  #close(): void {
    this.#stopped = true
    clearTimeout(this.#retry)
    clearInterval(this.#reaper)
  }

  async #emptied(): Promise<void> {
    await Promise.all([...this.#instances].map((each) => each.ended))
  }
}

function isLoaded({ state }: Instance): boolean {
  return state === 'idle' || state === 'busy'
}

function isWanted({ state }: Instance): boolean {
  return state === 'loading' || state === 'idle' || state === 'busy'
}
