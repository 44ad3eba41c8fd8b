// Tokens from a metadata service (yandex.md T-2).

import { z } from 'zod'
import { fetchJson } from './fetchJson.ts'
import type { Issuer } from './source.ts'

/** The issuer behind --token-url. */
export function metadataIssuer(url: string): Issuer {
  return {
    name: '--token-url',
    issue: async (signal) => {
      const request = { headers: { 'Metadata-Flavor': 'Google' }, signal }
      const answer = await fetchJson(url, request, shape, '{"access_token", "expires_in", "token_type"}')
      return { value: answer.access_token, type: answer.token_type, lifeMs: answer.expires_in * 1000 }
    },
  }
}

const shape = z.object({
  access_token: z.string().min(1),
  expires_in: z.number(),
  token_type: z.string().default('Bearer'),
})
