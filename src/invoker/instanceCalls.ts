// The calls of one instance: from the frame that starts each to the one that ends it. Owns their deadlines. Which run is in
// slots.ts, which were sent ahead in callsAhead.ts.

import type { Fault } from '../errors.ts'
import { faultOfEnd, killed, type Exit } from '../exit.ts'
import type { Call, CallHolder, Outcome } from '../invocation.ts'
import type { Channel } from '../wire/channel.ts'
import { chunkOverhead, chunkWindow, ProtocolError, type CancelReason } from '../wire/frames.ts'
import type { Permits } from '../wire/permits.ts'
import { CallsAhead } from './callsAhead.ts'
import { clientGone, notWanted, timedOut, toInvoke, toOutcome, type CallFrame } from './callFrames.ts'
import type { CallLimits, CallListener, CallsHost } from './instanceSpec.ts'
import type { Slots } from './slots.ts'
import { afterTurn, type Output } from './output/output.ts'

/** Runs calls on an instance. */
export class InstanceCalls implements CallHolder {
  readonly #host: CallsHost
  readonly #channel: Channel
  readonly #output: Output
  readonly #limits: CallLimits
  readonly #listener: CallListener
  readonly #ahead: CallsAhead
  readonly #slots: Slots
  constructor(
    slots: Slots,
    host: CallsHost,
    channel: Channel,
    output: Output,
    limits: CallLimits,
    listener: CallListener,
    permits: Permits | undefined,
  ) {
    this.#slots = slots
    this.#host = host
    this.#channel = channel
    this.#output = output
    this.#limits = limits
    this.#listener = listener
    this.#ahead = new CallsAhead(permits, channel, limits, listener)
  }

  /** How many more calls may be sent ahead now. */
  get roomAhead(): number {
    return this.#slots.full ? this.#ahead.room(this.#slots.count) : 0
  }

  /** Sets the number of slots; running calls go on. */
  resize(count: number): void {
    const more = count > this.#slots.count
    this.#slots.count = count
    if (more) this.#host.onRoom()
  }

  /** Nothing is sent ahead any more. */
  stopAhead(): void {
    this.#ahead.stop()
  }

  /** Starts a call in a free slot. A job's start is stored before. */
  start(call: Call): void {
    call.holder = this
    if (call.job !== undefined && call.startedAt === undefined) void this.#startJob(call)
    else this.#startNow(call)
  }

  /** Sends calls ahead. @returns false when that is not possible after all */
  sendAhead(calls: readonly Call[]): boolean {
    return this.#ahead.send(calls, this)
  }

  /** Takes a frame of a call. One for a call that is over, at its deadline say, comes too late. */
  take(frame: CallFrame, body: Buffer): void {
    const call = this.#slots.running.get(frame.id)
    if (call === undefined) return
    switch (frame.type) {
      case 'chunk':
        return this.#takeChunk(call, frame, body)
      case 'progress':
        return call.caller.onProgress?.(call, body)
      case 'cancelling':
        if (call.job !== undefined && call.cancelled) this.#limitStop(call, true)
        return
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
    if (this.#slots.starting.has(call)) return // its start is being stored; then it is dropped
    if (call.job !== undefined) this.#limitStop(call, false)
    this.#channel.send({ type: 'cancel', id: call.id, reason })
  }

  withdraw(call: Call): boolean {
    return this.#ahead.withdraw(call)
  }

  resume(call: Call): void {
    const bytes = call.uncredited
    if (bytes === 0) return
    call.uncredited = 0
    this.#channel.send({ type: 'credit', id: call.id, bytes })
    if (call.pending !== undefined) this.#finish(call, call.pending)
  }

  // --- when the instance ends, or a call lasts

  /** Gives back what was sent ahead and has not begun. @param isGone the process has gone: it is told nothing */
  leave(isGone = false): void {
    if (isGone) this.#ahead.giveBackSilently()
    else this.#ahead.giveBack()
  }

  /** The process had gone before it took the last frame as a whole; when that started a call, another instance can. */
  giveBackLast(): void {
    const { lastSent } = this.#channel
    const call = lastSent?.type === 'invoke' ? this.#slots.running.get(lastSent.id) : undefined
    if (call !== undefined) this.#giveBack(call)
  }

  /** The process has gone, or goes: what runs will not be answered any more. One whose reader is slow goes on. */
  loseAll(fault: Fault, exit: Exit): void {
    this.leave()
    const lost = [...this.#slots.running.values()]
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

  async #startJob(call: Call): Promise<void> {
    this.#slots.starting.add(call)
    const isWanted = (await call.caller.onStart?.(call, this.#host.id)) ?? true
    this.#slots.starting.delete(call)
    if (isWanted && !call.cancelled) return this.#startNow(call)
    this.#listener.onOutcome(call, notWanted)
    this.#host.onRoom()
  }

  #startNow(call: Call): void {
    this.#begin(call)
    this.#send(call)
  }

  // From here on the deadline counts (yandex.md C-7).
  #begin(call: Call): void {
    const now = performance.now()
    this.#slots.running.set(call.id, call)
    this.#ahead.noteBegun(now)
    clearTimeout(call.timer)
    const { job } = call
    const ownTimeoutMs = job === undefined ? this.#limits.timeoutMs : job.timeoutMs
    if (job === undefined || job.endsAtDeadline) call.timer = setTimeout(onDeadline, ownTimeoutMs, this, call)
    call.state = 'running'
    call.host = this.#host
    call.quiet = false
    const isNew = call.startedAt === undefined
    call.startedAt ??= now
    this.#output.begin(call, isNew)
  }

  #send(call: Call): void {
    if (!this.#channel.send(toInvoke(call, this.#limits), call.payload, call.text)) this.#giveBack(call)
  }

  #giveBack(call: Call): void {
    this.leave()
    this.#host.onUndelivered()
    this.#giveBackLost(call)
  }

  #giveBackLost(call: Call): void {
    this.#release(call)
    this.#listener.onUndelivered(call)
    this.#output.end(call)
  }

  #end(call: Call, outcome: Outcome): void {
    this.#ahead.noteEnded(performance.now())
    if (call.uncredited === 0 || call.cancelled) return this.#finish(call, outcome)
    call.pending = outcome // its reader has not taken all of it
    this.#slots.running.delete(call.id)
    this.#slots.unread.add(call)
    this.#beginNext()
    this.#output.end(call) // nothing more comes, however long its reader takes
    this.#refill()
  }

