import { createServer } from 'node:net'
import { mkdtempSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import request from 'supertest'
import { describe, expect, it } from 'vitest'
import { eventually, isAlive } from '../harness/calling.ts'
import { run, start, type Program } from '../harness/program.ts'
import { bothLanguages, functionsIn } from '../harness/serving.ts'

async function urlOf(program: Program): Promise<string> {
  return String((await program.line('ready'))['url']).replace(/\/$/, '')
}

async function isReady(url: string): Promise<boolean> {
  return (await request(url).get('/_/readyz')).status === 200
}

describe.each(bothLanguages)('fnbox serve with a %s function', (language) => {
  const serve = (...flags: string[]): Program =>
    start(['--root', functionsIn(language), '--port', '0', 'turns.handler', ...flags])

  it('finishes one running and two waiting calls after SIGTERM, then exits 0 (F-29, S-7)', async () => {
    await using program = serve()
    const url = await urlOf(program)
    const folder = mkdtempSync(join(tmpdir(), 'fnbox-test-'))
    const calls = [1, 2, 3].map((id) =>
      request(url)
        .post('/?integration=raw')
        .send({ id: String(id), ms: 1500, folder })
        .then((answer) => answer),
    )
    await eventually(
      async () =>
        !(await request(url)
          .get('/_/readyz?idle')
          .then(({ ok }) => ok)),
    )
    program.signal('SIGTERM')
    await program.line('SIGTERM')
    const refused = await request(url).post('/?integration=raw').send({ id: 'late' })
    expect(refused.status).toBe(503)
    expect(refused.headers).toMatchObject({
      connection: 'close',
      'retry-after': '1',
      'x-fnbox-fault': 'draining',
    })
    expect((await request(url).get('/_/readyz')).body).toMatchObject({ status: 'draining' })
    expect((await Promise.all(calls)).map(({ status }) => status)).toEqual([200, 200, 200])
    expect((await program.ended).code).toBe(0)
  })

  it('exits at once at a second signal', async () => {
    await using program = serve('--timeout', '1h')
    const url = await urlOf(program)
    const folder = mkdtempSync(join(tmpdir(), 'fnbox-test-'))
    const call = request(url)
      .post('/?integration=raw')
      .send({ id: 'x', folder, others: ['never'] })
      .then(
        () => 'answered',
        () => 'cut off',
      )
    await eventually(
      async () =>
        !(await request(url)
          .get('/_/readyz?idle')
          .then(({ ok }) => ok)),
    )
    program.signal('SIGTERM')
    await program.line('SIGTERM')
    program.signal('SIGTERM')
    expect((await program.ended).code).toBe(143)
    // Whether its answer, a fault, still leaves is a race that nobody depends on.
    expect(['cut off', 'answered']).toContain(await call)
  })

  it('kills calls that do not finish within --drain-timeout, and exits 0', async () => {
    await using program = serve('--timeout', '1h', '--drain-timeout', '100ms')
    const url = await urlOf(program)
    const folder = mkdtempSync(join(tmpdir(), 'fnbox-test-'))
    const call = request(url)
      .post('/?integration=raw')
      .send({ id: 'x', folder, others: ['never'] })
      .then((answer) => answer)
    await eventually(
      async () =>
        !(await request(url)
          .get('/_/readyz?idle')
          .then(({ ok }) => ok)),
    )
    program.signal('SIGINT')
    expect((await call).status).toBe(503)
    expect((await program.ended).code).toBe(0)
  })
})

describe('fnbox serve', () => {
  it('leaves no instance behind when it is killed', async () => {
    await using program = start(['--root', functionsIn('python'), '--port', '0', 'hostile.handler'])
    const url = await urlOf(program)
    const { pid } = (await request(url).post('/?integration=raw').send({})).body as { pid: number } // what the function returns
    program.signal('SIGKILL')
    await program.ended
    await eventually(async () => !(await isAlive(pid)))
    expect(await isAlive(pid)).toBe(false)
  })

  it('stops while the function loads, and exits 0', async () => {
    await using program = start(['--root', functionsIn('node'), '--port', '0', 'loads_forever.handler'])
    const { url } = await program.line('listening')
    expect((await request(String(url)).get('_/readyz')).body).toMatchObject({ status: 'starting' })
    program.signal('SIGTERM')
    expect((await program.ended).code).toBe(0)
  })

  it('prints its address before the function has loaded, and a curl line after that', async () => {
    await using program = start(['--root', functionsIn('node'), '--port', '0', 'seed.handler'])
    const { url } = await program.line('listening at http://127.0.0.1:')
    expect((await program.line('ready'))['url']).toBe(url)
    expect((await program.line('try: curl'))['msg']).toContain(`'${String(url)}?param=one'`)
    expect(await isReady(String(url).replace(/\/$/, ''))).toBe(true)
  })

  it('reads the configuration from flags before the environment', async () => {
    const environment = {
      FNBOX_HANDLER: 'seed.handler',
      FNBOX_ROOT: functionsIn('python'),
      PORT: '0',
      FNBOX_FUNCTION_ID: 'fromtheenvironment',
    }
    await using program = start(['--function-id', 'fromtheflag'], environment)
    expect((await request(await urlOf(program)).get('/')).headers['x-function-id']).toBe('fromtheflag')
  })

  it('exits 69 when the port is taken', async () => {
    const other = createServer().listen(0, '127.0.0.1')
    await new Promise((settle) => other.once('listening', settle))
    const address = other.address()
    const port = typeof address === 'object' ? String(address?.port) : ''
    const { code, stderr } = await run(['--root', functionsIn('node'), '--port', port, 'seed.handler'])
    other.close()
    expect(code).toBe(69)
    expect(stderr).toMatch(/cannot listen on 127\.0\.0\.1:\d+: .*EADDRINUSE.*choose another --port/)
  })

  it('lists every problem of the configuration and starts nothing', async () => {
    const { code, stderr, stdout } = await run(
      ['--port', 'abc', '--timeout', '10', '--nonsense', '--memory', 'lots', '--concurrency', '0'],
      { FNBOX_INSTANCES: 'two' },
    )
    expect(code).toBe(64)
    expect(stdout).toBe('')
    for (const expected of [
      '--nonsense is not an option',
      '--port: must be a whole number from 0 to 65535, not "abc"',
      '--timeout: must be a duration',
      '--memory: must be a size',
      '--concurrency: must be a whole number',
      'FNBOX_INSTANCES: must be a whole number',
      'HANDLER is required',
    ])
      expect(stderr).toContain(expected)
  })

  it.each([
    ['../x.handler', 'leaves the code root'],
    ['/abs/x.handler', 'is an absolute path'],
    ['index.', 'does not name a module and a function'],
    ['.handler', 'does not name a module and a function'],
    ['package.json', 'is a file that no language here can run'],
    ['folder/handler', 'does not name a module and a function', '--runtime', 'node'],
  ])('refuses the handler string %s (TV-47, H-12)', async (handler, problem, ...flags) => {
    const { code, stderr } = await run(['--root', functionsIn('node'), '--port', '0', handler, ...flags])
    expect([code, stderr]).toEqual([64, expect.stringContaining(problem)])
  })

  it('refuses an entry of two languages (H-14)', async () => {
    const root = mkdtempSync(join(tmpdir(), 'fnbox-test-'))
    await writeFile(join(root, 'main.js'), 'exports.handler = () => 1')
    await writeFile(join(root, 'main.py'), 'def handler(event, context): return 1')
    const { code, stderr } = await run(['--root', root, '--port', '0', 'main.handler'])
    expect([code, stderr]).toEqual([64, expect.stringContaining('name the language with --runtime')])
  })

  it('refuses --concurrency for Python and a reserved function id', async () => {
    const { code, stderr } = await run([
      '--root',
      functionsIn('python'),
      '--concurrency',
      '2',
      '--function-id',
      'run',
      'seed.handler',
    ])
    expect(code).toBe(64)
    expect(stderr).toContain('--concurrency: a Python function runs one invocation at a time')
    expect(stderr).toContain('--function-id: run is a reserved path')
  })
})
