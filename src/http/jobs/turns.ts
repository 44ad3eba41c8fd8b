// One reader at a time for each job, the most recent first (jobs.md STR-3). Owns who has the turn and who waits for it.

/** A turn; disposing of it passes it on. */
export type Turn = Disposable

/** Turns by the name of what is shared. */
export class Turns {
  readonly #lines = new Map<string, Line>()

  /**
   * Waits for a turn.
   * @param signal when it is aborted, patience ends `graceMs` later: whoever has the turn may be about to pass it on
   * @returns undefined when patience has ended
   */
  async take(name: string, signal: AbortSignal, graceMs: number): Promise<Turn | undefined> {
    const line = this.#lines.get(name) ?? { isTaken: false, waiting: [] }
    this.#lines.set(name, line)
    const granted = await new Promise<boolean>((settle) => {
      let timer: NodeJS.Timeout | undefined
      const give = (): void => {
        signal.removeEventListener('abort', hurry)
        clearTimeout(timer)
        settle(true)
      }
      const leave = (): void => {
        line.waiting = line.waiting.filter((each) => each !== give)
        this.#forget(name, line)
        settle(false)
      }
      const hurry = (): void => void (timer = setTimeout(leave, graceMs))
      line.waiting.push(give)
      if (signal.aborted) hurry()
      else signal.addEventListener('abort', hurry, { once: true })
      giveSoon(line)
    })
    if (!granted) return undefined
    return { [Symbol.dispose]: () => this.#pass(name, line) }
  }

  #pass(name: string, line: Line): void {
    line.isTaken = false
    giveSoon(line)
    this.#forget(name, line)
  }

  #forget(name: string, line: Line): void {
    if (!line.isTaken && line.waiting.length === 0) this.#lines.delete(name)
  }
}

// Not at once: one event wakes many, and the most recent of them is to be first.
function giveSoon(line: Line): void {
  setImmediate(() => {
    if (line.isTaken) return
    const give = line.waiting.pop()
    if (give === undefined) return
    line.isTaken = true
    give()
  })
}

interface Line {
  isTaken: boolean
  /** the most recent last */
  waiting: (() => void)[]
}
