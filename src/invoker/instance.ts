// One child process with the function loaded. Owns its state. Its calls are in instanceCalls.ts, its slots in slots.ts.

import { Fault } from '../errors.ts'
import type { Events } from '../events.ts'
import { Channel, type ChannelEnd } from '../wire/channel.ts'
import { protocolVersion, type FrameFromInstance } from '../wire/frames.ts'
import type { Call } from '../invocation.ts'
import { ChildProcess, exitGraceMs, noticeMs, stopGraceMs } from './process/childProcess.ts'
import { asLoadFault, faultOfEnd, otherRelease, toLoadFault, type EndCause, type Exit } from '../exit.ts'
import type { CallListener, CallsHost, InstanceListener, InstanceSpec } from './instanceSpec.ts'
import { MemorySigns } from './process/oom.ts'
import { afterTurn, Output } from './output/output.ts'
import { PeakMemory } from './process/peakMemory.ts'
import type { ProcessTree } from './process/processTree.ts'
import { InstanceCalls } from './instanceCalls.ts'
import { Slots } from './slots.ts'
import { transition, type InstanceState } from './instanceState.ts'

/** A child process that serves invocations. It is ended when it breaks a rule of PROTOCOL.md or passes a limit. */
export class Instance {
  readonly id: string
  /** settles when the process and its descendants have ended */
  readonly ended: Promise<Exit>
  readonly #spec: InstanceSpec
  readonly #events: Events
  readonly #listener: InstanceListener
  readonly #child: ChildProcess
  readonly #channel: Channel
  readonly #output: Output
  readonly #peak: PeakMemory
  readonly #slots: Slots
  readonly #calls: InstanceCalls
  #state: InstanceState = 'loading'
  #language = ''
  #cause: EndCause | undefined
  readonly #memorySigns: MemorySigns
  readonly #loading: NodeJS.Timeout
  #loadSettled = false
  #hasServed = false
  readonly #startedAt = performance.now()
  #initMs: number | undefined // told to the first call, and to no other
  #idleSince = performance.now()

