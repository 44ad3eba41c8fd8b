// One reader at a time for each job, the most recent first (jobs.md STR-3). Owns who has the turn and who waits for it.

/** Lines of readers by what they read. */
export class Turns {
  readonly #lines = new Map<string, Line>()

  /** Joins a line in front of everybody else. @param signal aborted when the reader's time is over */
  join(name: string, signal: AbortSignal): Place {
    const line = this.#lines.get(name) ?? { places: [], holder: undefined }
    this.#lines.set(name, line)
    return new Place(line, signal, () => {
      if (line.places.length === 0) this.#lines.delete(name)
    })
  }
}

/** A place in a line; disposing of it leaves the line. */
export class Place implements Disposable {
  readonly #line: Line
  readonly #signal: AbortSignal
  readonly #onLeave: () => void
  #give: (() => void) | undefined

  constructor(line: Line, signal: AbortSignal, onLeave: () => void) {
    this.#line = line
    this.#signal = signal
    this.#onLeave = onLeave
    line.places = [...line.places, this]
  }

  /**
   * Waits for the turn. Who is not in front gets it when their time is over, as soon as nobody has it.
   * @param graceMs how long, from then on, they wait for whoever has it
   * @returns false when they have not got it
   */
  async turn(graceMs: number): Promise<boolean> {
    let timer: NodeJS.Timeout | undefined
    const hasTurn = await new Promise<boolean>((settle) => {
      const hurry = (): void => {
        timer = setTimeout(() => settle(false), graceMs)
        advance(this.#line)
      }
      this.#give = () => {
        this.#signal.removeEventListener('abort', hurry)
        settle(true)
      }
      if (this.#signal.aborted) hurry()
      else this.#signal.addEventListener('abort', hurry, { once: true })
      advance(this.#line)
    })
    clearTimeout(timer)
    this.#give = undefined
    return hasTurn
  }

  /** Gives the turn back and keeps the place. */
  pass(): void {
    if (this.#line.holder === this) this.#line.holder = undefined
    advance(this.#line)
  }

  /** Whether the turn is asked for, and could be taken. */
  get isReady(): boolean {
    return this.#give !== undefined && (this.#line.places.at(-1) === this || this.#signal.aborted)
  }

  /** Takes the turn. */
  take(): void {
    this.#line.holder = this
    this.#give?.()
  }

  [Symbol.dispose](): void {
    this.#line.places = this.#line.places.filter((each) => each !== this)
    this.pass()
    this.#onLeave()
  }
}

function advance(line: Line): void {
  if (line.holder === undefined) line.places.findLast((each) => each.isReady)?.take()
}

interface Line {
  /** the most recent last */
  places: readonly Place[]
  holder: Place | undefined
}
