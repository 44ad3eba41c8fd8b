// Text of one byte for each character, whatever the encoding.

/** Whether a text is ASCII: most are, and need no conversion. */
export function isAscii(text: string): boolean {
  return !beyond.test(text)
}

// eslint-disable-next-line no-control-regex
const beyond = /[^\x00-\x7f]/