  constructor(spec: InstanceSpec, events: Events, listener: InstanceListener, calls: CallListener) {
    this.id = spec.id
    this.#spec = spec
    this.#events = events
    this.#listener = listener
    this.#memorySigns = new MemorySigns(spec.kernelKills)
    this.#output = new Output(spec.id, spec.load.border, events, {
      onErrorLine: (text) => this.#memorySigns.noteErrorLine(text),
      onStart: (call) => this.#calls.started(call),
      onQuiet: (call) => this.#calls.quiet(call),
      onBordersMissing: () => this.#calls.stopAhead(),
    })
    this.#child = new ChildProcess({
      ...spec.command,
      cwd: spec.load.root,
      env: spec.env,
      mark: spec.mark,
      permits: spec.permits?.shared,
      onOutput: (stream, bytes) => this.#output.read(stream, bytes),
      onOutputEnd: (stream) => this.#output.close(stream),
      onOutputClosed: () => this.#outputClosed(),
    })
    this.ended = this.#child.ended
    this.#peak = new PeakMemory(this.#child.pid)
    this.#channel = new Channel(this.#child.channel, {
      onFrame: (frame, body) => this.#take(frame, body),
      onEnd: (end) => this.#channelEnded(end),
    })
    this.#slots = new Slots(spec.load.concurrency)
    this.#calls = new InstanceCalls(
      this.#slots,
      this.#toHost(listener),
      this.#channel,
      this.#output,
      spec.calls,
      calls,
      spec.permits,
    )
    spec.beforeLoad()
    this.#channel.send({ type: 'load', version: protocolVersion, ...spec.load })
    this.#loading = setTimeout(() => this.#loadTimedOut(), spec.initTimeoutMs)
    this.#watch()
  }

  get state(): InstanceState {
    return this.#state
  }

  /** How many calls it takes at a time. */
  get slots(): number {
    return this.#slots.count
  }

  /** How many more calls it can start now. */
  get room(): number {
    return this.#isOpen ? this.#slots.free : 0
  }

  /** How many more calls may be sent ahead now. */
  get roomAhead(): number {
    return this.#isOpen ? this.#calls.roomAhead : 0
  }

  /** Milliseconds since the last slot became free. */
  get idleMs(): number {
    return performance.now() - this.#idleSince
  }

  /** Its processes; undefined when it could not be started. */
  get processes(): ProcessTree | undefined {
    const { pid } = this.#child
    return pid === undefined ? undefined : { leader: pid, mark: this.#spec.mark }
  }

  /** Starts a call. There must be room. */
  start(call: Call): void {
    if (this.#state === 'idle') this.#state = transition(this.#state, 'busy')
    this.#hasServed = true
    call.initMs = this.#initMs
    this.#initMs = undefined
    this.#calls.start(call)
  }

  /** Sends calls ahead. @returns false when that is not possible after all */
  sendAhead(calls: readonly Call[]): boolean {
    return this.#calls.sendAhead(calls)
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
    this.#peak.read() // it cannot be read afterwards
    this.#leave('stopping', cause)
    this.#killAfter(cause.type === 'expired' ? noticeMs : 0)
  }

  get #isOpen(): boolean {
    return this.#state === 'idle' || this.#state === 'busy'
  }

  #toHost({ onRoom }: InstanceListener): CallsHost {
    return {
      id: this.id,
      peakMemory: () => this.#peak.readRecent(),
      onRoom: () => {
        this.#noteRoom()
        onRoom()
      },
      onExpired: () => this.end({ type: 'expired' }),
      onUndelivered: () => this.end({ type: 'channel' }),
      onUnstoppable: (heard) => this.#endUnstoppable(heard),
    }
  }

  #noteRoom(): void {
    if (!this.#slots.empty) return
    this.#idleSince = performance.now()
    if (this.#state === 'busy') this.#state = transition(this.#state, 'idle')
    if (this.#state === 'retiring') this.stop()
  }

  // Whether it is this call that made the instance leave.
  #leave(to: 'retiring' | 'stopping' | 'gone', cause: EndCause | undefined, exit?: Exit): boolean {
    const from = this.#state
    if (from === to || from === 'gone' || (from === 'stopping' && to === 'retiring')) return false
    this.#state = transition(from, to)
    clearTimeout(this.#loading)
    if (to === 'stopping') this.#cause = cause
    this.#calls.leave(to === 'gone')
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
      this.processes && memory?.watch.watch(this.processes, memory.limit, () => this.end({ type: 'memory' }))
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
    this.#output.stop()
    const fault = this.#faultOf(exit)
    this.#events.emit('instance-gone', { instance: this.id, exit, cause: this.#cause, code: fault.code })
    this.#calls.loseAll(fault, exit)
    this.#spec.permits?.close()
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
      case 'slots':
        return this.#calls.resize(Math.min(frame.count, this.#spec.mostSlots ?? frame.count))
      case 'recalled':
        return this.#calls.recalled()
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
    this.#failLoad(otherRelease(version, protocolVersion))
  }

  #loaded(): void {
    if (this.#state !== 'loading') return
    clearTimeout(this.#loading)
    this.#loadSettled = true
    this.#state = transition(this.#state, 'idle')
    this.#initMs = performance.now() - this.#startedAt
    this.#output.flush()
    this.#peak.read() // known from now on, however the process ends
    this.#listener.onLoaded(this.#language)
  }

  #loadTimedOut(): void {
    const message = `Function was not loaded within ${this.#spec.initTimeoutMs} ms`
    this.#failLoad(new Fault('load_timeout', message))
  }

  // Also when it was ended while it loaded: callers wait to hear why there is no function.
  #failLoad(fault: Fault): void {
    if (this.#loadSettled) return
    this.#loadSettled = true
    this.#listener.onLoadFailed(asLoadFault(fault))
    this.end({ type: 'load-failed' })
  }

  #channelEnded(end: ChannelEnd): void {
    if (end.type === 'broken')
      this.#events.emit('failure', { what: `${this.id} has broken the protocol`, cause: end.reason })
    if (end.type === 'unread') this.#calls.giveBackLast()
    if (end.type === 'broken') return this.end({ type: 'channel' })
    // A process that ends closes its channel first: its exit code is on the way. A call that runs has until its deadline.
    const timer = setTimeout(() => this.#slots.running.size > 0 || this.end({ type: 'channel' }), exitGraceMs)
    void this.#child.exited.then(() => clearTimeout(timer))
  }

  // Closed by the module it is the function's way of being silent; closed by an invocation it is damage.
  #outputClosed(): void {
    if (this.#hasServed) this.#listener.onReplacementNeeded()
  }

  // What runs beside a job that has heard may go on; nothing new begins there (jobs.md CTL-4).
  #endUnstoppable(heard: boolean): void {
    if (heard && this.#slots.running.size > 1) this.retire()
    else this.end({ type: 'unstoppable' })
  }
}
