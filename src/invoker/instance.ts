// One process with the function loaded. Owns the state of that process; the invocations that it runs are in calls.ts.

import { Fault } from '../errors.ts'
import type { Events } from '../events.ts'
import { Channel, type ChannelEnd } from '../wire/channel.ts'
import { protocolVersion, type FrameFromInstance, type FrameToInstance } from '../wire/frames.ts'
import type { CallRequest, Ending } from './call.ts'
import { Calls } from './calls.ts'
import { ChildProcess as Child, exitGraceMs, noticeMs, stopGraceMs } from './process/childProcess.ts'
import { asLoadFault, faultOfEnd, killed, toLoadFault, type EndCause, type Exit } from '../exit.ts'
import type { InstanceListener, InstanceSpec } from './instanceSpec.ts'
import { MemorySigns } from './process/oom.ts'
import { Output } from './output.ts'
import { PeakMemory } from './process/peakMemory.ts'
import type { ProcessTree as Family } from './process/processTree.ts'
import { Seats, type Lease } from './slots.ts'
import { move, type InstanceState } from './instanceState.ts'
import { afterTurn } from './turn.ts'

/** A child process that serves invocations. It is ended when it breaks a rule of PROTOCOL.md or passes a limit. */
export class Instance {
  readonly id: string
  /** settles when the process and its descendants have ended */
  readonly ended: Promise<Exit>
  readonly #spec: InstanceSpec
  readonly #events: Events
  readonly #listener: InstanceListener
  readonly #child: Child
  readonly #channel: Channel
  readonly #output: Output
  readonly #peak: PeakMemory
  readonly #calls = new Calls()
  readonly #seats: Seats
  #state: InstanceState = 'loading'
  #language = ''
  #cause: EndCause | undefined
  readonly #memorySigns: MemorySigns
  readonly #loading: NodeJS.Timeout
  #loadSettled = false
  #hasServed = false
  #lastSent: FrameToInstance | undefined
  readonly #startedAt = performance.now()
  // Told to the first lease, and to no other.
  #initMs: number | undefined
  #idleSince = performance.now()

