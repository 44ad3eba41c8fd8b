import { describe, expect, it } from 'vitest'
import { code, eventually, freePort, hardened, run, runToEnd, serve } from './containers.ts'
import { healthCommand } from './engine.ts'

const image = 'fnbox:node'
const functions = code('test', 'functions', 'node')
const check = await healthCommand(image).catch(() => []) // without an engine every test is skipped

describe('the health check of the image', () => {
  it('succeeds with everything taken away', async () => {
    await using container = await serve(image, { args: ['echo.handler'], flags: [...hardened, ...functions] })
    expect(await container.exec(...check)).toMatchObject({ code: 0 })
  })

  it.each([
    ['--port as an argument', () => []],
    ['--tls self-signed', () => ['--tls', 'self-signed']],
    ['--admin-port', async () => ['--admin-port', String(await freePort())]],
    ['an address to listen at', () => ['--host', '127.0.0.1']],
  ])('asks where the server listens, with %s', async (_, more) => {
    const port = await freePort()
    const args = ['echo.handler', '--port', String(port), ...(await more())]
    await using container = await run(image, { args, port, flags: functions })
    await eventually(async () => (await container.logs()).includes('"ready: '))
    expect(await container.exec(...check)).toMatchObject({ code: 0 })
  })

  it('asks where the server listens, also when the engine brings an init of its own', async () => {
    const port = await freePort()
    const args = ['-s', '--', '/entrypoint.sh', 'echo.handler', '--port', String(port)]
    await using container = await serve(image, { args, port, flags: [...functions, '--entrypoint', 'tini'] })
    expect(await container.exec(...check)).toMatchObject({ code: 0 })
  })

  it('succeeds while the function loops', async () => {
    await using container = await serve(image, { args: ['hostile.handler'], flags: functions })
    const answer = container.call({ do: 'loop' }).catch(() => 'connection lost')
    await eventually(async () => (await container.logs()).includes('START'))
    expect(await container.exec(...check)).toMatchObject({ code: 0 })
    await container[Symbol.asyncDispose]()
    expect(await answer).toBe('connection lost')
  })

  it('fails with the reason when the server does not listen', async () => {
    const port = await freePort()
    const { code: exitCode, stderr } = await runToEnd(image, check.slice(1), [
      `--env=PORT=${port}`,
      `--entrypoint=${check[0]}`,
    ])
    expect(exitCode).toBe(1)
    expect(stderr).toContain('ECONNREFUSED')
  })

  it('fails, and says why, when the server does not answer', async () => {
    await using container = await serve(image, { args: ['echo.handler'], flags: functions })
    const { server } = await container.pids()
    await container.kill('STOP', server)
    const { code: exitCode, stderr } = await container.exec(...check)
    expect(exitCode).toBe(1)
    expect(stderr).toContain('TimeoutError')
  })

  it('leaves a container of 128 MB alone', async () => {
    const flags = [...functions, '--memory', '128m']
    await using container = await serve(image, { args: ['hostile.handler'], flags })
    const instances = new Set<unknown>()
    const checking = new AbortController()
    const calling = (async () => {
      while (!checking.signal.aborted) {
        const answer = await container.call({})
        instances.add(((await answer.json()) as { pid: number }).pid) // what the function returns without a wish
      }
    })()
    for (let time = 0; time < 20; time++) expect(await container.exec(...check)).toMatchObject({ code: 0 })
    checking.abort()
    await calling
    expect(instances.size).toBe(1)
    expect(await container.logs()).not.toContain('has ended')
  })
})
