// The calls of one instance: from the frame that starts each to the one that ends it. Owns which run, and their deadlines;
// those that were sent ahead are in callsAhead.ts.

import type { Fault } from '../errors.ts'
import { faultOfEnd, killed, type Exit } from '../exit.ts'
import type { Call, CallHolder, CallHost, Outcome } from '../invocation.ts'
import type { Channel } from '../wire/channel.ts'
import {
  chunkOverhead,
  chunkWindow,
  ProtocolError,
  type CancelReason,
  type FrameToInstance,
} from '../wire/frames.ts'
import type { Permits } from '../wire/permits.ts'
import { CallsAhead } from './callsAhead.ts'
import {
  clientGone,
  notWanted,
  timedOut,
  toInvoke,
  toInvokeAhead,
  toOutcome,
  type CallFrame,
} from './callFrames.ts'
import type { CallLimits, CallListener } from './instanceSpec.ts'
import { afterTurn, type Output } from './output/output.ts'

/** What the slots need of their instance. */
export interface SlotsHost extends CallHost {
  /** a slot has become free, or there is room for calls ahead */
  onRoom: () => void
  /** the deadline of a call has passed while the function was still running */
  onExpired: () => void
  /** the process cannot have taken the call */
  onUndelivered: () => void
  /** a stopped job was not heard, or still runs a good while after it was (jobs.md CTL-3, CTL-4) */
  onUnstoppable: (heard: boolean) => void
}

/** As many slots as the instance may run calls at a time. */
export class Slots implements CallHolder {
  readonly #host: SlotsHost
  readonly #channel: Channel
  readonly #output: Output
  readonly #limits: CallLimits
  readonly #listener: CallListener
  readonly #ahead: CallsAhead
  #count: number
  readonly #running = new Map<string, Call>()
  /** ended, but their callers have chunks to take before they are over: the instance runs others meanwhile */
  readonly #unread = new Set<Call>()
  /** jobs whose start is being stored */
  readonly #starting = new Set<Call>()
  /** over, but what they wrote has not been read yet: only then may another one speak through the same pipes */
  readonly #quieting = new Set<Call>()
  /** the call that the last frame has started; undefined when it was another frame */
  #last: Call | undefined

  constructor(
    count: number,
    host: SlotsHost,
    channel: Channel,
    output: Output,
    limits: CallLimits,
    listener: CallListener,
    permits: Permits | undefined,
  ) {
    this.#count = count
    this.#host = host
    this.#channel = channel
    this.#output = output
    this.#limits = limits
    this.#listener = listener
    this.#ahead = new CallsAhead(permits, () => this.leave())
  }

  get count(): number {
    return this.#count
  }

  /** Below 0 when there are fewer slots now than were taken before. */
  get free(): number {
    return this.#count - this.#taken
  }

  /** How many more calls may be sent ahead now. */
  get roomAhead(): number {
    const isFull = this.#running.size >= this.#count // else the instance would begin a call at once
    return isFull ? this.#ahead.room(this.#count) : 0
  }

  get empty(): boolean {
    return this.#taken === 0
  }

