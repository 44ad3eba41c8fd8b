// A source of tokens, as the invoker sees it, and an issuer, as a source sees it (yandex.md §14).

import type { ContextToken } from '../../wire/frames.ts'

/** Owns the token of the moment, and gives it at once: no invocation waits for a token. */
export interface TokenSource {
  /** Resolves when the first token is there, or after a moment without one. */
  start: () => Promise<void>
  /** May be called twice, or before `start`. */
  stop: () => void
  /** The token as a function sees it now; undefined while there is none that has not expired. */
  current: () => ContextToken | undefined
  readonly status: TokenStatus
}

/** How a source is doing, for readiness; the reason has no secret in it. */
export type TokenStatus = { readonly status: 'ok' } | { readonly status: 'failing'; readonly reason: string }

/** Gives a token for each request. */
export interface Issuer {
  /** its name in messages: the option that chose it */
  readonly name: string
  /** most milliseconds between two requests; absent: the token's life decides */
  readonly everyMs?: number
  /**
   * Requests a token.
   * @throws Error whose message says what is wrong, without any secret
   */
  issue: (signal: AbortSignal) => Promise<IssuedToken>
}

/** A token from its issuer. */
export interface IssuedToken {
  readonly value: string
  readonly type: string
  /** milliseconds left when it was requested; undefined: it has no known end */
  readonly lifeMs: number | undefined
}

/** Seconds that a token without a known end is said to last (yandex.md T-1). */
export const unknownEndSeconds = 43_200
