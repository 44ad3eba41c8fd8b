import { describe, expect, it } from 'vitest'
import { sourcesBelow, type Source } from './sources.ts'

const supervisor = sourcesBelow('src', ['.ts'])
const runtimes = sourcesBelow('runtime', ['.mjs', '.py'])

// Downstream only: a row may import from itself and from rows below it.
const rows: readonly (readonly string[])[] = [
  ['src/main.ts', 'src/image/'],
  ['src/cli/'],
  ['src/app.ts', 'src/appJobs.ts', 'src/log/', 'src/metrics.ts'],
  ['src/config.ts', 'src/options.ts', 'src/settings.ts'],
  ['src/http/'],
  ['src/jobs/'],
  ['src/invoker/'],
  ['src/events.ts'],
  ['src/event/'],
  ['src/invocation.ts', 'src/exit.ts'],
  ['src/wire/'],
  ['src/errors.ts', 'src/json/', 'src/timeout.ts'],
]

// Each dangerous thing has one home.
const homes: readonly (readonly [what: string, pattern: RegExp, home: string])[] = [
  ['process.env', /\bprocess\.env\b/, 'src/config.ts'],
  ['child_process', /node:child_process/, 'src/invoker/process/childProcess.ts'],
  ['process.exit', /\bprocess\.(exit\(|exitCode)/, 'src/main.ts'],
  ['signal handlers', /(?<![.#])\bprocess\.on(ce)?\(/, 'src/main.ts'],
  ['pino', /from 'pino/, 'src/log/log.ts'],
  ['prom-client', /'prom-client'/, 'src/metrics.ts'],
  ['Express', /from 'express'/, 'src/http/'],
  ['raw-body', /from 'raw-body'/, 'src/http/readRequest.ts'],
  ['the AWS SDK', /'@aws-sdk\//, 'src/jobs/delivery/sqs.ts'],
  ['selfsigned', /'selfsigned'/, 'src/http/tls.ts'],
  ['SQLite', /from 'node:sqlite'/, 'src/jobs/store/'],
  ['worker_threads', /from 'node:worker_threads'/, 'src/jobs/store/'],
]

function rowOf(path: string): number {
  return rows.findIndex((row) =>
    row.some((each) => path === each || (each.endsWith('/') && path.startsWith(each))),
  )
}

function isProjectFile(name: string): boolean {
  return name.startsWith('src/')
}

describe('the architecture', () => {
  it('gives every file of src/ a row', () => {
    expect(supervisor.filter(({ path }) => rowOf(path) === -1)).toEqual([])
  })

  it('imports downstream only', () => {
    const upwards = supervisor.flatMap(({ path, imports }) =>
      imports
        .filter((to) => isProjectFile(to) && rowOf(to) < rowOf(path))
        .map((to) => `${path} imports ${to}`),
    )
    expect(upwards).toEqual([])
  })

  it.each([
    ['src', supervisor],
    ['runtime', runtimes],
  ])('has no import cycles in %s', (_, sources) => {
    expect(findCycle(sources)).toBeUndefined()
  })

  it('reads the imports of Python', () => {
    const importsOf = (path: string): readonly string[] | undefined =>
      runtimes.find((each) => each.path === `runtime/python/${path}`)?.imports
    expect(importsOf('script.py')).toContain('runtime/python/sdk/fnbox_tasks/finder.py')
    expect(importsOf('bootstrap.py')).toContain('runtime/python/script.py')
    expect(importsOf('sdk/fnbox_tasks/routing.py')).toContain('runtime/python/sdk/fnbox_tasks/engine.py')
    expect(importsOf('sdk/zappa/asynchronous.py')).toContain('runtime/python/sdk/fnbox_tasks/environment.py')
  })

  it('says in the first line of every file what it is for', () => {
    const silent = [...supervisor, ...runtimes].filter(({ text }) => !/^(#!.*\n)?(\/\/|#|""")/.test(text))
    expect(silent.map(({ path }) => path)).toEqual([])
  })

  it('has no names that say nothing', () => {
    const vague = /(^|\/)(utils?|helpers?|common|misc|manager|index)\.\w+$/
    expect([...supervisor, ...runtimes].filter(({ path }) => vague.test(path))).toEqual([])
  })

  it.each(homes)('keeps %s in its home', (_, pattern, home) => {
    const strangers = supervisor.filter(({ path, text }) => pattern.test(text) && !path.startsWith(home))
    expect(strangers.map(({ path }) => path)).toEqual([])
    expect(supervisor.some(({ path, text }) => pattern.test(text) && path.startsWith(home))).toBe(true)
  })

  it('keeps sockets, files and the clock out of src/event', () => {
    const allowed = new Set(['node:buffer', 'node:crypto'])
    const impure = supervisor
      .filter(({ path }) => path.startsWith('src/event/'))
      .filter(
        ({ text, imports }) =>
          imports.some((each) => each.startsWith('node:') && !allowed.has(each)) ||
          /Date\.now|performance\.now/.test(text),
      )
    expect(impure.map(({ path }) => path)).toEqual([])
  })

  // What only some need waits until they do: a start is as fast as what it loads is little.
  it.each([
    'express',
    'prom-client',
    'selfsigned',
    'pino-pretty',
    '@aws-sdk/client-sqs',
    'node:https',
    'node:tls',
  ])('serves calls of the root path without %s', (module) => {
    const start = ['src/main.ts', 'src/cli/command.ts', 'src/http/server.ts']
    expect(neededBy(start, supervisor)).not.toContain(module)
  })

  // An import of these reads each of their properties, which loads half of Node.js.
  it.each(['node:util', 'node:fs', 'node:http'])(
    'starts a Node.js function without an import of %s',
    (module) => {
      expect(neededBy(['runtime/node/bootstrap.mjs'], runtimes)).not.toContain(module)
    },
  )

  // A Bash function is a process of its own: its bootstrap has neither a loader nor a context to be the twin of.
  it('has twins: the same files in each language that hosts the handler in its own process', () => {
    expect(namesIn('python').filter((name) => !ownOfPython.has(name))).toEqual(namesIn('node'))
    expect(namesIn('node')).toContain('bootstrap')
  })
})

// Node.js has its one event loop from the start, and reads on it. What a call sent ahead needs is little there.
const ownOfPython = new Set(['loop', 'reader'])

function namesIn(language: string): readonly string[] {
  const own = runtimes.filter(
    ({ path }) => path.startsWith(`runtime/${language}/`) && path.split('/').length === 3,
  )
  return own.map(({ path }) => toCamelCase(path.split('/')[2]?.split('.')[0] ?? '')).toSorted()
}

// Python's own style is snake_case.
function toCamelCase(name: string): string {
  return name.replaceAll(/_(\w)/g, (_, letter: string) => letter.toUpperCase())
}

function neededBy(paths: readonly string[], sources: readonly Source[]): readonly string[] {
  const needsOf = new Map(sources.map(({ path, needs }) => [path, needs]))
  const found = new Set(paths)
  for (const each of found) for (const need of needsOf.get(each) ?? []) found.add(need)
  return [...found]
}

function findCycle(sources: readonly Source[]): readonly string[] | undefined {
  const importsOf = new Map(sources.map(({ path, imports }) => [path, imports]))
  const done = new Set<string>()
  const visit = (path: string, trail: readonly string[]): readonly string[] | undefined => {
    if (trail.includes(path)) return [...trail.slice(trail.indexOf(path)), path]
    if (done.has(path)) return undefined
    for (const each of importsOf.get(path) ?? []) {
      const cycle = visit(each, [...trail, path])
      if (cycle !== undefined) return cycle
    }
    done.add(path)
    return undefined
  }
  for (const { path } of sources) {
    const cycle = visit(path, [])
    if (cycle !== undefined) return cycle
  }
  return undefined
}
