// How long a request is held (jobs.md §5, §6, tasks.md §12, §13). Owns its timer.

/** Ends when its time is over, the server begins to drain or the client has gone; at the latest when it is disposed of. */
export class Hold implements Disposable {
  readonly #client: AbortSignal
  readonly #draining: AbortSignal | undefined
  readonly #end = new AbortController()
  readonly #finish = (): void => this.#end.abort(over)
  readonly #timer: NodeJS.Timeout | undefined

  /**
   * @param draining undefined: the end of the server is none of its business
   * @param waitMs undefined: as long as the client stays
   */
  constructor(client: AbortSignal, draining: AbortSignal | undefined, waitMs: number | undefined) {
    this.#client = client
    this.#draining = draining
    if (client.aborted || draining?.aborted === true || waitMs === 0) this.#finish()
    client.addEventListener('abort', this.#finish)
    draining?.addEventListener('abort', this.#finish)
    if (waitMs !== undefined && !this.isOver()) this.#timer = setTimeout(this.#finish, waitMs)
  }

  /** aborted when the hold ends, for whatever reason */
  get signal(): AbortSignal {
    return this.#end.signal
  }

  // Questions, since the answers may change at every wait.
  isOver(): boolean {
    return this.#end.signal.aborted
  }

  /** Whether there is nobody left to answer. */
  isAlone(): boolean {
    return this.#client.aborted
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#timer)
    this.#client.removeEventListener('abort', this.#finish)
    this.#draining?.removeEventListener('abort', this.#finish) // lives as long as the server
    this.#finish()
  }
}

// Without a reason of ours, abort() makes an error with a stack each time.
const over = 'the hold is over'
