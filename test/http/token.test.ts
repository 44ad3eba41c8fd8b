import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import request from 'supertest'
import { describe, expect, it } from 'vitest'
import { callRaw, eventually } from '../harness/calling.ts'
import { metadataDouble, type MetadataDouble } from '../harness/issuers.ts'
import { bothLanguages, serve, type Serving } from '../harness/serving.ts'

interface Given {
  readonly status: number
  /** when the function ran, epoch milliseconds */
  readonly now: number
  readonly token: {
    readonly access_token: string
    readonly expires_in: number
    readonly token_type: string
  } | null
}

async function callGiven(serving: Serving): Promise<Given> {
  const { status, body } = await callRaw(serving)
  return { status, ...(body as Omit<Given, 'status'>) } // what the function returns
}

async function statusOf(serving: Serving): Promise<unknown> {
  const { status, body } = await request(serving.url).get('/_/readyz')
  return { status, token: (body as { token?: unknown }).token }
}

function isSound({ status, now, token }: Given, double: MetadataDouble): boolean {
  return status === 200 && (token === null || double.isValid(token.access_token, now))
}

describe('tokens with a life of three seconds', () => {
  it.concurrent.each(bothLanguages)(
    'are never handed out expired during ten seconds of load, nor when their issuer is then down (TV-53, %s)',
    async (language) => {
      const double = await metadataDouble(3)
      const flags = { 'token-url': double.url, instances: '2', 'min-instances': '2' }
      await using serving = await serve(language, 'tokens.given', flags)
      const end = performance.now() + 10_000
      const seen = new Set<string>()
      const unsound: Given[] = []
      const call = async (): Promise<Given> => {
        const given = await callGiven(serving)
        if (given.token !== null) seen.add(given.token.access_token)
        if (!isSound(given, double)) unsound.push(given)
        return given
      }
      const caller = async (): Promise<void> => {
        while (performance.now() < end) {
          const given = await call()
          if (given.token === null) unsound.push(given)
        }
      }
      await Promise.all([caller(), caller(), caller(), caller()])
      expect(unsound).toEqual([])
      expect(seen.size).toBeGreaterThan(4)

      await double[Symbol.asyncDispose]()
      await eventually(async () => (await call()).token === null)
      expect(unsound).toEqual([])
      expect(await statusOf(serving)).toMatchObject({ status: 200, token: { status: 'failing' } })
    },
  )
})

describe.each(bothLanguages)('context.token of a %s function', (language) => {
  it('is there without a wait while the metadata service is slow (T-1)', async () => {
    await using double = await metadataDouble(5)
    await using serving = await serve(language, 'tokens.given', { 'token-url': double.url })
    double.mood = 'hold'
    await eventually(() => double.questions.length === 2)
    expect(await callGiven(serving)).toMatchObject({ status: 200, token: { access_token: 't1.secret-0' } })
  })

  it('is left out when no token has come in time for the start (T-1)', async () => {
    await using double = await metadataDouble(3)
    double.mood = 'hold'
    await using serving = await serve(language, 'tokens.given', { 'token-url': double.url })
    expect(await callGiven(serving)).toMatchObject({ status: 200, token: null })
    expect(await statusOf(serving)).toEqual({
      status: 200,
      token: { status: 'failing', reason: 'no token has come yet' },
    })
  })

  it('comes when a service that was down is back, and both are announced once', async () => {
    await using double = await metadataDouble(3600)
    double.mood = 'refuse'
    await using serving = await serve(language, 'tokens.given', { 'token-url': double.url })
    const announced: string[] = []
    serving.app.events.on('failure', ({ what }) => announced.push(what))
    serving.app.events.on('recovered', ({ what }) => announced.push(what))
    expect(await statusOf(serving)).toEqual({
      status: 200,
      token: { status: 'failing', reason: 'it answered 500' },
    })
    await eventually(() => double.questions.length > 2)
    double.mood = 'answer'
    await eventually(async () => (await callGiven(serving)).token !== null)
    expect(await statusOf(serving)).toEqual({ status: 200, token: { status: 'ok' } })
    expect(announced).toEqual(['--token-url gives tokens again'])
  })

  it('follows its file, and outlives it (T-1)', async () => {
    const file = join(mkdtempSync(join(tmpdir(), 'fnbox-test-')), 'token')
    writeFileSync(file, 't1.first\n')
    await using serving = await serve(language, 'tokens.given', { 'token-file': file })
    expect((await callGiven(serving)).token).toEqual({
      access_token: 't1.first',
      expires_in: 43_200,
      token_type: 'Bearer',
    })
    writeFileSync(file, JSON.stringify({ access_token: 't1.second', expires_in: 3600 }))
    await eventually(async () => (await callGiven(serving)).token?.access_token === 't1.second')
    rmSync(file)
    await eventually(async () => !(await isOk(serving)))
    expect((await callGiven(serving)).token?.access_token).toBe('t1.second')
  })
})

describe('GET /_/readyz', () => {
  it('says nothing of tokens without a source of them', async () => {
    await using serving = await serve('node', 'tokens.given')
    expect(await statusOf(serving)).toEqual({ status: 200 })
  })
})

async function isOk(serving: Serving): Promise<boolean> {
  const { token } = (await statusOf(serving)) as { token: { status: string } } // a source is configured
  return token.status === 'ok'
}
