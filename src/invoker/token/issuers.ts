// The issuers of tokens: a file that another program renews, a metadata service, and the exchange of a service account's key.

import { createPrivateKey, type KeyObject } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { readFile, stat } from 'node:fs/promises'
import { SignJWT } from 'jose'
import { z } from 'zod'
import { parseJson } from '../../json/json.ts'

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

/**
 * The issuer behind --token-file. The file is read again and again rather than watched: mounted secrets are replaced by
 * links, which watches do not follow.
 */
export function fileIssuer(path: string): Issuer {
  return {
    name: '--token-file',
    everyMs: rereadMs,
    issue: async (signal) => {
      const text = (await readFile(path, { encoding: 'utf8', signal })).trim()
      if (text === '') throw new Error(`${path} is empty`)
      return text.startsWith('{')
        ? parseToken(path, text, (await stat(path)).mtimeMs)
        : { value: text, type: 'Bearer', lifeMs: undefined }
    },
  }
}

function parseToken(path: string, text: string, writtenAt: number): IssuedToken {
  const { data } = fileShape.safeParse(parseJson(text))
  if (data === undefined)
    throw new Error(`${path} is not {"access_token": …, "expires_in": seconds or "expires_at": time}`)
  const { access_token: value, token_type: type, expires_in: seconds, expires_at: end } = data
  const endsAt = end ?? (seconds === undefined ? undefined : writtenAt + seconds * 1000)
  return { value, type, lifeMs: endsAt === undefined ? undefined : endsAt - Date.now() }
}

/** The issuer behind --token-url (yandex.md T-2). */
export function metadataIssuer(url: string): Issuer {
  return {
    name: '--token-url',
    issue: async (signal) => {
      const request = { headers: { 'Metadata-Flavor': 'Google' }, signal }
      const answer = await fetchJson(
        url,
        request,
        metadataShape,
        '{"access_token", "expires_in", "token_type"}',
      )
      return { value: answer.access_token, type: answer.token_type, lifeMs: answer.expires_in * 1000 }
    },
  }
}

/** The issuer behind --sa-key (yandex.md T-4, T-5). The file is read for every exchange: a key may be replaced while we run. */
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
        exchangeShape,
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

// Sends one request, and parses the answer. Messages never quote what was sent or received. `expected`: what an answer looks like.
async function fetchJson<Answer>(
  url: string,
  request: RequestInit,
  shape: z.ZodType<Answer>,
  expected: string,
): Promise<Answer> {
  const response = await fetch(url, { ...request, redirect: 'error' }).catch((error: unknown) => {
    throw new Error(`it cannot be reached (${reasonOf(error)})`)
  })
  if (response.status !== 200) {
    await response.body?.cancel()
    throw new Error(`it answered ${response.status}`)
  }
  const { data } = shape.safeParse(await readJson(response))
  if (data === undefined) throw new Error(`its answer is not ${expected}`)
  return data
}

async function readJson({ body }: Response): Promise<unknown> {
  const parts: Uint8Array[] = []
  let size = 0
  for await (const part of body ?? []) {
    parts.push(part)
    size += part.length
    if (size > longestAnswer) return undefined
  }
  return parseJson(Buffer.concat(parts).toString())
}

// The cause of a failed fetch is the system's error; with several addresses it has a code and no message.
function reasonOf(error: unknown): string {
  const { cause } = error instanceof Error ? error : {}
  if (!(cause instanceof Error)) return error instanceof Error ? error.message : 'unknown'
  return cause.message === '' && 'code' in cause ? String(cause.code) : cause.message
}

const epochSeconds = z.number().transform((seconds) => seconds * 1000)
const time = z
  .string()
  .transform((text) => Date.parse(text))
  .pipe(z.number())

const fileShape = z.object({
  access_token: z.string().min(1),
  token_type: z.string().default('Bearer'),
  /** counted from the file's last change */
  expires_in: z.number().optional(),
  expires_at: z.union([epochSeconds, time]).optional(),
})

const metadataShape = z.object({
  access_token: z.string().min(1),
  expires_in: z.number(),
  token_type: z.string().default('Bearer'),
})

const keyShape = z.object({
  id: z.string().min(1),
  service_account_id: z.string().min(1),
  private_key: z.string().min(1),
})

const exchangeShape = z.object({ iamToken: z.string().min(1), expiresAt: time })

const leastKeyBits = 2048
const statementSeconds = 3600
const longestAnswer = 65_536 // bytes
const rereadMs = 1000
