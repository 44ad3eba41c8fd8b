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
    const flags = ['--http', 'POST /?a=1', '-H', 'Content-Type: application/json', '-d', '{}']
    const { code, stdout } = await invoke('sized.mirror', ...flags)
    expect(code).toBe(0)
    expect(stdout).toMatch(
      /^HTTP\/1\.1 200 OK\n(.+: .*\n)*Content-Type: application\/json\n(.+: .*\n)*\n\{\}\n$/,
    )
  })

  it('sends the host of -H and the length of the data with --http', async () => {
    const named = ['-H', 'host: example.com', '-H', 'content-length: 9']
    const { stdout } = await invoke('seed.handler', '--http', 'POST /', ...named, '-d', '{}')
    expect(JSON.parse(stdout.slice(stdout.indexOf('\n\n')))).toMatchObject({
      event: { multiValueHeaders: { Host: ['example.com'], 'Content-Length': ['2'] } },
    })
  })

  it('prints no body for HEAD, whole or streamed (R-12, K-14)', async () => {
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

  it('prints the 502 of a gateway for a result without a status (W-12)', async () => {
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
    const flags = ['--timeout', timeout, '-d', JSON.stringify({ do: deed })]
    const { code, stdout, stderr } = await invoke('hostile.handler', ...flags)
    expect([code, stdout]).toEqual([expected, ''])
    expect(stderr).toContain(message)
  })
})

describe('fnbox invoke', () => {
  it.each([
    ['an unknown event', ['--event', 'cron'], /one of api-gateway-0\.1, .*, telegram, not "cron"/],
    ['--event with --http', ['--event', 'timer', '--http', 'GET /'], /--http and -H do not go with it/],
    ['-H without --http', ['-H', 'X-A: 1'], /-H: headers belong to a request; give --http, too/],
    ['data that makes no event', ['--event', 'budget', '-d', 'x'], /budget must be a JSON object/],
  ])('refuses %s', async (_, flags, message) => {
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
  ])('prints the output %j with one line feed at its end (M-9)', async (data, printed) => {
    const { code, stdout } = await run(['invoke', '--root', functionsIn('bash'), 'echo.sh', '-d', data])
    expect([code, stdout]).toEqual([0, printed])
  })
})