  #finish(call: Call, outcome: Outcome): void {
    this.#release(call)
    this.#listener.onOutcome(call, call.cancelled ? clientGone : outcome)
    if (call.quiet) return this.#host.onRoom() // its output was read while its reader took the rest
    this.#output.end(call) // behind the outcome, which the announcement tells
    this.#refill()
  }

  // Takes a call out of its slot, which the next one of those ahead has from now on.
  #release(call: Call): void {
    clearTimeout(call.timer)
    this.#slots.running.delete(call.id)
    const hasNext = !this.#slots.unread.delete(call) && this.#beginNext()
    if (!hasNext && !call.quiet) this.#slots.quieting.add(call)
  }

  // The instance begins the next call by itself when one has ended.
  #beginNext(): boolean {
    const next = this.#ahead.shift()
    if (next === undefined) return false
    this.#output.awaitBorder()
    this.#begin(next)
    if (next.cancelled) this.#channel.send({ type: 'cancel', id: next.id, reason: 'disconnected' })
    return true
  }

  #refill(): void {
    if (this.roomAhead > 0) this.#host.onRoom()
  }

  /** The start of a call is to be announced: the calls before it are quiet. */
  started(call: Call): void {
    this.#listener.onStarted(call, this.#host)
  }

  /** Everything that a call wrote has been read. */
  quiet(call: Call): void {
    this.#listener.onQuiet(call, this.#host)
    if (this.#slots.quieting.delete(call)) this.#host.onRoom()
  }

  // A stopped job's handler has to hear of that in time, and then to end in time (jobs.md CTL-3).
  #limitStop(call: Call, heard: boolean): void {
    clearTimeout(call.timer)
    call.timer = setTimeout(this.#host.onUnstoppable, heard ? cleanUpMs : hearingMs, heard)
  }

  #takeChunk(call: Call, { kind }: Extract<CallFrame, { type: 'chunk' }>, data: Buffer): void {
    if (call.uncredited >= chunkWindow) throw new ProtocolError('a chunk came beyond the window')
    call.streamed = true
    const bytes = data.length + chunkOverhead
    if (!call.caller.onChunk(call, kind, data)) call.uncredited += bytes
    else this.#channel.send({ type: 'credit', id: call.id, bytes })
  }

  /** The deadline of a call has passed. An answer that is here already but unread counts. */
  expire(call: Call): void {
    afterTurn(() => {
      if (this.#slots.unread.has(call)) return this.#finish(call, timedOut) // only its reader was slow; the instance is sound
      if (this.#slots.running.get(call.id) !== call) return
      this.leave()
      this.#finish(call, timedOut)
      this.#channel.send({ type: 'cancel', id: call.id, reason: 'deadline' })
      this.#host.onExpired()
      this.loseAll(faultOfEnd({ type: 'expired' }, killed, false), killed)
    })
  }
}

function onDeadline(calls: InstanceCalls, call: Call): void {
  calls.expire(call)
}

const hearingMs = 500
const cleanUpMs = 5000
