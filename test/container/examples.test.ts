import { execFileSync } from 'node:child_process'
import { cpSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { code, hardened, serve, type Container } from './containers.ts'
import { project } from './engine.ts'
import { build } from './images.ts'

const production = [...hardened, '--memory', '128m']
const users = [[], ['--user', '12345:0']] as const

// As user 65532, and as somebody without a name.
async function ask(
  image: string,
  question: (container: Container) => Promise<Response>,
): Promise<readonly string[]> {
  const answers: string[] = []
  for (const flags of users) {
    await using container = await serve(image, { flags: [...production, ...flags] })
    const answer = await question(container)
    answers.push(`${answer.status} ${await answer.text()}`)
  }
  return answers
}

describe('an example, in 128 MB, with everything taken away, as any user', () => {
  it.each([
    ['hello-node', 'fnbox:node', 'index.handler'],
    ['hello-python', 'fnbox:python', 'main.handler'],
  ])('%s answers', async (example, image, handler) => {
    const flags = [...production, ...code('examples', example)]
    await using container = await serve(image, { args: [handler], flags })
    expect(await (await container.ask('/?name=Ada')).json()).toMatchObject({ message: 'Hello, Ada!' })
    console.log(`${example} holds ${await megabytes(container)} MB besides files`)
  })

  it('image-node makes HTML', async () => {
    onTestFinished(await build('fnbox-test-node', join(project, 'examples', 'image-node')))
    const html = '200 <h1>Hello from <em>Markdown</em></h1>\n'
    const answers = await ask('fnbox-test-node', ({ ask: post }) =>
      post('/', { method: 'POST', body: '# Hello from *Markdown*' }),
    )
    expect(answers).toEqual([html, html])
  })

  it('image-typescript takes an order', async () => {
    onTestFinished(await build('fnbox-test-typescript', join(project, 'examples', 'image-typescript')))
    const body = JSON.stringify({ item: 'pears', quantity: 3 })
    const accepted = '200 {"accepted":"3 × pears"}'
    const answers = await ask('fnbox-test-typescript', ({ ask: post }) => post('/', { method: 'POST', body }))
    expect(answers).toEqual([accepted, accepted])
  })

  it.each([
    ['job-python', '128m'],
    ['job-node', '128m'],
  ])('%s runs a job, and hands out its chunks', async (example, memory) => {
    onTestFinished(await build(`fnbox-test-${example}`, join(project, 'examples', example)))
    await using container = await serve(`fnbox-test-${example}`, { flags: [...hardened, '--memory', memory] })
    const body = JSON.stringify({ input: { text: 'one two' } })
    const { id } = (await (await container.ask('/run', { method: 'POST', body })).json()) as { id: string } // our own route
    const events = await (
      await container.ask(`/stream/${id}`, { headers: { Accept: 'text/event-stream' } })
    ).text()
    expect(events.match(/(?<=data: )\{"output".*/g)).toEqual(['{"output":"ONE"}', '{"output":"TWO"}'])
    const status: unknown = await (await container.ask(`/status/${id}`)).json()
    expect(status).toMatchObject({ status: 'COMPLETED', output: ['ONE', 'TWO'] })
  })

  it.each(['task-python', 'task-node'])('%s starts a task, and shows what came of it', async (example) => {
    onTestFinished(await build(`fnbox-test-${example}`, join(project, 'examples', example)))
    await using container = await serve(`fnbox-test-${example}`, { flags: production })
    const response = { below: 1000, primes: 168 }
    const shown = await container.ask('/?below=1000') // redirected
    const id = new URL(shown.url).searchParams.get('task') ?? ''
    const view: unknown = await (await container.ask(`/_/tasks/${id}?wait=30`)).json()
    expect(view).toMatchObject({ state: 'complete', response })
    expect(await (await container.ask(`/?task=${id}`)).json()).toEqual({ status: 'complete', response })
  })

  it('image-python says a size with a package from requirements.txt', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'fnbox-test-'))
    cpSync(join(project, 'examples', 'image-python'), folder, { recursive: true })
    const requirements = join(folder, 'requirements.txt')
    const index = await packageIndex(
      'humanize',
      '4.16.0',
      'def naturalsize(size):\n    return f"{size} pieces"\n',
    )
    writeFileSync(requirements, `--index-url ${index}\n${readFileSync(requirements, 'utf8')}`)
    onTestFinished(await build('fnbox-test-python', '--network', 'host', folder))
    const answers = await ask('fnbox-test-python', ({ ask: get }) => get('/?bytes=12'))
    expect(answers).toEqual(['200 12 pieces\n', '200 12 pieces\n'])
  })
})

// What the container's processes hold themselves, as opposed to pages of files, which can be had again.
async function megabytes(container: Container): Promise<string> {
  const sums = "cat /proc/[0-9]*/status | awk '/^RssAnon/ { sum += $2 } END { print sum / 1024 }'"
  return Number((await container.exec('sh', '-c', sums)).stdout).toFixed(0)
}

// An index (PEP 503) with one package of one module, in the place of the one on the internet.
async function packageIndex(name: string, version: string, source: string): Promise<string> {
  const file = `${name}-${version}-py3-none-any.whl`
  const path = join(mkdtempSync(join(tmpdir(), 'fnbox-test-')), file)
  execFileSync('python3', ['-c', wheelMaker, path, name, version, source])
  const wheel = readFileSync(path)
  const server = createServer(({ url }, response) => {
    if (url === `/${file}`) response.end(wheel)
    else response.setHeader('Content-Type', 'text/html').end(`<a href="/${file}">${file}</a>`)
  })
  await new Promise<void>((settle) => server.listen(0, '127.0.0.1', settle))
  onTestFinished(() => void server.close())
  const address = server.address()
  return `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}/simple/`
}

const wheelMaker = `
import sys, zipfile
path, name, version, source = sys.argv[1:]
about = f"{name}-{version}.dist-info"
with zipfile.ZipFile(path, "w") as wheel:
    wheel.writestr(f"{name}.py", source)
    wheel.writestr(f"{about}/METADATA", f"Metadata-Version: 2.1\\nName: {name}\\nVersion: {version}\\n")
    wheel.writestr(f"{about}/WHEEL", "Wheel-Version: 1.0\\nGenerator: test\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n")
    wheel.writestr(f"{about}/RECORD", f"{name}.py,,\\n{about}/METADATA,,\\n{about}/WHEEL,,\\n{about}/RECORD,,\\n")
`
