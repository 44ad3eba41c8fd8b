// The README as its reader uses it: its functions are served, its command lines are run.

import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { promisify } from 'node:util'
import { describe, expect, it } from 'vitest'
import manifest from '../package.json' with { type: 'json' }
import { serveFrom } from './harness/serving.ts'

const project = join(import.meta.dirname, '..')
const readme = readFileSync(join(project, 'README.md'), 'utf8')
const blocks = [...readme.matchAll(/```(\w+)\n([^]*?)```/g)].map(([, language = '', text = '']) => ({
  language,
  text,
}))
const commands = blocks
  .filter(({ language }) => language === 'sh')
  .flatMap(({ text }) => text.trim().split('\n'))

describe('the README', () => {
  it('has the two commands that do everything', () => {
    expect(commands).toContain('npm ci && npm start')
    expect(commands).toContain('npm ci && npm start -- --root examples/hello-python main.handler')
    expect(commands).toContain('npm ci && npm test')
  })

  it('says of each package why it is there', () => {
    const names = Object.keys({ ...manifest.dependencies, ...manifest.devDependencies })
    const named = new Set([...readme.matchAll(/(?:`|\| \[|, \[)([\w@/-]+)[`\]]/g)].map(([, name]) => name))
    expect(names.filter((name) => !name.startsWith('@types/') && !named.has(name))).toEqual([])
  })

  it.each([
    ['python', 'main.py', 'main.handler'],
    ['js', 'index.js', 'index.handler'],
  ])('shows a %s function that works', async (language, file, handler) => {
    const root = mkdtempSync(join(tmpdir(), 'fnbox-test-'))
    writeFileSync(join(root, file), blocks.find((each) => each.language === language)?.text ?? '')
    await using serving = await serveFrom(root, handler)
    expect(await (await fetch(serving.url, { method: 'PUT' })).text()).toBe('PUT')
  })

  it.each(commands.filter((line) => line.startsWith('npm start -- invoke')))(
    'shows a command line that works: %s',
    async (line) => {
      const { stdout } = await promisify(execFile)('sh', ['-c', line], { cwd: project })
      expect(stdout).toContain('Hello, ')
    },
  )

  it.each([
    ['npm start', 'index.handler'],
    ['npm start -- --root examples/hello-python main.handler', 'main.handler'],
  ])('shows how to serve an example, which prints a curl line that works: %s', async (line, handler) => {
    await using serving = await serveAsPrinted(line)
    expect(serving.printed.join('\n')).toContain(`ready: ${handler}`)
    const message = (JSON.parse(serving.printed.at(-1) ?? '{}') as { msg: string }).msg // a log line
    expect(await inShell(message.replace('try: curl', 'curl -s'))).toContain('Hello, World!')
  })

  it.each(['job-python handler.py', 'job-node handler.mjs'])(
    'shows how a job is submitted, streamed and looked at: %s',
    async (example) => {
      await using serving = await serveAsPrinted(`npm start -- --root examples/${example} --job-store memory`)
      const [, url = ''] = /"url":"([^"]+)\/"/.exec(serving.printed.join('\n')) ?? []
      const lines = commands.filter((line) => /^curl .*:8080\/\w/.test(line))
      const [run = '', stream = '', status = '', events = ''] = lines.map((line) =>
        line.replace('curl', 'curl -s').replace('http://127.0.0.1:8080', url),
      )
      const { id } = JSON.parse(await inShell(run)) as { id: string } // our own route
      expect(await inShell(stream.replace('ID', id))).toContain('"stream":[{"output":"ONE"}')
      expect(await inShell(events.replace('ID', id))).toMatch(/"ONE"[^]*"TWO"[^]*"THREE"[^]*COMPLETED/)
      expect(JSON.parse(await inShell(status.replace('ID', id)))).toMatchObject({
        status: 'COMPLETED',
        output: ['ONE', 'TWO', 'THREE'],
      })
    },
  )

  it.each([
    ['python', 'main.py', 'main.handler', 'zappa.asynchronous'],
    ['js', 'index.mjs', 'index.handler', 'fnbox/tasks'],
  ])('shows a %s function whose task comes back', async (language, file, handler, module) => {
    const root = mkdtempSync(join(tmpdir(), 'fnbox-test-'))
    const text = blocks.find((each) => each.language === language && each.text.includes(module))?.text ?? ''
    writeFileSync(join(root, file), text)
    await using serving = await serveFrom(root, handler, { 'job-store': 'memory' })
    const { url } = await fetch(`${serving.url}?text=ada`)
    const id = new URL(url).searchParams.get('task') ?? ''
    await fetch(new URL(`/_/tasks/${id}?wait=30`, serving.url))
    expect(await (await fetch(url)).json()).toEqual({ status: 'complete', response: 'ADA' })
  })

  it.each(['task-python main.handler', 'task-node index.handler'])(
    'shows how a task is dispatched and looked at: %s',
    async (example) => {
      const line = commands.find((each) => each.includes('examples/task-'))
      const printed = line?.replace('task-python main.handler', example) ?? ''
      await using serving = await serveAsPrinted(`${printed} --job-store memory`)
      const [, url = ''] = /"url":"([^"]+)\/"/.exec(serving.printed.join('\n')) ?? []
      const [dispatch = '', ask = '', wait = ''] = commands
        .filter((each) => /^curl .*(?:below|task=ID|tasks\/ID)/.test(each))
        .map((each) => each.replace('curl', 'curl -s').replace('http://127.0.0.1:8080', url))
      const [, id = ''] = /task=([-\w]+)/.exec(await inShell(dispatch)) ?? []
      const response = { below: 300_000, primes: 25_997 }
      expect(JSON.parse(await inShell(wait.replace('ID', id)))).toMatchObject({ state: 'complete', response })
      expect(JSON.parse(await inShell(ask.replace('ID', id)))).toEqual({ status: 'complete', response })
    },
  )
})

interface Printing extends AsyncDisposable {
  /** the log up to the line that says how to call the function */
  readonly printed: readonly string[]
}

async function serveAsPrinted(line: string): Promise<Printing> {
  const program = spawn('sh', ['-c', `exec ${line}`], {
    cwd: project,
    env: { ...process.env, PORT: '0' },
    detached: true,
  })
  const printed: string[] = []
  for await (const text of createInterface({ input: program.stdout })) {
    printed.push(text)
    if (text.includes('try: curl')) break
  }
  return {
    printed,
    [Symbol.asyncDispose]: async () => {
      const ended = once(program, 'close')
      process.kill(-(program.pid ?? 0), 'SIGTERM')
      program.stdout.resume()
      await ended
    },
  }
}

async function inShell(line: string): Promise<string> {
  return (await promisify(execFile)('sh', ['-c', line])).stdout
}
