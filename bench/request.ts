// One call to a function: what is sent, and what the answer must be.

import { request } from 'node:http'

/** A POST with a JSON body. */
export interface Call {
  /** below the server's address, with its query */
  readonly path: string
  readonly body: string
  /** whether the text of an answer is right */
  readonly isAnswer: (text: string) => boolean
}

/**
 * Sends a call over a connection of its own.
 * @returns whether it was answered with 200
 * @throws Error when a 200 carries another answer than it should
 */
export async function isAnswered(url: string, call: Call): Promise<boolean> {
  const { promise, resolve, reject } = Promise.withResolvers<boolean>()
  const sent = request(
    new URL(call.path, url),
    { ...sending(call), agent: false, signal: AbortSignal.timeout(longestMs) },
    (response) => {
      const parts: Buffer[] = []
      response.on('data', (part: Buffer) => parts.push(part)).on('error', () => resolve(false))
      response.on('end', () => {
        const text = Buffer.concat(parts).toString()
        if (response.statusCode !== 200) resolve(false)
        else if (call.isAnswer(text)) resolve(true)
        else reject(new Error(`a wrong answer: ${text.slice(0, 200)}`))
      })
    },
  )
  sent.on('error', () => resolve(false)).end(call.body)
  return promise
}

/** Method and headers of a call, as node:http wants them. */
export function sending({ body }: Call): {
  readonly method: 'POST'
  readonly headers: Readonly<Record<string, string | number>>
} {
  return {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(body) },
  }
}

const longestMs = 10_000