  get #taken(): number {
    return this.#running.size + this.#unread.size + this.#starting.size + this.#quieting.size
  }

  get running(): number {
    return this.#running.size
  }

  /** From now on there are so many; calls that run go on. */
  resize(count: number): void {
    const more = count > this.#count
    this.#count = count
    if (more) this.#host.onRoom()
  }

  /** Nothing is sent ahead any more. */
  stopAhead(): void {
    this.leave()
    this.#ahead.stop()
  }

  /** Starts a call in a free slot. A job's start is stored before. */
  start(call: Call): void {
    call.holder = this
    if (call.job !== undefined && call.startedAt === undefined) return this.#startJob(call)
    this.#begin(call)
    this.#send(call)
  }

  /**
   * Sends calls ahead, each to begin when another one has ended. They stay queued until then.
   * @returns false when that is not possible after all
   */
  sendAhead(calls: readonly Call[]): boolean {
    try {
      this.#ahead.add(calls)
    } catch {
      this.stopAhead() // the disk is full
      return false
    }
    this.#last = undefined
    this.#channel.together(() => {
      for (const call of calls) {
        call.holder = this
        this.#channel.send(toInvokeAhead(call, this.#limits), call.payload, call.text)
      }
    })
    if (this.#channel.ended) this.leave()
    return true
  }

  /** Takes a frame of a call. One for a call that is over, at its deadline say, comes too late. */
  take(frame: CallFrame, body: Buffer): void {
    const call = this.#running.get(frame.id)
    if (call === undefined) return
    switch (frame.type) {
      case 'chunk':
        return this.#takeChunk(call, frame, body)
      case 'progress':
        return call.caller.onProgress?.(call, body)
      case 'cancelling':
        return this.#heard(call)
      case 'returned':
      case 'oversized':
      case 'threw':
      case 'ended':
        return this.#end(call, toOutcome(frame, body, call, this.#limits.responseLimit))
      default:
        frame satisfies never
    }
  }

  /** The instance has forgotten the calls that were taken back. */
  recalled(): void {
    this.#ahead.recalled()
    this.#host.onRoom()
  }

  // --- as the holder of a call

  cancel(call: Call, reason: CancelReason): void {
    if (this.withdraw(call)) return this.#listener.onOutcome(call, clientGone)
    if (call.state === 'queued' && call.job === undefined) return // it has begun: that is about to be read
    if (call.pending !== undefined) return this.#finish(call, call.pending)
    if (this.#starting.has(call)) return // its start is being stored; then it is dropped
    if (call.job !== undefined) {
      clearTimeout(call.timer)
      call.timer = setTimeout(() => this.#host.onUnstoppable(false), hearingMs)
    }
    this.#tell({ type: 'cancel', id: call.id, reason })
  }

  withdraw(call: Call): boolean {
    if (!this.#ahead.has(call)) return false
    const back = this.#recall()
    this.#return(back.filter((each) => each !== call))
    return back.includes(call)
  }

  resume(call: Call): void {
    const bytes = call.uncredited
    if (bytes === 0) return
    call.uncredited = 0
    this.#tell({ type: 'credit', id: call.id, bytes })
    if (call.pending !== undefined) this.#finish(call, call.pending)
  }

  // --- when the instance ends, or a call lasts

  /** Gives back what was sent ahead and has not begun. */
  leave(): void {
    this.#return(this.#recall())
  }

  /** The same for a process that has gone: a write would lose what it has sent last and was not read yet. */
  leaveGone(): void {
    this.#return(this.#ahead.recall())
  }

  /** The process had gone before it took the last frame as a whole; when that started a call, another instance can. */
  giveBackLast(): void {
    if (this.#last !== undefined) this.#giveBack(this.#last)
  }

  /** The process has gone, or goes: what runs will not be answered any more. One whose reader is slow goes on. */
  loseAll(fault: Fault, exit: Exit): void {
    this.leave()
    const lost = [...this.#running.values()]
    for (let begun = this.#ahead.shift(); begun !== undefined; begun = this.#ahead.shift()) lost.push(begun)
    const notBegun = lost.splice(lost.length - this.#ahead.takeBackBegun(lost.length))
    for (const call of notBegun.toReversed()) this.#giveBackLost(call) // each goes before the others that wait
    for (const call of lost) {
      this.#release(call)
      if (call.cancelled) this.#listener.onOutcome(call, clientGone)
      else this.#listener.onLost(call, fault, exit)
      this.#output.end(call)
    }
    this.#ahead.stop()
  }

  // --- the life of a call

  #startJob(call: Call): void {
    this.#starting.add(call)
    const wanted = call.caller.onStart?.(call, this.#host.id) ?? Promise.resolve(true)
    void wanted.then((isWanted) => {
      this.#starting.delete(call)
      if (!isWanted || call.cancelled) {
        this.#listener.onOutcome(call, notWanted)
        this.#free()
      } else {
        this.#begin(call)
        this.#send(call)
      }
    })
  }

  // From here on the deadline counts (yandex.md C-7).
  #begin(call: Call): void {
    const now = performance.now()
    this.#running.set(call.id, call)
    this.#ahead.noteBegun(now)
    clearTimeout(call.timer)
    const { job } = call
    const ownTimeoutMs = job === undefined ? this.#limits.timeoutMs : job.timeoutMs
    if (job === undefined || job.endsAtDeadline) call.timer = setTimeout(onDeadline, ownTimeoutMs, this, call)
    call.state = 'running'
    call.host = this.#host
    call.quiet = false
    if (call.startedAt === undefined) {
      call.startedAt = now
      this.#listener.onStarted(call, this.#host)
    }
    this.#output.begin(call) // behind the start: this announces what was read of its output already
  }

  #send(call: Call): void {
    this.#last = call
    if (!this.#channel.send(toInvoke(call, this.#limits), call.payload, call.text)) this.#giveBack(call)
  }

  #giveBack(call: Call): void {
    if (this.#running.get(call.id) !== call) return
    this.leave()
    this.#host.onUndelivered()
    this.#giveBackLost(call)
  }

  #giveBackLost(call: Call): void {
    this.#release(call)
    this.#listener.onUndelivered(call)
    this.#output.end(call)
  }

  #tell(frame: FrameToInstance): void {
    this.#last = undefined
    this.#channel.send(frame)
  }

  #end(call: Call, outcome: Outcome): void {
    this.#ahead.noteEnded(performance.now())
    if (call.uncredited === 0 || call.cancelled) return this.#finish(call, outcome)
    call.pending = outcome // its reader has not taken all of it
    this.#running.delete(call.id)
    this.#unread.add(call)
    this.#beginNext()
    this.#refill()
  }

  #finish(call: Call, outcome: Outcome): void {
    this.#release(call)
    this.#listener.onOutcome(call, call.cancelled ? clientGone : outcome)
    this.#output.end(call) // behind the outcome, which the announcement tells
    this.#refill()
  }

  // Takes a call out of its slot, which the next one of those ahead has from now on.
  #release(call: Call): void {
    clearTimeout(call.timer)
    this.#running.delete(call.id)
    const hasFollower = !this.#unread.delete(call) && this.#beginNext()
    if (!hasFollower) this.#quieting.add(call)
  }

  // The instance begins the next call by itself when one has ended.
  #beginNext(): boolean {
    const next = this.#ahead.shift()
    if (next === undefined) return false
    this.#output.awaitBorder()
    this.#begin(next)
    if (next.cancelled) this.#tell({ type: 'cancel', id: next.id, reason: 'disconnected' })
    return true
  }

  #refill(): void {
    if (this.roomAhead > 0) this.#host.onRoom()
  }

  /** Everything that a call wrote has been read. */
  quiet(call: Call): void {
    this.#listener.onQuiet(call, this.#host)
    if (this.#quieting.delete(call)) this.#free()
  }

  #free(): void {
    this.#host.onRoom()
  }

  #takeChunk(call: Call, { kind }: Extract<CallFrame, { type: 'chunk' }>, data: Buffer): void {
    if (call.uncredited >= chunkWindow) throw new ProtocolError('a chunk came beyond the window')
    call.streamed = true
    const bytes = data.length + chunkOverhead
    if (!call.caller.onChunk(call, kind, data)) call.uncredited += bytes
    else this.#tell({ type: 'credit', id: call.id, bytes })
  }

  #heard(call: Call): void {
    if (call.job === undefined || !call.cancelled) return
    clearTimeout(call.timer)
    call.timer = setTimeout(() => this.#host.onUnstoppable(true), endingMs)
  }

  /** The deadline of a call has passed. An answer that is here already but unread counts. */
  expire(call: Call): void {
    afterTurn(() => {
      if (this.#unread.has(call)) return this.#finish(call, timedOut) // only its reader was slow; the instance is sound
      if (this.#running.get(call.id) !== call) return
      this.leave()
      this.#finish(call, timedOut)
      this.#tell({ type: 'cancel', id: call.id, reason: 'deadline' })
      this.#host.onExpired()
      this.loseAll(faultOfEnd({ type: 'expired' }, killed, false), killed)
    })
  }

  #recall(): readonly Call[] {
    const back = this.#ahead.recall()
    if (back.length > 0) this.#tell({ type: 'recall' })
    return back
  }

  #return(calls: readonly Call[]): void {
    if (calls.length > 0) this.#listener.onReturned(calls)
  }
}

function onDeadline(slots: Slots, call: Call): void {
  slots.expire(call)
}

// How long the handler of a stopped job may take to hear of it, and then to end (jobs.md CTL-3).
const hearingMs = 500
const endingMs = 5000
