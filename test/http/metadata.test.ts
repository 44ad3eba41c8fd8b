import { describe, expect, it } from 'vitest'
import { readConfig } from '../harness/config.ts'
import { App } from '../../src/app.ts'
import { Awaited, Call } from '../../src/invocation.ts'
import { MetadataServer } from '../../src/http/metadataServer.ts'
import { callRaw } from '../harness/calling.ts'
import { metadataDouble } from '../harness/issuers.ts'
import { bothLanguages, functionsIn, serve } from '../harness/serving.ts'

const headers = { 'Metadata-Flavor': 'Google' }

describe.each(bothLanguages)('the metadata service for a %s function', (language) => {
  it('gives the token at the address of YC_METADATA_ADDR (T-2)', async () => {
    await using serving = await serve(language, 'tokens.asked', { token: 't1.fixed' })
    const { body } = await callRaw(serving, { headers })
    expect(body).toEqual({
      status: 200,
      flavor: 'Google',
      body: '{"access_token":"t1.fixed","expires_in":43200,"token_type":"Bearer"}',
    })
  })

  it('answers 403 without the header, 404 elsewhere (T-3)', async () => {
    await using serving = await serve(language, 'tokens.asked', { token: 't1.fixed' })
    expect((await callRaw(serving)).body).toEqual({ status: 403, flavor: 'Google', body: '' })
    const elsewhere = await callRaw(serving, { path: '/computeMetadata/v1/', headers })
    expect(elsewhere.body).toMatchObject({ status: 404, body: '' })
  })

  it('answers 404 while there is no token (T-3)', async () => {
    await using double = await metadataDouble(3)
    double.mood = 'refuse'
    await using serving = await serve(language, 'tokens.asked', { 'token-url': double.url })
    expect((await callRaw(serving, { headers })).body).toMatchObject({ status: 404, body: '' })
  })

  it('is not there without a source of tokens', async () => {
    await using serving = await serve(language, 'tokens.told')
    expect((await callRaw(serving)).body).toBeNull()
  })

  it("leaves the user's own address alone", async () => {
    const environment = { PATH: process.env['PATH'], YC_METADATA_ADDR: 'metadata.example' }
    const flags = { root: functionsIn(language), token: 't1.fixed' }
    const app = new App(readConfig('tokens.told', flags, environment))
    await app.start()
    const caller = new Awaited()
    app.invoker.start(new Call({ id: 'one', mode: 'raw', payload: Buffer.from('{}') }, caller))
    const outcome = await caller.outcome
    await app.stop()
    expect(outcome).toMatchObject({ type: 'returned', json: Buffer.from('"metadata.example"') })
  })
})

describe('the metadata server', () => {
  const source = {
    start: async () => {},
    stop: () => {},
    current: () => undefined,
    status: { status: 'ok' },
  } as const

  it('listens on a loopback address until it is stopped, which may be twice or before its start', async () => {
    const server = new MetadataServer(source)
    expect(server.variables).toEqual({})
    await server.start()
    expect(server.variables).toEqual({
      YC_METADATA_ADDR: expect.stringMatching(/^127\.0\.0\.1:\d+$/) as unknown,
    })
    server.stop()
    server.stop()
    expect(server.variables).toEqual({})
    const early = new MetadataServer(source)
    early.stop()
    await early.start()
    expect(early.variables).toEqual({})
    const meanwhile = new MetadataServer(source)
    const started = meanwhile.start()
    meanwhile.stop()
    await started
    expect(meanwhile.variables).toEqual({})
  })
})
