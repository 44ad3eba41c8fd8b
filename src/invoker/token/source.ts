// The source of tokens that the operator has chosen (interface.md §3, yandex.md §14): renews the token before it expires, and asks
// again while the issuer fails. Owns the current token and the timer of the next request.

import type { Events } from '../../events.ts'
import { within } from '../../timeout.ts'
import type { ContextToken } from '../../wire/frames.ts'
import { fileIssuer, keyIssuer, metadataIssuer, readKey, type IssuedToken, type Issuer } from './issuers.ts'

/** Gives the current token at once: no invocation waits for a token. */
export interface TokenSource {
  /** Resolves when the first token is there, or after a moment without one. */
  start: () => Promise<void>
  /** May be called twice, or before `start`. */
  stop: () => void
  /** The token as a function sees it now; undefined while there is none that has not expired. */
  current: () => ContextToken | undefined
  readonly status: TokenStatus
}

/** State of a source, for readiness; the reason has no secret in it. */
export type TokenStatus = { readonly status: 'ok' } | { readonly status: 'failing'; readonly reason: string }

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
  if (file !== undefined) return new Renewal(fileIssuer(file), events)
  if (url !== undefined) return new Renewal(metadataIssuer(url), events)
  if (key !== undefined) return new Renewal(keyIssuer(key, choice['iam-url']), events)
  return undefined
}

/** Every problem of the choice, one sentence each, without secrets. */
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

/** A source whose tokens come from an issuer. */
export class Renewal implements TokenSource {
  readonly #issuer: Issuer
  readonly #events: Events
  #token: KeptToken | undefined
  #failures = 0
  #reason: string | undefined = 'no token has come yet'
  #request: AbortController | undefined
  #timer: NodeJS.Timeout | undefined
  #stopped = false

  constructor(issuer: Issuer, events: Events) {
    this.#issuer = issuer
    this.#events = events
  }

  /** Asks for the first token, and waits for it a moment: a dead issuer must not delay the server. */
  async start(): Promise<void> {
    if (!this.#stopped) await within(firstTokenMs, this.#renew())
  }

  stop(): void {
    this.#stopped = true
    clearTimeout(this.#timer)
    this.#request?.abort()
  }

  // One with less than a second left says `expires_in: 0`: it counts as expired.
  current(): ContextToken | undefined {
    if (this.#token === undefined) return undefined
    const { value, type, endsAt } = this.#token
    const seconds = endsAt === undefined ? unknownEndSeconds : Math.floor((endsAt - performance.now()) / 1000)
    return seconds < 1 ? undefined : { access_token: value, expires_in: seconds, token_type: type }
  }

  get status(): TokenStatus {
    return this.#reason === undefined ? { status: 'ok' } : { status: 'failing', reason: this.#reason }
  }

  async #renew(): Promise<void> {
    const askedAt = performance.now()
    try {
      const token = await this.#ask()
      if (!this.#stopped) this.#keep(token, askedAt)
    } catch (cause) {
      if (!this.#stopped) this.#fail(cause)
    }
  }

  async #ask(): Promise<IssuedToken> {
    const request = new AbortController()
    this.#request = request
    const expiry = setTimeout(() => request.abort(new Error('no answer in time')), answerMs)
    try {
      return await Promise.race([this.#issuer.issue(request.signal), aborted(request.signal)])
    } finally {
      clearTimeout(expiry)
    }
  }

  #keep({ value, type, lifeMs }: IssuedToken, askedAt: number): void {
    if (lifeMs !== undefined && lifeMs < 1000) return this.#fail(new Error('it gave an expired token'))
    this.#token = { value, type, endsAt: lifeMs === undefined ? undefined : askedAt + lifeMs }
    if (this.#failures > 0)
      this.#events.emit('trouble-over', { what: `${this.#issuer.name} gives tokens again` })
    this.#failures = 0
    this.#reason = undefined
    this.#askIn(lifeMs === undefined ? longestPauseMs : Math.max(lifeMs - earlierMs(lifeMs), firstRetryMs))
  }

  // Announced once for each outage, not for each request.
  #fail(cause: unknown): void {
    this.#reason = cause instanceof Error ? cause.message : 'it failed'
    if (this.#failures === 0)
      this.#events.emit('trouble', { what: `${this.#issuer.name} gives no token: ${this.#reason}`, cause })
    this.#askIn(Math.min(firstRetryMs * 2 ** this.#failures, longestRetryMs))
    this.#failures++
  }

  #askIn(ms: number): void {
    const delay = Math.min(ms, this.#issuer.everyMs ?? longestPauseMs)
    this.#timer = setTimeout(() => void this.#renew(), delay).unref()
  }
}

interface KeptToken {
  readonly value: string
  readonly type: string
  /** on the clock of `performance.now()`, which is never set; undefined: no known end */
  readonly endsAt: number | undefined
}

// How long before its end a token is renewed: a tenth of its life, but for short-lived ones time for a few requests.
function earlierMs(lifeMs: number): number {
  return Math.max(lifeMs / 10, Math.min(lifeMs * (2 / 3), leastEarlierMs))
}

function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, fail) => signal.addEventListener('abort', () => fail(signal.reason as Error))) // `abort` is always given an Error
}

// How long the start of the server waits for the first token.
const firstTokenMs = 1000

// How long an issuer may take for an answer.
const answerMs = 5000

const leastEarlierMs = 5000
const firstRetryMs = 200
const longestRetryMs = 30_000

// No token of the cloud lives longer (yandex.md T-4).
const longestPauseMs = 12 * 3_600_000

const sources = ['token', 'token-file', 'token-url', 'sa-key'] as const

// Seconds that a token without a known end is said to last (yandex.md T-1).
const unknownEndSeconds = 43_200
