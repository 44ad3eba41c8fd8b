// An issuer of JWTs for tests: signs them, and publishes its key on a server of its own.

import { createServer } from 'node:http'
import { exportJWK, exportSPKI, generateKeyPair, SignJWT, UnsecuredJWT, type JWTPayload } from 'jose'

export const issuerName = 'https://issuer.test'
export const audienceName = 'fnbox-tests'

/** A running issuer; disposing of it closes its server. */
export interface Issuer extends AsyncDisposable {
  /** where its keys are published */
  readonly jwks: string
  /** Times that the keys were fetched. */
  readonly fetches: () => number
  /** Makes the server answer well, with 500, with a redirect to the keys, or never. */
  readonly answer: (how: Answer) => void
  /** A right token, but for the claims given; an undefined one is left out. */
  readonly sign: (claims?: Claims) => Promise<string>
  /** A token with all the right claims that is signed in a wrong way. */
  readonly forge: (way: 'other key' | 'none' | 'HS256 with the public key') => Promise<string>
}

/** Starts an issuer with a key of its own. */
export async function startIssuer(): Promise<Issuer> {
  const { publicKey, privateKey } = await generateKeyPair('ES256', { extractable: true })
  const other = await generateKeyPair('ES256')
  const published = JSON.stringify({ keys: [{ ...(await exportJWK(publicKey)), kid: 'one', alg: 'ES256' }] })
  let fetches = 0
  let how: Answer = 'well'
  const server = createServer((request, response) => {
    fetches++
    if (how === 'never') return
    if (how === 'redirect' && request.url === '/keys')
      return void response.writeHead(302, { Location: '/elsewhere' }).end()
    response.writeHead(how === '500' ? 500 : 200, { 'Content-Type': 'application/json' }).end(published)
  })
  await new Promise<void>((settle) => server.listen(0, '127.0.0.1', settle))
  const address = server.address()
  const port = typeof address === 'object' ? address?.port : undefined
  return {
    jwks: `http://127.0.0.1:${port}/keys`,
    fetches: () => fetches,
    answer: (next) => (how = next),
    sign: async (claims = {}) =>
      new SignJWT(rightClaims(claims)).setProtectedHeader({ alg: 'ES256', kid: 'one' }).sign(privateKey),
    forge: async (way) => {
      if (way === 'none') return new UnsecuredJWT(rightClaims()).encode()
      const jwt = new SignJWT(rightClaims())
      if (way === 'other key')
        return jwt.setProtectedHeader({ alg: 'ES256', kid: 'one' }).sign(other.privateKey)
      const secret = Buffer.from(await exportSPKI(publicKey))
      return jwt.setProtectedHeader({ alg: 'HS256', kid: 'one' }).sign(secret)
    },
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections()
      await new Promise((settle) => server.close(settle))
    },
  }
}

type Answer = 'well' | '500' | 'redirect' | 'never'

type Claims = Readonly<Record<string, unknown>>

function rightClaims(changed: Claims = {}): JWTPayload {
  const now = Math.floor(Date.now() / 1000)
  return { iss: issuerName, aud: audienceName, sub: 'a-caller', iat: now, exp: now + 600, ...changed }
}
