// What a header name and value may look like, and the form in which the cloud writes names.

/** Each part between hyphens with a capital, the rest in lower case: `X-Request-Id` (yandex.md Q-3). */
export function canonicalName(name: string): string {
  return name.toLowerCase().replace(startOfPart, (letter) => letter.toUpperCase())
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
