import { describe, expect, it } from 'vitest'
import { run, type Ended } from '../harness/program.ts'
import { bothLanguages, functionsIn } from '../harness/serving.ts'

type Language = Parameters<typeof functionsIn>[0]

function check(language: Language, flags: string, environment = {}): Promise<Ended> {
  return run(['check', '--root', functionsIn(language), ...flags.split(' ')], environment)
}

describe.each(bothLanguages)('fnbox check of a %s function', (language) => {
  it('prints that the function loads', async () => {
    const { code, stdout } = await check(language, 'seed.handler')
    expect([code, stdout]).toEqual([0, expect.stringContaining(`seed.handler loads (${language} `)])
  })

  it('prints why the function does not load', async () => {
    const { code, stdout } = await check(language, 'seed.missing')
    expect(code).toBe(1)
    expect(stdout).toContain("HandlerNotFound: Can't find handler function missing in seed")
  })

  it('lists the problems of configuration and function together', async () => {
    const environment = { FNBOX_INSTANCES: 'two', FNBOX_MIN_INSTANCES: '2' }
    const flags = 'broken_syntax.handler --timeout 10 --port abc'
    const { code, stdout, stderr } = await check(language, flags, environment)
    expect([code, stderr]).toEqual([1, ''])
    expect(stdout).toMatch(/^4 problems:\n/)
    for (const expected of [
      '--timeout: must be a duration',
      '--port: must be a whole number',
      'FNBOX_INSTANCES: must be a whole number',
      'the function does not load: SyntaxError',
    ])
      expect(stdout).toContain(`  - ${expected}`)
  })
})

describe('fnbox check', () => {
  it('loads the function although the configuration has a problem', async () => {
    const { code, stdout } = await check('node', 'seed.handler --timeout 10')
    const expected = /^1 problem:\n {2}- --timeout: .*\nseed\.handler loads \(node .*\)\n$/
    expect([code, stdout]).toEqual([1, expect.stringMatching(expected)])
  })

  it.each([
    '--auth-jwks notaurl --auth-issuer a --auth-audience b',
    '--auth-keys /nowhere',
    '--tls-cert /nowhere --tls-key /nowhere',
    '--token-url notaurl',
    '--token-file /nowhere',
    '--sa-key /nowhere',
    '--admin-port x',
    '--memory lots',
  ])('loads the function although it reports a problem of %s', async (flags) => {
    const { code, stdout } = await check('node', `seed.missing ${flags}`)
    expect(code).toBe(1)
    expect(stdout).toContain('2 problems:')
    expect(stdout).toContain('HandlerNotFound')
  })

  it.each([
    ['the handler leaves the root', '../x.handler', 'HANDLER: "../x.handler" leaves the code root'],
    ['the root is no folder', 'seed.handler --root /nowhere', '--root: /nowhere is not a folder'],
  ])('loads nothing when %s', async (_, flags, problem) => {
    const { code, stdout } = await check('node', `--timeout 10 ${flags}`)
    expect(code).toBe(1)
    expect(stdout).toMatch(/^2 problems:\n/)
    expect(stdout).toContain(problem)
    expect(stdout).not.toContain('load')
  })

  it.each([
    ['without a HANDLER', '', 'HANDLER is required'],
    ['with an unknown option', ' seed.handler --nonsense', '--nonsense is not'],
  ])('exits 64 with every problem %s', async (_, flags, problem) => {
    const { code, stdout, stderr } = await check('node', `--timeout 10${flags}`)
    expect([code, stdout]).toEqual([64, ''])
    for (const expected of [problem, '--timeout: must be a duration']) expect(stderr).toContain(expected)
  })
})
