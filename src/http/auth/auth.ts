// Who may call (yandex.md §15): an Authorization header becomes a credential, and a credential is accepted or is not.

import { Fault } from '../../errors.ts'
import type { Header } from '../../event/http.ts'
import type { Events } from '../../events.ts'
import { JwtCheck, jwtProblems } from './jwt.ts'
import { KeyFile, keyFileProblems } from './apiKeys.ts'

/** What a caller shows. */
export interface Credential {
  readonly scheme: 'bearer' | 'api-key'
  readonly value: string
}

/** Decides who may call. Each door says in its own way that somebody may not. */
export interface Authorizer {
  /** Whether whoever shows this may call. Never rejects. */
  readonly accepts: (credential: Credential | undefined) => Promise<boolean>
  /** @throws when the key file cannot be read */
  readonly start: () => void
  /** May be called twice, or before `start`. */
  readonly stop: () => void
}

/** What the operator has chosen; with nothing chosen everyone may call. */
export interface AuthSettings {
  /** path of the key file */
  readonly keys: string | undefined
  readonly jwks: string | undefined
  readonly issuer: string | undefined
  readonly audience: string | undefined
}

/** A public function: whatever is shown does not matter (yandex.md A-2). */
export const everyone: Authorizer = { accepts: async () => true, start: () => {}, stop: () => {} }

/** The authorizer that the operator has chosen; the settings have no problems. */
export function authorizer(settings: AuthSettings, events: Events): Authorizer {
  const { keys, jwks, issuer, audience } = settings
  if (keys === undefined && jwks === undefined) return everyone
  const keyFile = keys === undefined ? undefined : new KeyFile(keys, events)
  const isComplete = jwks !== undefined && issuer !== undefined && audience !== undefined
  const jwt = isComplete ? new JwtCheck({ jwks, issuer, audience }, events) : undefined
  return {
    accepts: async (credential) => {
      if (credential === undefined) return false
      if (keyFile?.has(credential.value) === true) return true
      return credential.scheme === 'bearer' && (await jwt?.accepts(credential.value)) === true
    },
    start: () => keyFile?.start(),
    stop: () => keyFile?.stop(),
  }
}

/** What is wrong with the settings, one sentence each. */
export function authProblems({ keys, jwks, issuer, audience }: AuthSettings): readonly string[] {
  const ofKeys = keys === undefined ? [] : keyFileProblems(keys)
  return [...ofKeys.map((each) => `--auth-keys: ${each}`), ...jwtProblems({ jwks, issuer, audience })]
}

/** What the headers of a request show; undefined without exactly one `Authorization: Bearer …` or `Api-Key …`. */
export function toCredential(headers: readonly Header[]): Credential | undefined {
  const lines = headers.filter(([name]) => name.toLowerCase() === 'authorization')
  const [, scheme = '', value] = (lines.length === 1 && shown.exec(lines[0]?.[1] ?? '')) || []
  if (value === undefined) return undefined
  return { scheme: scheme.toLowerCase() === 'bearer' ? 'bearer' : 'api-key', value: value.trimEnd() }
}

/** The fault of a caller who may not. The jobs API has one of its own. */
export function notAuthorized(): Fault {
  return new Fault('not_authorized', 'Forbidden: Not authorized')
}

const shown = /^(bearer|api-key) +(\S.*)$/i
