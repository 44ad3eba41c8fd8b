import { once } from 'node:events'
import { mkdtempSync, utimesSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import {
  fileIssuer,
  keyIssuer,
  metadataIssuer,
  type IssuedToken,
  type Issuer,
} from '../../../src/invoker/token/issuers.ts'
import { iamDouble, metadataDouble } from '../../harness/issuers.ts'

async function ask(issuer: Issuer): Promise<IssuedToken> {
  return issuer.issue(new AbortController().signal)
}

function fileWith(content: string | object): string {
  const path = join(mkdtempSync(join(tmpdir(), 'fnbox-test-')), 'file')
  writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content))
  return path
}

describe('the metadata service as a source (T-2, X-11, TV-53)', () => {
  it('is asked with the header Metadata-Flavor', async () => {
    await using double = await metadataDouble(3)
    expect(await ask(metadataIssuer(double.url))).toEqual({
      value: 't1.secret-0',
      type: 'Bearer',
      lifeMs: 3000,
    })
    expect(double.questions).toMatchObject([{ 'metadata-flavor': 'Google' }])
  })

  it('fails with a reason that quotes nothing', async () => {
    const double = await metadataDouble(3)
    double.mood = 'refuse'
    await expect(ask(metadataIssuer(double.url))).rejects.toThrow(/^it answered 500$/)
    await double[Symbol.asyncDispose]()
    await expect(ask(metadataIssuer(double.url))).rejects.toThrow(/^it cannot be reached \(.*ECONNREFUSED/)
  })

  it('fails when it redirects: another server must not learn what was asked', async () => {
    await using double = await metadataDouble(3)
    const server = createServer((_, response) => response.writeHead(307, { Location: double.url }).end())
    await once(server.listen(0, '127.0.0.1'), 'listening')
    const { port } = server.address() as AddressInfo // listening on a port, not on a path
    await expect(ask(metadataIssuer(`http://127.0.0.1:${port}/`))).rejects.toThrow(/^it cannot be reached/)
    expect(double.questions).toEqual([])
    server.close()
  })

  it('fails when its answer is no token', async () => {
    await using iam = await iamDouble() // answers 401 to GET
    await expect(ask(metadataIssuer(iam.url))).rejects.toThrow(/^it answered 401$/)
    const page = 'data:text/html,t1.secret'
    await expect(ask(metadataIssuer(page))).rejects.toThrow(/^its answer is not \{"access_token"/)
  })
})

describe("a service account's key as a source (T-4, T-5, TV-53)", () => {
  it('is exchanged with a PS256 statement of at most an hour', async () => {
    await using double = await iamDouble()
    const { value, type, lifeMs } = await ask(keyIssuer(fileWith(double.keyFile), double.url))
    expect([value, type]).toEqual(['t1.secret-1', 'Bearer'])
    expect(lifeMs).toBeGreaterThan(3_500_000)
    expect(lifeMs).toBeLessThanOrEqual(3_600_000)
    const [{ header, claims } = { header: {}, claims: {} }] = double.statements
    expect(header).toEqual({ typ: 'JWT', alg: 'PS256', kid: 'ajekeyid' })
    expect(claims).toEqual({
      iss: 'ajeaccount',
      aud: double.url,
      iat: expect.any(Number) as unknown,
      exp: (claims.iat ?? 0) + 3600,
    })
  })

  it('fails with a reason that quotes nothing when the IAM refuses it', async () => {
    await using double = await iamDouble()
    await using other = await iamDouble()
    await expect(ask(keyIssuer(fileWith(other.keyFile), double.url))).rejects.toThrow(/^it answered 401$/)
  })

  it.each([
    ['not JSON', 'secret', /is not a key file$/],
    ['not a key', '{"id": "secret"}', /is not a key file: it lacks service_account_id, private_key$/],
    [
      'no PEM',
      '{"id": "a", "service_account_id": "b", "private_key": "secret"}',
      /its private_key is not a private key in PEM form$/,
    ],
  ])('is refused without a word of it: %s', async (_, content, problem) => {
    const path = fileWith(content)
    await expect(ask(keyIssuer(path, 'http://127.0.0.1:1'))).rejects.toThrow(problem)
    await expect(ask(keyIssuer(path, 'http://127.0.0.1:1'))).rejects.not.toThrow(/secret/)
  })
})

describe('a file as a source (T-1)', () => {
  it('holds the token alone', async () => {
    expect(await ask(fileIssuer(fileWith('t1.file\n')))).toEqual({
      value: 't1.file',
      type: 'Bearer',
      lifeMs: undefined,
    })
  })

  it('holds JSON with expires_in, counted from when it was written', async () => {
    const path = fileWith({ access_token: 't1.file', expires_in: 3600, token_type: 'Custom' })
    const anHourAgo = Date.now() / 1000 - 1800
    utimesSync(path, anHourAgo, anHourAgo)
    const { value, type, lifeMs = 0 } = await ask(fileIssuer(path))
    expect([value, type, Math.round(lifeMs / 100_000)]).toEqual(['t1.file', 'Custom', 18])
  })

  it.each([
    ['a time', new Date(Date.now() + 3_600_000).toISOString()],
    ['epoch seconds', Date.now() / 1000 + 3600],
  ])('holds JSON with expires_at: %s', async (_, end) => {
    const { lifeMs = 0 } = await ask(fileIssuer(fileWith({ access_token: 't1.file', expires_at: end })))
    expect(Math.round(lifeMs / 100_000)).toBe(36)
  })

  it('holds JSON without an end', async () => {
    const { value, lifeMs } = await ask(fileIssuer(fileWith({ access_token: 't1.file' })))
    expect([value, lifeMs]).toEqual(['t1.file', undefined])
  })

  it.each([
    ['nothing', ' \n', /is empty$/],
    ['broken JSON', '{"access_token": "secret', /is not \{"access_token"/],
    ['no token', '{"token": "secret"}', /is not \{"access_token"/],
    ['a time that is none', '{"access_token": "secret", "expires_at": "secret"}', /is not \{"access_token"/],
  ])('fails without a word of it when it holds %s', async (_, content, problem) => {
    const path = fileWith(content)
    await expect(ask(fileIssuer(path))).rejects.toThrow(problem)
    await expect(ask(fileIssuer(path))).rejects.not.toThrow(/secret/)
  })
})
