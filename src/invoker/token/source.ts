// What a source of tokens is to those who take tokens, and what an issuer is to a source (yandex.md §14).

import type { ContextToken } from '../../wire/frames.ts'

/** Holds the token of the moment. It answers at once with what it holds: no invocation waits for a token. */
export interface TokenSource {
  /** Resolves when the first token is there, or when it is not worth waiting for any longer. */
  start: () => Promise<void>
  /** May be called twice, or before `start`. */
  stop: () => void
  /** The token as a function sees it now; undefined while there is none that has not expired. */
  current: () => ContextToken | undefined
  readonly status: TokenStatus
}

/** How a source is doing, for readiness; the reason has no secret in it. */
export type TokenStatus = { readonly status: 'ok' } | { readonly status: 'failing'; readonly reason: string }

/** Who gives tokens when asked. */
export interface Issuer {
  /** how messages call it: the option that chose it */
  readonly name: string
  /** most milliseconds between two questions; absent: the token's life decides */
  readonly everyMs?: number
  /**
   * Asks for a token.
   * @throws Error whose message says what is wrong, without any secret
   */
  issue: (signal: AbortSignal) => Promise<IssuedToken>
}

/** A token as its issuer gave it. */
export interface IssuedToken {
  readonly value: string
  readonly type: string
  /** milliseconds left when it was asked for; undefined: it has no known end */
  readonly lifeMs: number | undefined
}

/** Seconds that a token without a known end is said to last (yandex.md T-1). */
export const unknownEndSeconds = 43_200
