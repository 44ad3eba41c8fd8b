import { execFile } from 'node:child_process'
import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
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

  it('takes the headers of --http as a server does: the host that is named, the length that is there', async () => {
    const named = ['-H', 'host: example.com', '-H', 'content-length: 9']
    const { stdout } = await invoke('seed.handler', '--http', 'POST /', ...named, '-d', '{}')
    expect(JSON.parse(stdout.slice(stdout.indexOf('\n\n')))).toMatchObject({
      event: { multiValueHeaders: { Host: ['example.com'], 'Content-Length': ['2'] } },
    })
  })

  it('prints no body for HEAD, be it whole or streamed (R-12, K-14)', async () => {
    const whole = await invoke('seed.handler', '--http', 'HEAD /')
    expect(whole.stdout).toMatch(/^HTTP\/1\.1 200 OK\n(.+: .*\n)+\n$/)
    const streamed = await invoke('streams.head', '--http', 'HEAD /')
    expect(streamed.stdout).toMatch(/^HTTP\/1\.1 201 Created\n(.+: .*\n)+\n$/)
    expect([whole.code, streamed.code]).toEqual([0, 0])
  })

  it('makes the event of a trigger around the data with --event (M-10)', async () => {
    const { code, stdout } = await invoke('echo.handler', '--event', 'message-queue', '-d', 'text')
    expect(code).toBe(0)
    expect(JSON.parse(stdout)).toMatchObject({
      messages: [{ details: { message: { body: 'text', md5_of_body: '1cb251ec0d568de6a929b520c4aed8d1' } } }],
    })
  })

  it('says what a gateway makes of a result without a status (W-12)', async () => {
    const bare = await invoke('echo.handler', '--event', 'api-gateway-1.0')
    expect([bare.code, bare.stdout]).toEqual([1, expect.stringContaining('"version"')])
    expect(bare.stderr).toContain('502 {"message":"no statusCode provided by function"}')
    const whole = await invoke('seed.handler', '--event', 'api-gateway-1.0')
    expect([whole.code, whole.stderr]).toEqual([0, expect.not.stringContaining('no statusCode')])
  })

  it('prints a stream as it comes', async () => {
    const { code, stdout } = await invoke('streams.head', '--http', 'GET /')
    expect(code).toBe(0)
    expect(stdout).toMatch(/^HTTP\/1\.1 201 Created\nX-Made: here\n(.+: .*\n)*\nstart end$/)
  })

  it.each([
    [1, 'throw', 'thrown at once', '1m'],
    [1, 'exit', 'exit code 3', '1m'],
    [2, 'await-forever', 'Execution timeout exceeded', '300ms'],
  ])('exits %i when the function does %s', async (expected, deed, message, timeout) => {
    const { code, stdout, stderr } = await invoke(
      'hostile.handler',
      '--timeout',
      timeout,
      '-d',
      JSON.stringify({ do: deed }),
    )
    expect([code, stdout]).toEqual([expected, ''])
    expect(stderr).toContain(message)
  })
})

describe('fnbox invoke refuses', () => {
  it.each([
    [
      'an unknown event, and lists all names',
      ['--event', 'cron'],
      /one of api-gateway-0\.1, .*, telegram, not "cron"/,
    ],
    ['--event with --http', ['--event', 'timer', '--http', 'GET /'], /--http and -H do not go with it/],
    ['-H without --http', ['-H', 'X-A: 1'], /-H: headers belong to a request; give --http, too/],
    ['data that makes no event', ['--event', 'budget', '-d', 'x'], /budget must be a JSON object/],
  ])('%s', async (_, flags, message) => {
    const { code, stdout, stderr } = await run([
      'invoke',
      '--root',
      functionsIn('node'),
      'echo.handler',
      ...flags,
    ])
    expect([code, stdout]).toEqual([64, ''])
    expect(stderr).toMatch(message)
  })
})

describe('fnbox invoke with a Bash function', () => {
  it.each([
    ['line\n', 'line\n'],
    ['"x"', '"x"\n'],
  ])('prints %j as it is, on lines of its own (M-9)', async (data, printed) => {
    const { code, stdout } = await run(['invoke', '--root', functionsIn('bash'), 'echo.sh', '-d', data])
    expect([code, stdout]).toEqual([0, printed])
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

  it.each(bothLanguages)(
    'lists the problems of the configuration and of a %s function together',
    async (language) => {
      const { code, stdout, stderr } = await run(
        [
          'check',
          '--root',
          functionsIn(language),
          'broken_syntax.handler',
          '--timeout',
          '10',
          '--port',
          'abc',
        ],
        { FNBOX_INSTANCES: 'two', FNBOX_MIN_INSTANCES: '2' },
      )
      expect([code, stderr]).toEqual([1, ''])
      expect(stdout).toMatch(/^4 problems:\n/)
      for (const expected of [
        '--timeout: must be a duration',
        '--port: must be a whole number',
        'FNBOX_INSTANCES: must be a whole number',
        'the function does not load: SyntaxError',
      ])
        expect(stdout).toContain(`  - ${expected}`)
    },
  )

  it('says that the function loads beside what is wrong with the configuration', async () => {
    const args = ['check', '--root', functionsIn('node'), 'seed.handler', '--timeout', '10']
    const { code, stdout } = await run(args)
    expect([code, stdout]).toEqual([
      1,
      expect.stringMatching(/^1 problem:\n {2}- --timeout: .*\nseed\.handler loads \(node .*\)\n$/),
    ])
  })

  it.each([
    ['a handler that cannot be looked for', ['../x.handler'], 'HANDLER: "../x.handler" leaves the code root'],
    ['a root that is no folder', ['seed.handler', '--root', '/nowhere'], '--root: /nowhere is not a folder'],
  ])('loads nothing because of %s', async (_, args, problem) => {
    const { code, stdout } = await run(['check', '--timeout', '10', ...args])
    expect(code).toBe(1)
    expect(stdout).toMatch(/^2 problems:\n/)
    expect(stdout).toContain(problem)
    expect(stdout).not.toContain('load')
  })

  it.each([
    ['without a HANDLER', ['check', '--timeout', '10'], 'HANDLER is required'],
    [
      'with an unknown option',
      ['check', 'seed.handler', '--timeout', '10', '--nonsense'],
      '--nonsense is not',
    ],
  ])('asks nothing %s: exit code 64 and every problem', async (_, args, problem) => {
    const { code, stdout, stderr } = await run([...args, '--root', functionsIn('node')])
    expect([code, stdout]).toEqual([64, ''])
    for (const expected of [problem, '--timeout: must be a duration']) expect(stderr).toContain(expected)
  })
})

describe('a reader that goes away', () => {
  it('is no bug of fnbox', async () => {
    const main = join(import.meta.dirname, '..', '..', 'src', 'main.ts')
    const line = `"${process.execPath}" "${main}" --help | true; "${process.execPath}" "${main}" invoke --root "${functionsIn('node')}" sized.text -d '{"length": 2000000}' 2>&1 >/dev/full`
    const { stdout } = await promisify(execFile)('sh', ['-c', line])
    expect(stdout).not.toContain('bug')
  })
})

describe('fnbox', () => {
  it('explains itself with --help and names its version', async () => {
    const help = await run(['--help'])
    expect([help.code, help.stdout]).toEqual([0, expect.stringContaining('--queue-timeout D')])
    expect((await run(['--version'])).stdout).toMatch(/^\d+\.\d+\.\d+\n$/)
  })
})
