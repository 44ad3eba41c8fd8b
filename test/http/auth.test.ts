import { createHash } from 'node:crypto'
import { mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import request from 'supertest'
import { describe, expect, it } from 'vitest'
import type { Flags } from '../../src/config.ts'
import { Events } from '../../src/events.ts'
import { authorizer, toCredential } from '../../src/http/auth/auth.ts'
import { eventually } from '../harness/calling.ts'
import { audienceName, issuerName, startIssuer, type Issuer } from '../harness/issuer.ts'
import { run, start } from '../harness/program.ts'
import { bothLanguages, functionsIn, serve, type Serving } from '../harness/serving.ts'

const forbidden = { errorCode: 403, errorType: 'ClientError', errorMessage: 'Forbidden: Not authorized' }

function folder(): string {
  return mkdtempSync(join(tmpdir(), 'fnbox-test-'))
}

function keyFile(...lines: readonly string[]): string {
  const path = join(folder(), 'keys')
  writeFileSync(path, lines.join('\n'))
  return path
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}

async function call(serving: Serving, authorization?: string): Promise<request.Response> {
  const pending = request(serving.url).post('/?integration=raw').send('{}')
  return authorization === undefined ? pending : pending.set('Authorization', authorization)
}

async function statusOf(serving: Serving, authorization?: string): Promise<number> {
  return (await call(serving, authorization)).status
}

function jwtFlags({ jwks }: Pick<Issuer, 'jwks'>): Flags {
  return { 'auth-jwks': jwks, 'auth-issuer': issuerName, 'auth-audience': audienceName }
}

function troubles(serving: Serving): readonly string[] {
  const seen: string[] = []
  serving.app.events.on('trouble', ({ what }) => seen.push(what))
  return seen
}

describe.each(bothLanguages)('a %s function with --auth-keys', (language) => {
  it('runs for callers with a key, and for no others (A-3, F-25, TV-54)', async () => {
    await using serving = await serve(language, 'counts.handler', { 'auth-keys': keyFile('right') })
    for (const wrong of [undefined, 'Bearer wrong', 'Api-Key wrong', 'Basic right', 'right', 'Bearer', '']) {
      const { status, headers, body } = await call(serving, wrong)
      expect([status, body]).toEqual([403, forbidden])
      expect(headers).toMatchObject({ 'x-fnbox-fault': 'not_authorized', 'content-type': 'application/json' })
      expect(headers).not.toHaveProperty('www-authenticate')
    }
    expect((await call(serving, 'Api-Key right')).body).toBe(1)
    expect((await call(serving, 'Bearer right')).body).toBe(2)
  })

  it('never sees the header (A-4, TV-54)', async () => {
    await using serving = await serve(language, 'seed.handler', { 'auth-keys': keyFile('right-key') })
    const { status, text } = await request(serving.url).get('/').set('Authorization', 'Bearer right-key')
    expect(status).toBe(200)
    expect(text).toContain('requestContext')
    expect(text).not.toMatch(/right-key|authorization"/i)
  })

  it('is public without it, whatever the header says (A-2, TV-54)', async () => {
    await using serving = await serve(language, 'seed.handler')
    const { status, text } = await request(serving.url).get('/').set('Authorization', 'Basic x')
    expect(status).toBe(200)
    expect(text).not.toMatch(/Basic x|authorization"/i)
  })
})

describe('--auth-keys', () => {
  it('takes the names of the schemes in any case of letters (A-3)', async () => {
    await using serving = await serve('node', 'counts.handler', { 'auth-keys': keyFile('right') })
    for (const scheme of ['bearer', 'BEARER', 'api-key', 'API-KEY', 'aPi-KeY'])
      expect(await statusOf(serving, `${scheme} right`)).toBe(200)
    expect(await statusOf(serving, 'Bearer RIGHT')).toBe(403)
  })

  it('takes keys as they are or as their SHA-256, among comments and empty lines', async () => {
    const path = keyFile(
      '# the keys',
      '',
      'plain\r',
      '  indented  ',
      sha256('hashed'),
      `sha256:${sha256('marked')}`,
      `SHA256:${sha256('loud').toUpperCase()}`,
    )
    await using serving = await serve('node', 'counts.handler', { 'auth-keys': path })
    for (const right of ['plain', 'indented', 'hashed', 'marked', 'loud'])
      expect(await statusOf(serving, `Api-Key ${right}`)).toBe(200)
    for (const wrong of ['# the keys', sha256('hashed'), `sha256:${sha256('marked')}`])
      expect(await statusOf(serving, `Api-Key ${wrong}`)).toBe(403)
  })

  it('tells a stranger nothing of paths, methods and sizes', async () => {
    const flags = { 'auth-keys': keyFile('right'), 'request-limit': '10' }
    await using serving = await serve('node', 'counts.handler', flags)
    const answers = await Promise.all([
      request(serving.url).get('/unknown'),
      request(serving.url).get('/a/b'),
      request(serving.url).get('/?integration=nonsense'),
      request(serving.url).post('/').send('more than ten bytes'),
      request(serving.url).trace('/'),
    ])
    expect(answers.map(({ status }) => status)).toEqual([403, 403, 403, 403, 403])
  })

  it('leaves the probes open', async () => {
    await using serving = await serve('node', 'counts.handler', { 'auth-keys': keyFile('right') })
    expect((await request(serving.url).get('/_/healthz')).status).toBe(200)
    expect((await request(serving.url).get('/_/readyz')).status).toBe(200)
  })

  it('adds and revokes keys when the file changes', async () => {
    const path = keyFile('old')
    await using serving = await serve('node', 'counts.handler', { 'auth-keys': path })
    expect(await statusOf(serving, 'Bearer new')).toBe(403)
    writeFileSync(path, 'old\nnew\n')
    await eventually(async () => (await statusOf(serving, 'Bearer new')) === 200)
    expect(await statusOf(serving, 'Bearer old')).toBe(200)
    writeFileSync(path, 'new\n')
    await eventually(async () => (await statusOf(serving, 'Bearer old')) === 403)
    expect(await statusOf(serving, 'Bearer new')).toBe(200)
  })

  it('follows a link that is pointed elsewhere, as mounted secrets are', async () => {
    const [first, second, link] = [keyFile('first'), keyFile('second'), join(folder(), 'keys')]
    symlinkSync(first, link)
    await using serving = await serve('node', 'counts.handler', { 'auth-keys': link })
    symlinkSync(second, `${link}.next`)
    renameSync(`${link}.next`, link)
    await eventually(async () => (await statusOf(serving, 'Bearer second')) === 200)
    expect(await statusOf(serving, 'Bearer first')).toBe(403)
  })

  it('keeps the keys when the file is removed, and says so once', async () => {
    const path = keyFile('right')
    await using serving = await serve('node', 'counts.handler', { 'auth-keys': path })
    const seen = troubles(serving)
    rmSync(path)
    await eventually(() => seen.length > 0)
    expect(await statusOf(serving, 'Bearer right')).toBe(200)
    writeFileSync(path, 'other')
    await eventually(async () => (await statusOf(serving, 'Bearer other')) === 200)
    expect(await statusOf(serving, 'Bearer right')).toBe(403)
    expect(seen).toEqual(['--auth-keys: cannot be read; the contents read before stay in use'])
  })

  it('rejects every caller when the last key is removed from the file, and says so', async () => {
    const path = keyFile('right')
    await using serving = await serve('node', 'counts.handler', { 'auth-keys': path })
    const seen = troubles(serving)
    writeFileSync(path, '')
    await eventually(async () => (await statusOf(serving, 'Bearer right')) === 403)
    expect(seen).toEqual(['--auth-keys: changed, and are invalid'])
  })

  it.each([
    ['that is not there', join(tmpdir(), 'fnbox-test-nothing-here'), 'ENOENT'],
    ['without a key', keyFile('# nothing', ''), 'there is no key in it'],
    ['with a broken hash', keyFile('sha256:SECRET'), 'line 1: 64 hexadecimal digits must follow sha256:'],
  ])('do not start with a file %s', async (_, path, problem) => {
    const { code, stderr } = await run(['--root', functionsIn('node'), '--auth-keys', path, 'counts.handler'])
    expect([code, stderr]).toEqual([64, expect.stringContaining('--auth-keys: ')])
    expect(stderr).toContain(problem)
    expect(stderr).not.toContain('SECRET')
  })
})

describe('--auth-jwks', () => {
  it('takes a token of the issuer, for this audience, in time; keys are fetched once', async () => {
    await using issuer = await startIssuer()
    await using serving = await serve('node', 'counts.handler', jwtFlags(issuer))
    expect((await call(serving, `Bearer ${await issuer.sign()}`)).body).toBe(1)
    expect((await call(serving, `bearer ${await issuer.sign()}`)).body).toBe(2)
    expect((await call(serving, `Bearer ${await issuer.sign({ aud: ['x', audienceName] })}`)).body).toBe(3)
    expect(issuer.fetches()).toBe(1)
  })

  it('rejects a token with a wrong claim, without running the function', async () => {
    await using issuer = await startIssuer()
    await using serving = await serve('node', 'counts.handler', jwtFlags(issuer))
    const now = Math.floor(Date.now() / 1000)
    const wrong = [
      { exp: now - 60 },
      { exp: undefined },
      { nbf: now + 60 },
      { aud: 'somebody-else' },
      { aud: undefined },
      { iss: 'https://elsewhere.test' },
      { iss: undefined },
    ]
    for (const claims of wrong) {
      const { status, body } = await call(serving, `Bearer ${await issuer.sign(claims)}`)
      expect([claims, status, body]).toEqual([claims, 403, forbidden])
    }
    expect((await call(serving, `Bearer ${await issuer.sign()}`)).body).toBe(1)
  })

  it.each(['other key', 'none', 'HS256 with the public key'] as const)(
    'rejects a forged token: %s',
    async (how) => {
      await using issuer = await startIssuer()
      await using serving = await serve('node', 'counts.handler', jwtFlags(issuer))
      expect(await statusOf(serving, `Bearer ${await issuer.forge(how)}`)).toBe(403)
      expect((await call(serving, `Bearer ${await issuer.sign()}`)).body).toBe(1)
    },
  )

  it('rejects what is no token, a token under Api-Key and no header, without asking the issuer', async () => {
    await using issuer = await startIssuer()
    await using serving = await serve('node', 'counts.handler', jwtFlags(issuer))
    for (const wrong of [undefined, 'Bearer x', 'Bearer a.b.c', `Api-Key ${await issuer.sign()}`])
      expect(await statusOf(serving, wrong)).toBe(403)
    expect(issuer.fetches()).toBe(0)
  })

  it('rejects tokens while the keys cannot be fetched, says so once, and recovers', async () => {
    await using issuer = await startIssuer()
    await using serving = await serve('node', 'counts.handler', jwtFlags(issuer))
    const seen = troubles(serving)
    issuer.answer('500')
    const token = await issuer.sign()
    expect(await statusOf(serving, `Bearer ${token}`)).toBe(403)
    expect(await statusOf(serving, `Bearer ${token}`)).toBe(403)
    expect(seen).toEqual(['--auth-jwks: the keys cannot be fetched; JWTs are refused until they can'])
    issuer.answer('well')
    expect((await call(serving, `Bearer ${token}`)).body).toBe(1)
  })

  it('rejects tokens of an issuer that redirects: another server could publish other keys', async () => {
    await using issuer = await startIssuer()
    await using serving = await serve('node', 'counts.handler', jwtFlags(issuer))
    issuer.answer('redirect')
    expect(await statusOf(serving, `Bearer ${await issuer.sign()}`)).toBe(403)
    expect(issuer.fetches()).toBe(1)
  })

  it('rejects tokens while the issuer is unreachable', async () => {
    const gone = await startIssuer()
    await gone[Symbol.asyncDispose]()
    await using serving = await serve('node', 'counts.handler', jwtFlags(gone))
    const seen = troubles(serving)
    expect(await statusOf(serving, `Bearer ${await gone.sign()}`)).toBe(403)
    expect(seen).toHaveLength(1)
  })

  it('rejects tokens when the issuer never answers, and answers probes meanwhile', async () => {
    await using issuer = await startIssuer()
    await using serving = await serve('node', 'counts.handler', jwtFlags(issuer))
    issuer.answer('never')
    const waiting = call(serving, `Bearer ${await issuer.sign()}`)
    expect((await request(serving.url).get('/_/healthz')).status).toBe(200)
    expect((await waiting).status).toBe(403)
  })

  it('stands beside --auth-keys', async () => {
    await using issuer = await startIssuer()
    const flags = { ...jwtFlags(issuer), 'auth-keys': keyFile('right') }
    await using serving = await serve('node', 'counts.handler', flags)
    expect(await statusOf(serving, `Bearer ${await issuer.sign()}`)).toBe(200)
    expect(await statusOf(serving, 'Bearer right')).toBe(200)
    expect(await statusOf(serving, 'Bearer wrong')).toBe(403)
  })

  it('does not start with half of its settings', async () => {
    const without = await run(['--root', functionsIn('node'), '--auth-issuer', 'x', 'counts.handler'])
    expect([without.code, without.stderr]).toEqual([64, expect.stringContaining('need --auth-jwks')])
    const url = 'https://user:SECRET@issuer.test/'
    const alone = await run(['--root', functionsIn('node'), '--auth-jwks', url, 'counts.handler'])
    expect(alone.code).toBe(64)
    expect(alone.stderr).toContain('--auth-jwks: must be an http or https URL without a user name')
    expect(alone.stderr).toContain('--auth-jwks: needs --auth-issuer and --auth-audience')
    expect(alone.stderr).not.toContain('SECRET')
  })
})

describe('what the program writes', () => {
  it('holds no key and no token, at any level', async () => {
    await using issuer = await startIssuer()
    const path = keyFile('KEY-ONE', 'KEY-TWO')
    const flags = Object.entries({ ...jwtFlags(issuer), 'auth-keys': path, port: '0', 'log-level': 'trace' })
    await using program = start([
      'counts.handler',
      `--root=${functionsIn('node')}`,
      ...flags.map(([name, value]) => `--${name}=${value}`),
    ])
    const url = String((await program.line('ready'))['url'])
    const right = await issuer.sign()
    const shown = [right, await issuer.sign({ aud: 'x', sub: 'CLAIM' }), await issuer.forge('other key')]
    const statuses: number[] = []
    for (const each of ['KEY-ONE', 'KEY-WRONG', ...shown])
      statuses.push(
        (await request(url).post('?integration=raw').set('Authorization', `Bearer ${each}`)).status,
      )
    expect(statuses).toEqual([200, 403, 200, 403, 403])
    writeFileSync(path, 'sha256:KEY-BROKEN\nKEY-THREE')
    await program.line('--auth-keys: changed')
    rmSync(path)
    await program.line('--auth-keys: cannot be read')
    program.signal('SIGTERM')
    const { stdout, stderr } = await program.ended
    expect(stderr).toBe('')
    for (const secret of ['KEY-', 'CLAIM', ...shown, right.split('.')[2] ?? right])
      expect(stdout).not.toContain(secret)
  })
})

describe('authorizer', () => {
  it('rejects every caller when its settings are incomplete', async () => {
    const half = { keys: undefined, jwks: 'https://issuer.test/', issuer: undefined, audience: undefined }
    expect(await authorizer(half, new Events()).accepts({ scheme: 'bearer', value: 'x' })).toBe(false)
  })
})

describe('toCredential', () => {
  it('takes exactly one header of a known scheme', () => {
    expect(toCredential([['AUTHORIZATION', 'api-KEY  a b ']])).toEqual({ scheme: 'api-key', value: 'a b' })
    expect(toCredential([['authorization', 'BEARER x']])).toEqual({ scheme: 'bearer', value: 'x' })
    const two = ['right', 'wrong'].map((key) => ['Authorization', `Bearer ${key}`] as const)
    for (const headers of [[], two, [['Authorization', 'Digest x']] as const])
      expect(toCredential(headers)).toBeUndefined()
  })
})
