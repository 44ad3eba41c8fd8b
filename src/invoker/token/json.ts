// Reads JSON that may hold a secret.

/** What the text says; undefined when it is not JSON. The parser's own message would quote the text. */
export function fromJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
