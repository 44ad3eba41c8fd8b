// Output by lines, whatever its volume and however it arrives.

import type { Readable } from 'node:stream'
import { StringDecoder } from 'node:string_decoder'

/**
 * Calls `onLine` for each line of a stream, without its line feed; the last line needs none. A carriage return stays
 * (yandex.md G-1). A line longer than `longestLine` is handed over in pieces (yandex.md G-3).
 */
export function readLines(stream: Readable, onLine: (text: string) => void): void {
  const decoder = new StringDecoder('utf8')
  let rest = ''
  stream.on('data', (bytes: Buffer) => {
    const lines = (rest + decoder.write(bytes)).split('\n')
    rest = lines.pop() ?? ''
    for (const line of lines) inPieces(line, onLine)
    while (rest.length >= longestLine) {
      onLine(rest.slice(0, longestLine))
      rest = rest.slice(longestLine)
    }
  })
  stream.on('error', () => {}) // a pipe that breaks has nothing more to say; `close` follows
  stream.on('close', () => {
    rest += decoder.end()
    if (rest !== '') inPieces(rest, onLine)
    rest = ''
  })
}

function inPieces(line: string, onLine: (text: string) => void): void {
  if (line.length <= longestLine) return onLine(line)
  for (let at = 0; at < line.length; at += longestLine) onLine(line.slice(at, at + longestLine))
}

/** Longest line that stays in one piece, in characters. */
export const longestLine = 65_536
