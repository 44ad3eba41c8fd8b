import { describe, expect, it } from 'vitest'
import { run } from '../harness/program.ts'
import { functionsIn } from '../harness/serving.ts'

describe('fnbox check with options that are broken', () => {
  it.each([
    ['--auth-jwks', 'notaurl', '--auth-issuer', 'a', '--auth-audience', 'b'],
    ['--auth-keys', '/nowhere'],
    ['--tls-cert', '/nowhere', '--tls-key', '/nowhere'],
    ['--token-url', 'notaurl'],
    ['--token-file', '/nowhere'],
    ['--sa-key', '/nowhere'],
    ['--admin-port', 'x'],
    ['--memory', 'lots'],
  ])('still looks at the function, and lists the problem: %s', async (...flags) => {
    const { code, stdout } = await run(['check', '--root', functionsIn('node'), 'seed.missing', ...flags])
    expect(code).toBe(1)
    expect(stdout).toContain('2 problems:')
    expect(stdout).toContain('HandlerNotFound')
  })
})
