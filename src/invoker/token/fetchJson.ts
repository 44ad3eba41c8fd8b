// One HTTP request to an issuer, and its parsed answer. Messages never quote what was sent or received.

import type { z } from 'zod'
import { parseJson } from '../../json/json.ts'

/**
 * Asks, and parses the answer.
 * @param expected what an answer looks like, for the message when it does not
 * @throws Error without any secret
 */
export async function fetchJson<Answer>(
  url: string,
  request: RequestInit,
  shape: z.ZodType<Answer>,
  expected: string,
): Promise<Answer> {
  const response = await fetch(url, { ...request, redirect: 'error' }).catch((error: unknown) => {
    throw new Error(`it cannot be reached (${reasonOf(error)})`)
  })
  if (response.status !== 200) {
    await response.body?.cancel()
    throw new Error(`it answered ${response.status}`)
  }
  const { data } = shape.safeParse(await readJson(response))
  if (data === undefined) throw new Error(`its answer is not ${expected}`)
  return data
}

async function readJson({ body }: Response): Promise<unknown> {
  const parts: Uint8Array[] = []
  let size = 0
  for await (const part of body ?? []) {
    parts.push(part)
    size += part.length
    if (size > longestAnswer) return undefined
  }
  return parseJson(Buffer.concat(parts).toString())
}

// The cause of a failed fetch is the system's error; with several addresses it has a code and no message.
function reasonOf(error: unknown): string {
  const { cause } = error instanceof Error ? error : {}
  if (!(cause instanceof Error)) return error instanceof Error ? error.message : 'unknown'
  return cause.message === '' && 'code' in cause ? String(cause.code) : cause.message
}

// bytes
const longestAnswer = 65_536
