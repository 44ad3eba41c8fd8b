// The source of tokens that the operator has chosen, and what may be wrong with the choice (interface.md §3).

import type { Events } from '../../events.ts'
import { fileIssuer } from './file.ts'
import { keyIssuer, readKey } from './key.ts'
import { metadataIssuer } from './metadata.ts'
import { RenewingSource } from './renewal.ts'
import { unknownEndSeconds, type TokenSource } from './source.ts'

/** The options about tokens. */
export interface TokenChoice {
  readonly token?: string | undefined
  readonly 'token-file'?: string | undefined
  readonly 'token-url'?: string | undefined
  readonly 'sa-key'?: string | undefined
  /** where a service account's key is exchanged */
  readonly 'iam-url': string
}

/** The chosen source; undefined when none is. */
export function tokenSource(choice: TokenChoice, events: Events): TokenSource | undefined {
  const { token, 'token-file': file, 'token-url': url, 'sa-key': key } = choice
  if (token !== undefined) return fixedSource(token)
  if (file !== undefined) return new RenewingSource(fileIssuer(file), events)
  if (url !== undefined) return new RenewingSource(metadataIssuer(url), events)
  if (key !== undefined) return new RenewingSource(keyIssuer(key, choice['iam-url']), events)
  return undefined
}

/** Everything that is wrong with the choice, one sentence each; none of them quotes a secret. */
export function tokenProblems(choice: TokenChoice): readonly string[] {
  const chosen = sources.filter((name) => choice[name] !== undefined)
  const problems = (['token-url', 'iam-url'] as const).flatMap((name) => urlProblems(name, choice[name]))
  if (chosen.length > 1)
    problems.push(`${chosen.map((name) => `--${name}`).join(' and ')}: give at most one source of tokens`)
  return [...problems, ...keyProblems(choice['sa-key'])]
}

function fixedSource(token: string): TokenSource {
  const fixed = { access_token: token, expires_in: unknownEndSeconds, token_type: 'Bearer' }
  return { start: async () => {}, stop: () => {}, current: () => fixed, status: { status: 'ok' } }
}

// A password in a URL would be a secret in a flag, and is not sent anyway.
function urlProblems(name: string, given: string | undefined): string[] {
  if (given === undefined) return []
  const url = URL.parse(given)
  if (url === null || !/^https?:$/.test(url.protocol)) return [`--${name}: must be an http or https URL`]
  return url.username + url.password === '' ? [] : [`--${name}: must have no user and no password in it`]
}

function keyProblems(path: string | undefined): readonly string[] {
  if (path === undefined) return []
  try {
    readKey(path)
    return []
  } catch (error) {
    return [`--sa-key: ${error instanceof Error ? error.message : 'cannot be read'}`]
  }
}

const sources = ['token', 'token-file', 'token-url', 'sa-key'] as const
