// What was made of the texts of earlier requests, since clients send the same few again and again.

/** A map from texts that is bounded: hostile texts must not fill the memory. Full, it keeps what it has. */
export class TextCache<Value> {
  readonly #values = new Map<string, Value>()

  get(text: string): Value | undefined {
    return this.#values.get(text)
  }

  /** Keeps a value, or replaces the one of the same text. @param length characters of both together */
  set(text: string, value: Value, length: number): void {
    if (length > longest) return
    if (this.#values.size < mostTexts || this.#values.has(text)) this.#values.set(text, value)
  }
}

const mostTexts = 1000
const longest = 200
