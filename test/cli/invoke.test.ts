import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { run } from '../harness/program.ts'
import { bothLanguages, functionsIn } from '../harness/serving.ts'

describe.each(bothLanguages)('fnbox invoke with a %s function', (language) => {
  const invoke = (handler: string, ...flags: string[]): ReturnType<typeof run> =>
    run(['invoke', '--root', functionsIn(language), handler, ...flags], {}, '{"length": 2}')

  it('prints the result on stdout and logs on stderr', async () => {
    const { code, stdout, stderr } = await invoke('sized.text', '-d', '{"length": 3}')
    expect([code, stdout]).toEqual([0, '"xxx"\n'])
    expect(stderr).toContain('"msg":"ready')
  })

  it('reads the event from a file and from the standard input', async () => {
    const file = join(mkdtempSync(join(tmpdir(), 'fnbox-test-')), 'event.json')
    writeFileSync(file, '{"length": 1}')
    expect((await invoke('sized.text', '-d', `@${file}`)).stdout).toBe('"x"\n')
    expect((await invoke('sized.text', '-d', '-')).stdout).toBe('"xx"\n')
  })

  it('builds the event of a request and prints the mapped reply with --http', async () => {
    const { code, stdout } = await invoke(
      'sized.mirror',
      '--http',
      'POST /?a=1',
      '-H',
      'Content-Type: application/json',
      '-d',
      '{}',
    )
    expect(code).toBe(0)
    expect(stdout).toMatch(
      /^HTTP\/1\.1 200 OK\n(.+: .*\n)*Content-Type: application\/json\n(.+: .*\n)*\n\{\}\n$/,
    )
  })

  it('prints a stream as it comes', async () => {
    const { code, stdout } = await invoke('streams.head', '--http', 'GET /')
    expect(code).toBe(0)
    expect(stdout).toMatch(/^HTTP\/1\.1 201 Created\nX-Made: here\n(.+: .*\n)*\nstart end$/)
  })

  it.each([
    [1, 'throw', 'thrown at once'],
    [1, 'exit', 'exit code 3'],
    [2, 'await-forever', 'Execution timeout exceeded'],
  ])('exits %i when the function does %s', async (expected, deed, message) => {
    const { code, stdout, stderr } = await invoke(
      'hostile.handler',
      '--timeout',
      '300ms',
      '-d',
      JSON.stringify({ do: deed }),
    )
    expect([code, stdout]).toEqual([expected, ''])
    expect(stderr).toContain(message)
  })
})

describe('fnbox check', () => {
  it.each(bothLanguages)('says that a %s function loads', async (language) => {
    const { code, stdout } = await run(['check', '--root', functionsIn(language), 'seed.handler'])
    expect([code, stdout]).toEqual([0, expect.stringContaining(`seed.handler loads (${language} `)])
  })

  it.each(bothLanguages)('says why a %s function does not load', async (language) => {
    const { code, stdout } = await run(['check', '--root', functionsIn(language), 'seed.missing'])
    expect(code).toBe(1)
    expect(stdout).toContain("HandlerNotFound: Can't find handler function missing in seed")
  })
})

describe('fnbox', () => {
  it('explains itself with --help and names its version', async () => {
    const help = await run(['--help'])
    expect([help.code, help.stdout]).toEqual([0, expect.stringContaining('--queue-timeout D')])
    expect((await run(['--version'])).stdout).toMatch(/^\d+\.\d+\.\d+\n$/)
  })
})
