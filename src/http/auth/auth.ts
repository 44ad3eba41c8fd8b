// Access control (yandex.md §15): an Authorization header becomes a credential, and a credential is accepted or is not.

import { Fault } from '../../errors.ts'
import type { Header } from '../../event/http.ts'
import type { Events } from '../../events.ts'
import { JwtCheck, jwtProblems } from './jwt.ts'
import { ApiKeys, apiKeyProblems } from './apiKeys.ts'

/** What a caller sends to prove that it may call. */
export interface Credential {
  readonly scheme: 'bearer' | 'api-key'
  readonly value: string
}

/** Decides which callers may call. Each endpoint has its own answer for the others. */
export interface Authorizer {
  /** Whether a caller with this credential may call. Never rejects. */
  readonly accepts: (credential: Credential | undefined) => Promise<boolean>
  /** @throws when the key file cannot be read */
  readonly start: () => void
  /** May be called twice, or before `start`. */
  readonly stop: () => void
}

/** The options about access; without any of them everyone may call. */
export interface AuthSettings {
  /** path of the key file */
  readonly keys: string | undefined
  readonly jwks: string | undefined
  readonly issuer: string | undefined
  readonly audience: string | undefined
}

/** A public function: credentials are ignored (yandex.md A-2). */
export const everyone: Authorizer = { accepts: async () => true, start: () => {}, stop: () => {} }

/** The authorizer of the settings, which have no problems. */
export function authorizer(settings: AuthSettings, events: Events): Authorizer {
  const { keys, jwks, issuer, audience } = settings
  if (keys === undefined && jwks === undefined) return everyone
  const apiKeys = keys === undefined ? undefined : new ApiKeys(keys, events)
  const isComplete = jwks !== undefined && issuer !== undefined && audience !== undefined
  const jwt = isComplete ? new JwtCheck({ jwks, issuer, audience }, events) : undefined
  return {
    accepts: async (credential) => {
      if (credential === undefined) return false
      if (apiKeys?.has(credential.value) === true) return true
      return credential.scheme === 'bearer' && (await jwt?.accepts(credential.value)) === true
    },
    start: () => apiKeys?.start(),
    stop: () => apiKeys?.stop(),
  }
}

/** The problems of the settings, one sentence each. */
export function authProblems({ keys, jwks, issuer, audience }: AuthSettings): readonly string[] {
  const ofKeys = keys === undefined ? [] : apiKeyProblems(keys)
  return [...ofKeys.map((each) => `--auth-keys: ${each}`), ...jwtProblems({ jwks, issuer, audience })]
}

/** The credential in the headers of a request; undefined without exactly one `Authorization: Bearer …` or `Api-Key …`. */
export function toCredential(headers: readonly Header[]): Credential | undefined {
  const lines = headers.filter(([name]) => name.toLowerCase() === 'authorization')
  const [, scheme = '', value] = (lines.length === 1 && authorization.exec(lines[0]?.[1] ?? '')) || []
  if (value === undefined) return undefined
  return { scheme: scheme.toLowerCase() === 'bearer' ? 'bearer' : 'api-key', value: value.trimEnd() }
}

/** The fault of a caller that may not call. The jobs API has its own error. */
export function notAuthorized(): Fault {
  return new Fault('not_authorized', 'Forbidden: Not authorized')
}

const authorization = /^(bearer|api-key) +(\S.*)$/i
