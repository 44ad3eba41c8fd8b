import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { iamDouble, metadataDouble } from '../harness/issuers.ts'
import { run, start } from '../harness/program.ts'
import { functionsIn } from '../harness/serving.ts'

const args = ['--root', functionsIn('node'), '--port', '0', '--log-level', 'trace', 'tokens.given']
const pythonFunction = ['--root', functionsIn('python'), 'tokens.given']

function fileWith(content: string): string {
  const path = join(mkdtempSync(join(tmpdir(), 'fnbox-test-')), 'file')
  writeFileSync(path, content)
  return path
}

describe('the source of tokens', () => {
  it('is refused beside another one', async () => {
    const flags = ['--token', 't1.secret', '--token-file', 'f', '--sa-key', '/none']
    const { code, stderr } = await run([...flags, ...args])
    expect(code).toBe(64)
    expect(stderr).toContain('--token and --token-file and --sa-key: give at most one source of tokens')
    expect(stderr).not.toContain('t1.secret')
  })

  it.each([
    [['--token-url', 'metadata'], '--token-url: must be an http or https URL'],
    [['--token-url', 'http://me:secret@host/'], '--token-url: must have no user and no password in it'],
    [['--iam-url', 'ftp://host/'], '--iam-url: must be an http or https URL'],
    [['--sa-key', '/none'], "--sa-key: ENOENT: no such file or directory, open '/none'"],
    [
      ['--sa-key', fileWith('{"private_key": "secret"}')],
      'is not a key file: it lacks id, service_account_id',
    ],
  ])('is refused when it cannot work: %s', async (flags, problem) => {
    const { code, stderr } = await run([...flags, ...args])
    expect([code, stderr]).toEqual([64, expect.stringContaining(problem)])
    expect(stderr).not.toContain('secret')
  })

  it('comes from the environment', async () => {
    await using double = await metadataDouble(3600)
    const environment = { FNBOX_TOKEN_URL: double.url }
    const { stdout } = await run(['invoke', ...pythonFunction, '-d', '{}'], environment)
    expect(JSON.parse(stdout)).toMatchObject({ token: { access_token: 't1.secret-0', token_type: 'Bearer' } })
  })

  it('serves fnbox invoke with a key (TV-53)', async () => {
    await using double = await iamDouble()
    const key = fileWith(JSON.stringify(double.keyFile))
    const flags = ['--sa-key', key, '--iam-url', double.url]
    const { stdout } = await run(['invoke', ...pythonFunction, '-d', '{}', ...flags])
    expect(JSON.parse(stdout)).toMatchObject({ token: { access_token: 't1.secret-1', token_type: 'Bearer' } })
  })

  it('is a problem of fnbox check when its issuer does not answer', async () => {
    await using double = await metadataDouble(3)
    double.mood = 'hold'
    const { code, stdout } = await run(['check', ...args, '--token-url', double.url])
    expect([code, stdout]).toEqual([1, expect.stringContaining('no token has come yet')])
    expect(stdout).toContain('tokens.given loads')
  })
})

describe('the log contains no secret (T-5)', () => {
  it.each([
    ['a token', ['--token', 't1.secret']],
    ['a file that is no token', ['--token-file', fileWith('{"access_token": "t1.secret')]],
  ])('of %s', async (_, flags) => {
    expect(await outputOf(flags)).not.toContain('secret')
  })

  it('of a metadata service that works or fails', async () => {
    await using double = await metadataDouble(3600)
    expect(await outputOf(['--token-url', double.url])).not.toContain('secret')
    double.mood = 'refuse'
    const output = await outputOf(['--token-url', double.url])
    expect(output).toContain('--token-url gives no token: it answered 500')
    expect(output).not.toContain('secret')
  })

  it('of a key whose exchange works or fails', async () => {
    await using double = await iamDouble()
    await using other = await iamDouble()
    for (const { keyFile } of [double, other]) {
      const flags = ['--sa-key', fileWith(JSON.stringify(keyFile)), '--iam-url', double.url]
      const output = await outputOf(flags)
      expect(output).not.toMatch(/secret|PRIVATE KEY|eyJ/)
      expect(output).not.toContain(keyFile['private_key']?.split('\n')[3])
      expect(output.includes('it answered 401')).toBe(keyFile === other.keyFile)
    }
  })
})

// Everything that a served function's program has written, after one call.
async function outputOf(flags: readonly string[]): Promise<string> {
  await using program = start([...args, ...flags])
  const { url } = await program.line('ready')
  const answer = await fetch(`${String(url)}?integration=raw`, { method: 'POST', body: '{}' })
  expect(answer.status).toBe(200)
  program.signal('SIGTERM')
  const { code, stdout, stderr } = await program.ended
  expect(code).toBe(0)
  return stdout + stderr
}
