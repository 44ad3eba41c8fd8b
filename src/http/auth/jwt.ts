// Bearer JWTs of callers (yandex.md A-3), verified with the issuer's published keys. Owns whether the keys are available.

import { createRemoteJWKSet, errors, jwtVerify, type JWTVerifyGetKey } from 'jose'
import type { Events } from '../../events.ts'

/** The tokens that are accepted. */
export interface JwtSettings {
  /** where the issuer publishes its keys */
  readonly jwks: string
  readonly issuer: string
  readonly audience: string
}

/** Verifies tokens. Fetches the issuer's keys when they are first needed, and keeps them for a while. */
export class JwtCheck {
  readonly #settings: JwtSettings
  readonly #events: Events
  readonly #published: JWTVerifyGetKey
  #unavailable = false

  constructor(settings: JwtSettings, events: Events) {
    this.#settings = settings
    this.#events = events
    this.#published = createRemoteJWKSet(new URL(settings.jwks), {
      timeoutDuration: fetchTimeoutMs,
      cooldownDuration: refetchPauseMs,
      cacheMaxAge: keptMs,
    })
  }

  /** Whether the token is signed by the issuer, meant for this audience and in time. Never rejects. */
  async accepts(token: string): Promise<boolean> {
    const { issuer, audience } = this.#settings
    try {
      await jwtVerify(token, (header, signed) => this.#findKey(header, signed), {
        issuer,
        audience,
        algorithms,
        requiredClaims: ['exp'],
        clockTolerance: clockToleranceSeconds,
      })
      return true
    } catch {
      return false // the reason is not logged: the error quotes the token
    }
  }

  async #findKey(...wanted: Parameters<JWTVerifyGetKey>): Promise<Awaited<ReturnType<JWTVerifyGetKey>>> {
    try {
      const key = await this.#published(...wanted)
      this.#unavailable = false
      return key
    } catch (cause) {
      if (cause instanceof errors.JWKSNoMatchingKey || cause instanceof errors.JWKSMultipleMatchingKeys)
        throw cause
      if (!this.#unavailable)
        this.#events.emit('failure', {
          what: '--auth-jwks: the keys cannot be fetched; JWTs are refused until they can',
          cause,
        })
      this.#unavailable = true
      throw cause
    }
  }
}

/** The options: any of them may be missing. */
type Chosen = { readonly [Name in keyof JwtSettings]: string | undefined }

/** The problems of the settings, one sentence each. The URL is not repeated: it may contain a password. */
export function jwtProblems(settings: Chosen): readonly string[] {
  const { jwks, issuer, audience } = settings
  if (jwks === undefined)
    return (issuer ?? audience) === undefined ? [] : ['--auth-issuer and --auth-audience need --auth-jwks']
  const problems: string[] = []
  const url = URL.parse(jwks)
  if (url === null || !/^https?:$/.test(url.protocol) || url.username !== '' || url.password !== '')
    problems.push('--auth-jwks: must be an http or https URL without a user name and a password')
  // Without them every token of the issuer would be accepted, even one for another application.
  if (issuer === undefined || audience === undefined)
    problems.push('--auth-jwks: needs --auth-issuer and --auth-audience')
  return problems
}

// Asymmetric ones only: a published key must not be able to sign.
const algorithms = [
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
  'ES256',
  'ES384',
  'ES512',
  'EdDSA',
  'Ed25519',
]

// How far the issuer's clock may be from ours.
const clockToleranceSeconds = 5

const fetchTimeoutMs = 5000
const keptMs = 600_000

// How often a token with an unknown key may cause another fetch.
const refetchPauseMs = 30_000