  constructor(spec: InstanceSpec, events: Events, listener: InstanceListener) {
    this.id = spec.id
    this.#spec = spec
    this.#events = events
    this.#listener = listener
    this.#memorySigns = new MemorySigns(spec.kernelKills)
    this.#output = new Output(
      spec.id,
      () => this.#seats.speaker,
      (text) => this.#memorySigns.hear(text),
      events,
    )
    this.#seats = new Seats(spec.load.concurrency, {
      onSpoken: () => this.#output.flush(),
      onFreed: () => this.#seatFreed(),
    })
    this.#child = new Child({
      ...spec.command,
      cwd: spec.load.root,
      env: spec.env,
      mark: spec.mark,
      onOutput: (stream, bytes) => this.#output.read(stream, bytes),
      onOutputClosed: () => this.#outputClosed(),
    })
    this.ended = this.#child.ended
    this.#peak = new PeakMemory(this.#child.pid)
    this.#channel = new Channel(this.#child.channel, {
      onFrame: (frame, body) => this.#take(frame, body),
      onEnd: (end) => this.#channelEnded(end),
    })
    spec.beforeLoad()
    this.#channel.send({ type: 'load', version: protocolVersion, ...spec.load })
    this.#loading = setTimeout(() => this.#loadTimedOut(), spec.initTimeoutMs)
    this.#watch()
  }

  get state(): InstanceState {
    return this.#state
  }

  /** How many invocations it takes at a time. */
  get seats(): number {
    return this.#seats.count
  }

  /** How many more leases it can give now. */
  get room(): number {
    const open = this.#state === 'idle' || this.#state === 'busy'
    return open ? this.#seats.free : 0
  }

  /** Milliseconds since the last lease came back. */
  get idleMs(): number {
    return performance.now() - this.#idleSince
  }

  /** Its processes; undefined when it could not be started. */
  get family(): Family | undefined {
    const { pid } = this.#child
    return pid === undefined ? undefined : { leader: pid, mark: this.#spec.mark }
  }

  /** Gives a lease. There must be room. */
  lease(): Lease {
    if (this.#state === 'idle') this.#state = move(this.#state, 'busy')
    const initMs = this.#initMs
    this.#initMs = undefined
    const cold = initMs === undefined ? {} : { initMs }
    const peakMemory = (): number | undefined => this.#peak.readRecent()
    return this.#seats.take({ instance: this.id, ...cold, peakMemory }, (request) => this.#run(request))
  }

  /** Takes no new invocation, finishes what it runs, then stops. */
  retire(): void {
    if (this.#state !== 'busy') return this.stop()
    this.#leave('retiring', undefined)
  }

  /** Asks the process to end, and makes it end after the grace time (interface.md §6). May be called in any state. */
  stop(): void {
    const { notice } = this.#spec
    if (this.#leave('stopping', { type: 'stopped' }) && notice !== undefined) this.#child.signal(notice)
    this.#killAfter(notice === undefined ? 0 : stopGraceMs)
  }

  /** Ends the process now; its running invocations are told the cause. The first cause counts. */
  end(cause: EndCause): void {
    this.#peak.read() // afterwards nobody knows
    this.#leave('stopping', cause)
    this.#killAfter(cause.type === 'expired' ? noticeMs : 0)
  }

  #run(request: CallRequest): Promise<Ending> {
    this.#hasServed = true
    return this.#calls.run(request, {
      send: (frame, body, onUndelivered) => {
        this.#lastSent = frame
        this.#channel.send(frame, body, onUndelivered)
      },
      onExpired: () => this.#expire(),
      onUndelivered: () => this.#giveBack(request.id),
      onUnstoppable: (heard) => this.#giveUp(heard),
    })
  }

  #seatFreed(): void {
    if (this.#seats.empty) {
      this.#idleSince = performance.now()
      if (this.#state === 'busy') this.#state = move(this.#state, 'idle')
      if (this.#state === 'retiring') this.stop()
    }
    this.#listener.onRoom()
  }

  // Whether it is this call that made the instance leave.
  #leave(to: 'retiring' | 'stopping' | 'gone', cause: EndCause | undefined, exit?: Exit): boolean {
    const from = this.#state
    if (from === to || from === 'gone' || (from === 'stopping' && to === 'retiring')) return false
    this.#state = move(from, to)
    clearTimeout(this.#loading)
    if (to === 'stopping') this.#cause = cause
    if (from !== 'retiring' && from !== 'stopping') this.#listener.onLeft(from, cause, exit)
    return true
  }

  #killAfter(ms: number): void {
    if (ms === 0) return this.#child.signal('SIGKILL')
    const timer = setTimeout(() => this.#child.signal('SIGKILL'), ms)
    void this.#child.exited.then(() => clearTimeout(timer))
  }

  #watch(): void {
    const { memory, id } = this.#spec
    this.#events.emit('instance-started', { instance: id, pid: this.#child.pid })
    const watch =
      this.family && memory?.watch.watch(this.family, memory.limit, () => this.end({ type: 'memory' }))
    void this.#child.exited.then((exit) => {
      watch?.stop()
      this.#peak.close()
      if (this.#cause?.type !== 'stopped') this.#failLoad(this.#faultOf(exit))
      this.#leave('gone', undefined, exit)
    })
    void this.#child.ended.then((exit) => this.#settleAll(exit))
  }

  // By now every frame that the process has sent was taken: what is still open will never be answered.
  #settleAll(exit: Exit): void {
    this.#channel.close()
    this.#output.end()
    const fault = this.#faultOf(exit)
    this.#events.emit('instance-gone', { instance: this.id, exit, cause: this.#cause, code: fault.code })
    this.#calls.loseAll(fault, exit)
  }

  #faultOf(exit: Exit): Fault {
    return faultOfEnd(this.#cause, exit, this.#memorySigns.explain(this.#cause, exit))
  }

  #take(frame: FrameFromInstance, body: Buffer): void {
    switch (frame.type) {
      case 'hello':
        return this.#greet(frame.version, `${frame.language} ${frame.languageVersion}`)
      case 'loaded':
        // What the module wrote while it was loaded belongs to no invocation.
        return afterTurn(() => this.#loaded())
      case 'load-failed':
        return this.#failLoad(toLoadFault(frame.error))
      case 'seats':
        return this.#seats.resize(Math.min(frame.count, this.#spec.mostSeats ?? frame.count))
      case 'returned':
      case 'oversized':
      case 'threw':
      case 'chunk':
      case 'ended':
      case 'cancelling':
      case 'progress':
        if ('refresh' in frame) this.retire()
        return this.#calls.take(frame, body)
      default:
        frame satisfies never
    }
  }

  #greet(version: number, language: string): void {
    this.#language = language
    if (version === protocolVersion) return
    const versions = `version ${version} of the protocol, the server version ${protocolVersion}`
    this.#failLoad(
      new Fault('internal', `The language's runtime speaks ${versions}: they are not of one release`),
    )
  }

  #loaded(): void {
    if (this.#state !== 'loading') return
    clearTimeout(this.#loading)
    this.#loadSettled = true
    this.#state = move(this.#state, 'idle')
    this.#initMs = performance.now() - this.#startedAt
    this.#output.flush()
    this.#peak.read() // known from now on, however the process ends
    this.#listener.onLoaded(this.#language)
  }

  #loadTimedOut(): void {
    const message = `Function was not loaded within ${this.#spec.initTimeoutMs} ms`
    this.#failLoad(new Fault('load_timeout', message))
  }

  // Also when it was ended while it loaded: somebody waits to hear why there is no function.
  #failLoad(fault: Fault): void {
    if (this.#loadSettled) return
    this.#loadSettled = true
    this.#listener.onLoadFailed(asLoadFault(fault))
    this.end({ type: 'load-failed' })
  }

  #channelEnded(end: ChannelEnd): void {
    if (end.type === 'broken')
      this.#events.emit('trouble', { what: `${this.id} has broken the protocol`, cause: end.reason })
    if (end.type === 'unread' && this.#lastSent?.type === 'invoke') this.#giveBack(this.#lastSent.id)
    if (end.type === 'broken') return this.end({ type: 'channel' })
    // A process that ends closes its channel first: its exit code is on the way. Whoever still waits for an answer has
    // time until the deadline.
    const timer = setTimeout(() => this.#calls.size > 0 || this.end({ type: 'channel' }), exitGraceMs)
    void this.#child.exited.then(() => clearTimeout(timer))
  }

  // Closed by the module it is the function's way of being silent; closed by an invocation it is damage.
  #outputClosed(): void {
    if (this.#hasServed) this.#listener.onWorn()
  }

  // One deadline ends every invocation of the process (yandex.md S-4, F-13); they need not wait to see it die.
  #expire(): void {
    const cause = { type: 'expired' } as const
    this.end(cause)
    this.#calls.loseAll(faultOfEnd(cause, killed, false), killed)
  }

  // What runs beside a job that has heard may go on; nothing new begins there (jobs.md CTL-4).
  #giveUp(heard: boolean): void {
    if (heard && this.#calls.size > 1) this.retire()
    else this.end({ type: 'unstoppable' })
  }

  #giveBack(id: string): void {
    this.#calls.giveBack(id)
    this.end({ type: 'channel' })
  }
}
