import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { code, eventually, run, runToEnd, serve, type RunOptions } from './containers.ts'
import { build } from './images.ts'

const source = `
exports.handler = async () => 'of main.js'
exports.other = async () => 'of main.js, the other one'
`

// A function image with main.js and index.js; removed when the test is over.
async function derive(...lines: readonly string[]): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'fnbox-test-'))
  const image = `fnbox-test-${folder.slice(-6).toLowerCase()}`
  writeFileSync(join(folder, 'main.js'), source)
  writeFileSync(join(folder, 'index.js'), source.replaceAll('main.js', 'index.js'))
  writeFileSync(join(folder, 'Dockerfile'), ['FROM fnbox:node', 'COPY *.js ./', ...lines, ''].join('\n'))
  onTestFinished(await build(image, folder))
  return image
}

async function servedBy(image: string, options: RunOptions = {}): Promise<unknown> {
  await using container = await serve(image, options)
  const answer = await container.call({})
  return await answer.json()
}

describe('the handler of a function image (interface.md §9)', () => {
  it('is that of an argument, else of FNBOX_HANDLER, else index.handler', async () => {
    const image = await derive()
    const env = { FNBOX_HANDLER: 'main.handler' }
    expect(await servedBy(image)).toBe('of index.js')
    expect(await servedBy(image, { env })).toBe('of main.js')
    expect(await servedBy(image, { env, args: ['--timeout', '5s'] })).toBe('of main.js')
    expect(await servedBy(image, { env, args: ['main.other'] })).toBe('of main.js, the other one')
    expect(await servedBy(image, { env: { FNBOX_HANDLER: '' } })).toBe('of index.js')
  })

  it('is the CMD of the image', async () => {
    const image = await derive('CMD ["main.handler"]')
    expect(await servedBy(image)).toBe('of main.js')
    expect(await servedBy(image, { args: ['main.other'] })).toBe('of main.js, the other one')
  })

  it('is the argument of the ENTRYPOINT, with options behind it', async () => {
    const image = await derive('ENTRYPOINT ["/entrypoint.sh", "main.handler"]')
    expect(await servedBy(image)).toBe('of main.js')
    expect(await servedBy(image, { args: ['--timeout', '5s'] })).toBe('of main.js')
  })

  it('is required: without one the container ends with 64 and says what to do', async () => {
    const { code: exitCode, stderr } = await runToEnd('fnbox:node', ['--timeout', '5s'])
    expect(exitCode).toBe(64)
    expect(stderr).toContain('HANDLER is required: name the function as file.handler, or set FNBOX_HANDLER')
  })
})

describe.each([
  ['node', 'fnbox:node', 'echo.nowhere'],
  ['node', 'fnbox:node', 'nowhere.handler'],
  ['python', 'fnbox:python', 'echo.nowhere'],
  ['python', 'fnbox:python', 'nowhere.handler'],
])('a %s handler that does not exist (%s, %s)', (language, image, handler) => {
  it('leaves the container up, not ready, and is explained', async () => {
    const flags = code('test', 'functions', language)
    await using container = await run(image, { args: [handler], flags })
    const reasons: unknown[] = []
    await eventually(async () => {
      const answer = await container.ask('/_/readyz').catch(() => undefined)
      const { status, reason } = ((await answer?.json()) ?? {}) as { status?: string; reason?: string } // interface.md §4
      if (answer?.status === 503 && status === 'failed') reasons.push(reason)
      return reasons.length > 0
    })
    expect(reasons[0]).toContain("Can't find handler function nowhere")
    const lines = (await container.logs()).split('\n').filter((line) => line.includes('"level":"error"'))
    expect(lines[0]).toContain(`the function is not ready: ${String(reasons[0])}`)
    expect(lines.length).toBeLessThan(4) // one for each start, and the pauses between them double
    expect(await container.isRunning()).toBe(true)
  })
})
