// Conversations byte by byte, for what no HTTP client would send.

import { connect } from 'node:net'
import type { Serving } from './serving.ts'

/** Sends bytes and gives everything that comes back until the server closes. */
export async function converse(serving: Serving, ...parts: readonly (string | Buffer)[]): Promise<string> {
  return exchange(serving, parts, false)
}

/** The same, and says that nothing more will come. */
export async function sendAll(serving: Serving, ...parts: readonly (string | Buffer)[]): Promise<string> {
  return exchange(serving, parts, true)
}

async function exchange(
  serving: Serving,
  parts: readonly (string | Buffer)[],
  thenEnd: boolean,
): Promise<string> {
  const socket = connect({ port: Number(new URL(serving.url).port), host: '127.0.0.1', allowHalfOpen: true })
  let answer = ''
  socket.setEncoding('utf8').on('data', (text) => (answer += String(text)))
  socket.on('error', () => {}) // what came before counts
  for (const part of parts) socket.write(part)
  if (thenEnd) socket.end()
  await new Promise((settle) => socket.once('close', settle).once('end', settle))
  socket.destroy()
  return answer
}

/** One answer, taken apart. */
export interface Answer {
  readonly status: number
  /** name and value as sent, in order */
  readonly headers: readonly (readonly [name: string, value: string])[]
  readonly body: string
}

/** Reads the first answer of a conversation; the body is everything behind its head. */
export function readAnswer(text: string): Answer {
  const end = text.indexOf('\r\n\r\n')
  const [first = '', ...lines] = text.slice(0, end).split('\r\n')
  const headers = lines.map((line): [string, string] => {
    const colon = line.indexOf(':')
    return [line.slice(0, colon), line.slice(colon + 1).trim()]
  })
  return { status: Number(first.split(' ')[1]), headers, body: text.slice(end + 4) }
}
