// What one instance writes, line by line, each line with the call that wrote it. Owns which calls may speak, and how far
// each of the two streams has been read: the runtime writes a border between two calls that follow each other at once
// (PROTOCOL.md, "Calls sent ahead"); all others are divided by a turn of the event loop.

import type { Events } from '../../events.ts'
import type { Call } from '../../invocation.ts'
import { BorderReader } from './borderReader.ts'
import { LineReader } from './lineReader.ts'
import { RateLimit } from './rateLimit.ts'

/** Name of an output stream. */
export type OutputName = 'stdout' | 'stderr'

/** Receives the output events of an instance. */
export interface OutputListener {
  /** each line of the standard error */
  readonly onErrorLine: (text: string) => void
  /** this call's lines are announced next; comes once for a call that was not run before (`isNew`) */
  readonly onStart: (call: Call) => void
  /** everything that this call wrote has been announced; comes once for each `end` */
  readonly onQuiet: (call: Call) => void
  /** the borders do not come: the function has put something else in the place of its output */
  readonly onBordersMissing: () => void
}

// A call that may speak: between its border and the next one.
interface Speaker {
  readonly call: Call
  readonly border: number
  /** whether its start has still to be announced */
  isNew: boolean
  /** when its end was read; undefined while it runs */
  endedAt: number | undefined
  /** whether nothing more of it can come */
  read: boolean
}

// How far one stream has been read.
interface Stream {
  readonly lines: LineReader
  readonly borders: BorderReader | undefined
  /** how many borders were passed */
  passed: number
  /** whether nothing more comes through it */
  closed: boolean
  /** what came behind the border of a call whose start is not known yet */
  readonly held: (Buffer | undefined)[]
}

/** The standard output and error of an instance. */
export class Output {
  readonly #instance: string
  readonly #events: Events
  readonly #listener: OutputListener
  readonly #rateLimit: RateLimit
  readonly #streams: Readonly<Record<OutputName, Stream>>
  readonly #speakers: Speaker[] = []
  // How many calls have begun behind a border.
  #borders = 0
  // The border behind which the calls stand that are announced now; those behind later ones wait until these are quiet.
  #front = 0
  // The borders that come are not those of the runtime: they divide nothing any more.
  #bordersLost = false
  #heldBytes = 0
  #missing: NodeJS.Timeout | undefined

