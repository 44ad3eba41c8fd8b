// Writes values of which only the latest counts. Owns the one that waits.

/** One is written at a time; what comes meanwhile takes the place of what waits, so that no flood of them fills the memory. */
export class Latest<Value> {
  readonly #write: (value: Value) => Promise<unknown>
  #waiting: { readonly value: Value } | undefined
  #isWriting = false

  /** @param write must not reject */
  constructor(write: (value: Value) => Promise<unknown>) {
    this.#write = write
  }

  /** This value is to be written, unless another one comes before its turn. */
  offer(value: Value): void {
    this.#waiting = { value }
    if (!this.#isWriting) void this.#writeAll()
  }

  async #writeAll(): Promise<void> {
    this.#isWriting = true
    for (let next = this.#take(); next !== undefined; next = this.#take()) await this.#write(next.value)
    this.#isWriting = false
  }

  #take(): { readonly value: Value } | undefined {
    const taken = this.#waiting
    this.#waiting = undefined
    return taken
  }
}
