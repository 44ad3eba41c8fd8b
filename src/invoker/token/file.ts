// Tokens from a file that another program renews: the token alone, or JSON as the metadata service answers it.

import { readFile, stat } from 'node:fs/promises'
import { z } from 'zod'
import { parseJson } from '../../json/json.ts'
import type { IssuedToken, Issuer } from './source.ts'

/**
 * The issuer behind --token-file. The file is read again and again rather than watched: mounted secrets are replaced by
 * links, which watches do not follow.
 */
export function fileIssuer(path: string): Issuer {
  return {
    name: '--token-file',
    everyMs: rereadMs,
    issue: async (signal) => {
      const text = (await readFile(path, { encoding: 'utf8', signal })).trim()
      if (text === '') throw new Error(`${path} is empty`)
      return text.startsWith('{')
        ? parseToken(path, text, (await stat(path)).mtimeMs)
        : { value: text, type: 'Bearer', lifeMs: undefined }
    },
  }
}

function parseToken(path: string, text: string, writtenAt: number): IssuedToken {
  const { data } = shape.safeParse(parseJson(text))
  if (data === undefined)
    throw new Error(`${path} is not {"access_token": …, "expires_in": seconds or "expires_at": time}`)
  const { access_token: value, token_type: type, expires_in: seconds, expires_at: end } = data
  const endsAt = end ?? (seconds === undefined ? undefined : writtenAt + seconds * 1000)
  return { value, type, lifeMs: endsAt === undefined ? undefined : endsAt - Date.now() }
}

const epochSeconds = z.number().transform((seconds) => seconds * 1000)
const time = z
  .string()
  .transform((text) => Date.parse(text))
  .pipe(z.number())

const shape = z.object({
  access_token: z.string().min(1),
  token_type: z.string().default('Bearer'),
  /** counted from the file's last change */
  expires_in: z.number().optional(),
  expires_at: z.union([epochSeconds, time]).optional(),
})

const rereadMs = 1000
