// What a header name and value may look like, and the form in which the cloud writes names. Owns the names that were seen.

/** Each part between hyphens with a capital, the rest in lower case: `X-Request-Id` (yandex.md Q-3). */
export function canonicalName(name: string): string {
  const known = canonicalNames.get(name)
  if (known !== undefined) return known
  const canonical = name.toLowerCase().replace(startOfPart, (letter) => letter.toUpperCase())
  if (canonicalNames.size < mostNames && name.length <= longestName) canonicalNames.set(name, canonical)
  return canonical
}

/** Whether the name is a token of RFC 9110, so that it can be sent. */
export function isHeaderName(name: string): boolean {
  return token.test(name)
}

/** Whether the value has no control characters but tabs. Characters beyond Latin-1 are fine; they are sent as UTF-8. */
export function isHeaderValue(value: string): boolean {
  return !unsendable.test(value)
}

const startOfPart = /(?<![^-])[a-z]/g
const token = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/
const unsendable = /[^\t -~\u0080-\uffff]/ // the ASCII control characters but the tab

// Clients send the same few names in every request. Those that come when there is no room are written anew each time.
const canonicalNames = new Map<string, string>()
const mostNames = 1000
const longestName = 100
