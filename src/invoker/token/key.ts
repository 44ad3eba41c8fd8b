// Tokens in exchange for a statement signed with a service account's key (yandex.md T-4, T-5).

import { createPrivateKey, type KeyObject } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { SignJWT } from 'jose'
import { z } from 'zod'
import { parseJson } from '../../json/json.ts'
import { fetchJson } from './fetchJson.ts'
import type { Issuer } from './source.ts'

/** The issuer behind --sa-key. The file is read for every exchange: a key may be replaced while we run. */
export function keyIssuer(path: string, iamUrl: string): Issuer {
  return {
    name: '--sa-key',
    issue: async (signal) => {
      const jwt = await sign(readKey(path), iamUrl)
      const headers = { 'Content-Type': 'application/json' }
      const request = { method: 'POST', headers, body: JSON.stringify({ jwt }), signal }
      const { iamToken, expiresAt } = await fetchJson(
        iamUrl,
        request,
        answerShape,
        '{"iamToken", "expiresAt"}',
      )
      return { value: iamToken, type: 'Bearer', lifeMs: expiresAt - Date.now() }
    },
  }
}

/** A service account's authorized key. */
export interface ServiceKey {
  readonly id: string
  readonly accountId: string
  readonly privateKey: KeyObject
}

/**
 * Reads a key file.
 * @throws Error that says what is wrong with it, and never quotes it
 */
export function readKey(path: string): ServiceKey {
  const { data, error } = keyShape.safeParse(parseJson(readFileSync(path, 'utf8')))
  if (data === undefined) {
    const missing = error.issues.map(({ path: [name] }) => name).filter((name) => name !== undefined)
    throw new Error(
      `${path} is not a key file${missing.length > 0 ? `: it lacks ${missing.join(', ')}` : ''}`,
    )
  }
  return { id: data.id, accountId: data.service_account_id, privateKey: readPem(path, data.private_key) }
}

// The cloud writes a warning above the PEM header.
function readPem(path: string, text: string): KeyObject {
  let key: KeyObject
  try {
    key = createPrivateKey(text.slice(Math.max(0, text.indexOf('-----BEGIN '))))
  } catch {
    throw new Error(`${path}: its private_key is not a private key in PEM form`)
  }
  if (key.asymmetricKeyType === 'rsa' && (key.asymmetricKeyDetails?.modulusLength ?? 0) >= leastKeyBits)
    return key
  throw new Error(`${path}: its private_key is not an RSA key of ${leastKeyBits} bits or more`)
}

function sign({ id, accountId, privateKey }: ServiceKey, audience: string): Promise<string> {
  const now = Math.floor(Date.now() / 1000)
  return new SignJWT()
    .setProtectedHeader({ typ: 'JWT', alg: 'PS256', kid: id })
    .setIssuer(accountId)
    .setAudience(audience)
    .setIssuedAt(now)
    .setExpirationTime(now + statementSeconds)
    .sign(privateKey)
}

const keyShape = z.object({
  id: z.string().min(1),
  service_account_id: z.string().min(1),
  private_key: z.string().min(1),
})

const answerShape = z.object({
  iamToken: z.string().min(1),
  expiresAt: z
    .string()
    .transform((text) => Date.parse(text))
    .pipe(z.number()),
})

const leastKeyBits = 2048
const statementSeconds = 3600