  /** @param border the text that divides calls; undefined: nothing does */
  constructor(instance: string, border: string | undefined, events: Events, listener: OutputListener) {
    this.#instance = instance
    this.#events = events
    this.#listener = listener
    this.#rateLimit = new RateLimit((bytes) =>
      events.emit('output-dropped', { ...this.#about(this.#borders), bytes }),
    )
    this.#streams = { stdout: this.#stream('stdout', border), stderr: this.#stream('stderr', border) }
  }

  /** Takes bytes as they come. */
  read(name: OutputName, bytes: Buffer): void {
    const stream = this.#streams[name]
    if (stream.borders === undefined) stream.lines.read(bytes)
    else stream.borders.read(bytes)
  }

  /** A call begins to speak. @param isNew it was not run before, so its start is to be announced */
  begin(call: Call, isNew = true): void {
    this.#speakers.push({ call, border: this.#borders, isNew, endedAt: undefined, read: false })
    this.#announceStarts()
    this.#release(this.#streams.stdout)
    this.#release(this.#streams.stderr)
  }

  /** The next call begins behind the next border. */
  awaitBorder(): void {
    if (this.#streams.stdout.borders !== undefined) this.#borders++
  }

  /** The end of a call was read: what it wrote is in the streams, before the border of the next call if there is one. */
  end(call: Call): void {
    const speaker = this.#speakers.find((each) => each.call === call)
    if (speaker === undefined) return
    speaker.endedAt = performance.now()
    if (speaker.border < this.#borders) {
      this.#settle()
      if (this.#speakers.includes(speaker)) this.#missing ??= setTimeout(() => this.#noteMissing(), bordersMs)
      return
    }
    afterTurn(() => this.#endAlone(speaker))
  }

  // By now everything was read, and each border belongs to a call: one that is left is not of the runtime.
  #endAlone(speaker: Speaker): void {
    if (this.#soleSpeaker(speaker.border) === speaker.call) {
      if (this.#heldBytes > 0) this.#loseBorders()
      this.flush()
    }
    speaker.read = true
    this.#settle()
  }

  /** A stream has ended: nothing more comes through it, no border either. */
  close(name: OutputName): void {
    const stream = this.#streams[name]
    stream.borders?.flush()
    stream.closed = true
    this.#settle()
  }

  /** Announces all that is known so far: lines that were begun, and how much was dropped. */
  flush(): void {
    flushStream(this.#streams.stdout)
    flushStream(this.#streams.stderr)
    if (this.#rateLimit.dropped > 0) this.#rateLimit.tell()
  }

  /** The last of it; nothing more comes. */
  stop(): void {
    this.close('stdout')
    this.close('stderr')
    for (const stream of Object.values(this.#streams)) this.#announceHeld(stream)
    this.flush()
    this.#rateLimit.stop()
    clearTimeout(this.#missing)
  }

  #stream(name: OutputName, border: string | undefined): Stream {
    const lines = new LineReader(this.#rateLimit, (text, whole) => {
      if (name === 'stderr') this.#listener.onErrorLine(text)
      const passed = this.#bordersLost ? this.#borders : stream.passed
      this.#events.emit('function-wrote', { ...this.#about(passed), stream: name, text, whole })
    })
    const borders =
      border === undefined ? undefined : new BorderReader(border, (part) => this.#take(stream, part))
    const stream: Stream = { lines, borders, passed: 0, closed: false, held: [] }
    return stream
  }

  // `part`: bytes, or undefined for a border.
  #take(stream: Stream, part: Buffer | undefined): void {
    const early = part === undefined ? stream.passed >= this.#borders : stream.passed > this.#front
    if ((early && !this.#bordersLost) || stream.held.length > 0) this.#keepForLater(stream, part)
    else if (part !== undefined) stream.lines.read(part)
    else if (!this.#bordersLost) this.#passBorder(stream)
  }

  // More than a call can write before its start is known was divided by a border that the function has made up.
  #keepForLater(stream: Stream, part: Buffer | undefined): void {
    stream.held.push(part)
    this.#heldBytes += part?.length ?? 1
    if (this.#heldBytes > mostHeldBytes) this.#loseBorders()
  }

  #loseBorders(): void {
    this.#bordersLost = true
    this.#settle()
    this.#front = Infinity
    this.#announceStarts()
    for (const stream of Object.values(this.#streams)) this.#release(stream)
    this.#listener.onBordersMissing()
    this.#settle()
  }

  #passBorder(stream: Stream): void {
    stream.lines.flush()
    stream.passed++
    this.#settle()
  }

  #release(stream: Stream): void {
    if (stream.held.length === 0) return
    for (const part of stream.held.splice(0)) {
      this.#heldBytes -= part?.length ?? 1
      this.#take(stream, part)
    }
  }

  // The start of the calls that wrote this will not be read any more: they are not known.
  #announceHeld(stream: Stream): void {
    for (const part of stream.held.splice(0)) {
      if (part === undefined) this.#passBorder(stream)
      else stream.lines.read(part)
    }
  }

  #about(border: number): { readonly instance: string; readonly requestId?: string } {
    const call = this.#soleSpeaker(border)
    return call === undefined
      ? { instance: this.#instance }
      : { instance: this.#instance, requestId: call.id }
  }

  #announceStarts(): void {
    for (const each of this.#speakers) {
      if (!each.isNew || each.border > this.#front) continue
      each.isNew = false
      this.#listener.onStart(each.call)
    }
  }

  // The call that a line belongs to: the one that is alone.
  #soleSpeaker(border: number): Call | undefined {
    let sole: Call | undefined
    for (const each of this.#speakers) {
      if (each.border !== border) continue
      if (sole !== undefined) return undefined
      sole = each.call
    }
    return sole
  }

  #settle(): void {
    for (let quiet = this.#findQuiet(); quiet !== undefined; quiet = this.#findQuiet()) {
      this.#speakers.splice(this.#speakers.indexOf(quiet), 1)
      this.#listener.onQuiet(quiet.call)
      this.#moveOn()
    }
  }

  #findQuiet(): Speaker | undefined {
    const passed = this.#passedByBoth()
    for (const each of this.#speakers) {
      const isRead = each.read || (each.border < this.#borders && each.border < passed)
      if (each.endedAt !== undefined && isRead && each.border <= this.#front) return each
    }
    return undefined
  }

  // To the next border that a call stands behind.
  #moveOn(): void {
    while (this.#front < this.#borders && !this.#speakers.some(({ border }) => border <= this.#front)) {
      this.#front++
      this.#announceStarts()
      this.#release(this.#streams.stdout)
      this.#release(this.#streams.stderr)
    }
  }

  // How many borders were passed in both streams. Where no border will come, there is none to wait for.
  #passedByBoth(): number {
    if (this.#bordersLost) return Infinity
    return Math.min(passedBy(this.#streams.stdout), passedBy(this.#streams.stderr))
  }

  #noteMissing(): void {
    this.#missing = undefined
    const waiting = this.#speakers.filter(
      ({ endedAt, border }) => endedAt !== undefined && border < this.#borders,
    )
    const late = performance.now() - bordersMs
    if (waiting.some(({ endedAt = Infinity }) => endedAt <= late)) this.#loseBorders()
    else if (waiting.length > 0) this.#missing = setTimeout(() => this.#noteMissing(), bordersMs)
  }
}

// Most calls write nothing.
function flushStream({ borders, lines }: Stream): void {
  if (borders !== undefined && borders.rest.length > 0) borders.flush()
  if (lines.rest.length > 0 || lines.inPieces) lines.flush()
}

function passedBy({ passed, closed, held }: Stream): number {
  return closed && held.length === 0 ? Infinity : passed
}

/**
 * Runs an action after one whole turn of the event loop: what was in pipes and sockets when it was asked for has been
 * read by then. An instance's output is in the pipes before its answer (PROTOCOL.md, promise 3).
 */
export function afterTurn(action: () => void): void {
  setImmediate(() => setImmediate(action))
}

// How long a border may follow the end of a call.
const bordersMs = 1000

// Both streams are read in turn, so a call writes at most a few reads before its start is known.
const mostHeldBytes = 1024 * 1024
