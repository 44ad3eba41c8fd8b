// Doubles of the outside network: a metadata service and an IAM, on loopback addresses.

import { generateKeyPairSync, type KeyObject } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type IncomingHttpHeaders, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { json } from 'node:stream/consumers'
import { jwtVerify, type JWTPayload } from 'jose'

/** What a double does with the next question. */
export type Mood = 'answer' | 'refuse' | 'hold'

/** A metadata service that issues short-lived tokens; disposing of it takes it down. */
export interface MetadataDouble extends AsyncDisposable {
  readonly url: string
  /** headers of every question so far */
  readonly questions: readonly IncomingHttpHeaders[]
  mood: Mood
  /** Whether it has issued a token that has not expired at a time. */
  readonly isValid: (token: string, atMs: number) => boolean
}

export async function metadataDouble(lifeSeconds: number): Promise<MetadataDouble> {
  const questions: IncomingHttpHeaders[] = []
  const ends = new Map<string, number>()
  const issue = (response: ServerResponse): void => {
    const token = `t1.secret-${ends.size}`
    ends.set(token, Date.now() + lifeSeconds * 1000)
    response.end(JSON.stringify({ access_token: token, expires_in: lifeSeconds, token_type: 'Bearer' }))
  }
  const server = createServer((request, response) => {
    questions.push(request.headers)
    if (double.mood === 'answer') issue(response)
    if (double.mood === 'refuse') response.writeHead(500).end('t1.secret')
  })
  const double: MetadataDouble = {
    url: `${await listen(server)}/token`,
    questions,
    mood: 'answer',
    isValid: (token, atMs) => atMs < (ends.get(token) ?? 0),
    [Symbol.asyncDispose]: () => close(server),
  }
  return double
}

/** An IAM that exchanges signed statements; disposing of it takes it down. */
export interface IamDouble extends AsyncDisposable {
  readonly url: string
  /** the content of a key file whose statements it accepts */
  readonly keyFile: Readonly<Record<string, string>>
  /** every statement that has been verified */
  readonly statements: readonly { readonly header: object; readonly claims: JWTPayload }[]
  expiresAt: string
}

export async function iamDouble(): Promise<IamDouble> {
  const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const statements: { header: object; claims: JWTPayload }[] = []
  const server = createServer((request, response) => {
    void verify(json(request), publicKey).then(
      ({ protectedHeader, payload }) => {
        statements.push({ header: protectedHeader, claims: payload })
        response.end(
          JSON.stringify({ iamToken: `t1.secret-${statements.length}`, expiresAt: double.expiresAt }),
        )
      },
      () => response.writeHead(401).end('{"message": "t1.secret"}'),
    )
  })
  const double: IamDouble = {
    url: `${await listen(server)}/iam/v1/tokens`,
    keyFile: {
      id: 'ajekeyid',
      service_account_id: 'ajeaccount',
      created_at: '2026-01-01T00:00:00Z',
      key_algorithm: 'RSA_2048',
      public_key: publicKey.export({ type: 'spki', format: 'pem' }).toString(),
      private_key: `PLEASE DO NOT REMOVE THIS LINE! Yandex.Cloud SA Key ID <ajekeyid>\n${privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()}`,
    },
    statements,
    expiresAt: new Date(Date.now() + 3_600_000).toISOString(),
    [Symbol.asyncDispose]: () => close(server),
  }
  return double
}

async function verify(body: Promise<unknown>, key: KeyObject): ReturnType<typeof jwtVerify> {
  const { jwt } = (await body) as { jwt: string } // anything else is not verified either
  return jwtVerify(jwt, key, { algorithms: ['PS256'] })
}

async function listen(server: Server): Promise<string> {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo // listening on a port, not on a path
  return `http://127.0.0.1:${port}`
}

async function close(server: Server): Promise<void> {
  if (!server.listening) return
  const closed = once(server, 'close')
  server.close()
  server.closeAllConnections()
  await closed
}
