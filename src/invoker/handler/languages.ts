// The table of languages. Everything else about a language is in runtime/<language>/.

import { existsSync, readFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { isJsonObject, parseJson } from '../../json/json.ts'

/** The two halves of a handler string, as the language understands them. */
export interface HandlerName {
  /** Node.js: a path below the code root without extension, "" for the package itself; Python: a dotted name; Bash: a file */
  readonly module: string
  /** "" where the file itself is the function: a script */
  readonly name: string
}

/** What starts the bootstrap of a language. */
export interface Command {
  readonly command: string
  readonly args: readonly string[]
}

/** The options about interpreters. */
export interface InterpreterSettings {
  readonly root: string
  readonly runtimeDir: string
  /** --python */
  readonly python?: string
  /** --memory, in bytes */
  readonly memory?: number
  /** the search path of programs */
  readonly path: string
}

interface Language {
  /** Extensions of files that are functions themselves (yandex.md H-11). */
  readonly functions: readonly string[]
  /** Extensions of files that may be programs that register their handler (jobs.md W-1, NODE-1). */
  readonly scripts: readonly string[]
  /** Splits a handler string that has no `./` in front; undefined when this language cannot read it. */
  readonly parse: (handler: string) => HandlerName | undefined
  /** Files that may be the module, relative to the code root, in the order in which they are tried. */
  readonly candidates: (module: string, root: string) => readonly string[]
  readonly command: (settings: InterpreterSettings) => Command
  /** Variables that only functions of this language get, unless the user sets them. */
  readonly defaults: Readonly<Record<string, string>>
}

const nodeExtensions = ['.js', '.cjs', '.mjs', '.ts', '.cts', '.mts'] // yandex.md H-4

/** Everything that differs between the languages above the wire. */
export const languages = {
  bash: {
    functions: ['.sh'],
    scripts: [],
    parse: parseBashHandler,
    candidates: (module) => [module],
    // Its bootstrap is a program for Node.js.
    command: ({ runtimeDir, path }) => ({
      command: process.execPath,
      args: [
        join(runtimeDir, 'bash', 'bootstrap.mjs'),
        findProgram('bash', path),
        findProgram('mkfifo', path),
      ],
    }),
    defaults: {},
  },
  node: {
    functions: [],
    scripts: nodeExtensions,
    parse: parseNodeHandler,
    candidates: (module, root) => {
      const base = module === '' ? packageMain(root) : module
      return [
        ...(module === '' ? [base] : []),
        ...nodeExtensions.map((each) => base + each),
        ...nodeExtensions.map((each) => join(base, `index${each}`)),
      ]
    },
    command: ({ runtimeDir, memory }) => ({
      command: process.execPath,
      args: [
        ...(memory === undefined ? [] : [`--max-old-space-size=${heapMegabytes(memory)}`]),
        `--require=${join(runtimeDir, 'node', 'sdk', 'modules.mjs')}`, // for threads and processes that the function starts
        join(runtimeDir, 'node', 'bootstrap.mjs'),
      ],
    }),
    defaults: { NODE_ENV: 'production' }, // yandex.md E-11
  },
  python: {
    functions: [],
    scripts: ['.py'],
    parse: parsePythonHandler,
    candidates: (module) => {
      const base = module.replaceAll('.', '/')
      return [`${base}.py`, `${base}/__init__.py`]
    },
    command: ({ root, runtimeDir, python, path }) => ({
      command: findProgram(python ?? virtualEnvironmentPython(root) ?? 'python3', path),
      args: [join(runtimeDir, 'python', 'bootstrap.py')],
    }),
    defaults: {},
  },
} as const satisfies Record<string, Language>

/** A language that fnbox runs. */
export type LanguageName = keyof typeof languages

/** All languages, in the order in which an entry file is looked for. */
export const languageNames = Object.keys(languages) as readonly LanguageName[]

// yandex.md H-11: the file name with its extension.
function parseBashHandler(handler: string): HandlerName | undefined {
  return /[^/]\.sh$/.test(handler) ? { module: handler, name: '' } : undefined
}

// yandex.md H-1 to H-3: in the last path segment the first part is the module and the second the export.
function parseNodeHandler(handler: string): HandlerName | undefined {
  const slash = handler.lastIndexOf('/')
  const folder = handler.slice(0, slash + 1)
  const [first = '', name] = handler.slice(slash + 1).split('.')
  if (name === undefined) return folder === '' && first !== '' ? { module: '', name: first } : undefined
  return first === '' || name === '' ? undefined : { module: folder + first, name }
}

// yandex.md H-7 to H-9: the last dot separates module and attribute; folders are packages.
function parsePythonHandler(handler: string): HandlerName | undefined {
  const dotted = handler.replaceAll('/', '.')
  const dot = dotted.lastIndexOf('.')
  const module = dotted.slice(0, Math.max(dot, 0))
  const name = dotted.slice(dot + 1)
  return name === '' || module.split('.').includes('') ? undefined : { module, name }
}

// yandex.md H-3: `main` of package.json, else index.
function packageMain(root: string): string {
  try {
    const manifest = parseJson(readFileSync(join(root, 'package.json'), 'utf8'))
    if (isJsonObject(manifest) && typeof manifest['main'] === 'string') return manifest['main']
  } catch {
    // without a readable manifest the package is its index
  }
  return 'index'
}

function virtualEnvironmentPython(root: string): string | undefined {
  const python = join(root, '.venv', 'bin', 'python')
  return existsSync(python) ? python : undefined
}

// Not left to the child process, whose PATH starts with the code root (yandex.md E-9): a function may have a file of that name.
// The bare name remains for the error message when there is none.
function findProgram(name: string, path: string): string {
  if (name.includes('/')) return name
  const places = path.split(delimiter).filter((each) => each !== '')
  return places.map((each) => join(each, name)).find((each) => existsSync(each)) ?? name
}

// V8 would set the limit of its heap far above --memory, and collect too late. The process needs memory beside the heap.
function heapMegabytes(memory: number): number {
  return Math.max(32, Math.floor(memory / 1024 ** 2) - 48)
}
