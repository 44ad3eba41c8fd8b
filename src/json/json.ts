// JSON texts from outside, parsed without an error, whose message could quote a secret; and escaped texts.

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

/** A text as it stands between the quotes of JSON: JSON.stringify would take twice the time where nothing needs an escape. */
export function escaped(text: string): string {
  return needsEscapes.test(text) ? JSON.stringify(text).slice(1, -1) : text
}

// eslint-disable-next-line no-control-regex
const needsEscapes = /[\u0000-\u001f"\\\ud800-\udfff]/
