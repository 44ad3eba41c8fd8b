// Strict base64: Buffer.from takes any text and drops what it does not understand, which would hide a function's mistake.

/** The decoded bytes; undefined unless it is the standard alphabet with padding. CR and LF are ignored (yandex.md R-3). */
export function fromBase64(text: string): Buffer | undefined {
  const oneLine = text.replace(lineBreaks, '')
  return oneLine.length % 4 === 0 && standard.test(oneLine) ? Buffer.from(oneLine, 'base64') : undefined
}

const lineBreaks = /[\r\n]+/g
const standard = /^[A-Za-z0-9+/]*={0,2}$/
