// JSON that somebody else has written: parsed without an error, since the parser's message would quote what may be a secret.

/** A JSON object, as opposed to null, an array or a scalar. */
export type JsonObject = Readonly<Record<string, unknown>>

/** The parsed value; undefined, which no JSON text stands for, when the text is not JSON. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** Whether a parsed JSON value is an object. */
export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
