// The stop procedure of a job (jobs.md CTL-3): how long a handler may take to hear that it is stopped, and then to end.

/** Runs from the moment when an instance was told, until the invocation is over. */
export class StopProcedure {
  readonly #onUnstoppable: (heard: boolean) => void
  #timer: NodeJS.Timeout

  /** @param onUnstoppable the handler was not heard of in time, or has not ended in time after it was */
  constructor(onUnstoppable: (heard: boolean) => void) {
    this.#onUnstoppable = onUnstoppable
    this.#timer = setTimeout(() => onUnstoppable(false), hearingMs)
  }

  /** The code that runs the handler has taken notice. */
  heard(): void {
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => this.#onUnstoppable(true), endingMs)
  }

  /** The invocation has ended. */
  over(): void {
    clearTimeout(this.#timer)
  }
}

const hearingMs = 500
const endingMs = 5000
