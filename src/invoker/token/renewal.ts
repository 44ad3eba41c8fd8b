// Keeps a token fresh: asks its issuer again before the token expires, and again and again while the issuer fails.
// Owns the token held and the timer of the next question.

import type { Events } from '../../events.ts'
import type { ContextToken } from '../../wire/frames.ts'
import { within } from '../../timeout.ts'
import {
  unknownEndSeconds,
  type IssuedToken,
  type Issuer,
  type TokenSource,
  type TokenStatus,
} from './source.ts'

/** A source whose tokens come from an issuer. */
export class RenewingSource implements TokenSource {
  readonly #issuer: Issuer
  readonly #events: Events
  #held: HeldToken | undefined
  #failures = 0
  #reason: string | undefined = 'no token has come yet'
  #question: AbortController | undefined
  #timer: NodeJS.Timeout | undefined
  #stopped = false

  constructor(issuer: Issuer, events: Events) {
    this.#issuer = issuer
    this.#events = events
  }

  /** Asks for the first token; waits for it only so long that a dead issuer does not delay the server. */
  async start(): Promise<void> {
    if (!this.#stopped) await within(firstTokenMs, this.#renew())
  }

  stop(): void {
    this.#stopped = true
    clearTimeout(this.#timer)
    this.#question?.abort()
  }

  // One with less than a second left says `expires_in: 0`: it counts as expired.
  current(): ContextToken | undefined {
    if (this.#held === undefined) return undefined
    const { value, type, endsAt } = this.#held
    const seconds = endsAt === undefined ? unknownEndSeconds : Math.floor((endsAt - performance.now()) / 1000)
    return seconds < 1 ? undefined : { access_token: value, expires_in: seconds, token_type: type }
  }

  get status(): TokenStatus {
    return this.#reason === undefined ? { status: 'ok' } : { status: 'failing', reason: this.#reason }
  }

  async #renew(): Promise<void> {
    const asked = performance.now()
    try {
      const token = await this.#ask()
      if (!this.#stopped) this.#hold(token, asked)
    } catch (cause) {
      if (!this.#stopped) this.#fail(cause)
    }
  }

  async #ask(): Promise<IssuedToken> {
    const question = new AbortController()
    this.#question = question
    const expiry = setTimeout(() => question.abort(new Error('no answer in time')), answerMs)
    try {
      return await Promise.race([this.#issuer.issue(question.signal), aborted(question.signal)])
    } finally {
      clearTimeout(expiry)
    }
  }

  #hold({ value, type, lifeMs }: IssuedToken, asked: number): void {
    if (lifeMs !== undefined && lifeMs < 1000) return this.#fail(new Error('it gave an expired token'))
    this.#held = { value, type, endsAt: lifeMs === undefined ? undefined : asked + lifeMs }
    if (this.#failures > 0)
      this.#events.emit('trouble-over', { what: `${this.#issuer.name} gives tokens again` })
    this.#failures = 0
    this.#reason = undefined
    this.#askIn(lifeMs === undefined ? longestPauseMs : Math.max(lifeMs - earlierMs(lifeMs), firstRetryMs))
  }

  // Announced once for each outage, not for each question.
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

interface HeldToken {
  readonly value: string
  readonly type: string
  /** on the clock of `performance.now()`, which nobody sets; undefined: no known end */
  readonly endsAt: number | undefined
}

// How long before its end a token is renewed: a tenth of its life, but for short-lived ones time for a few questions.
function earlierMs(lifeMs: number): number {
  return Math.max(lifeMs / 10, Math.min(lifeMs * (2 / 3), leastEarlierMs))
}

function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, fail) => signal.addEventListener('abort', () => fail(signal.reason as Error))) // whatever aborts gives an Error
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
