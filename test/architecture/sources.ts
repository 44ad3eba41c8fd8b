// The source files and what each of them imports, as text: the rules are about what is written.

import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join, normalize, relative, sep } from 'node:path'

export interface Source {
  /** path from the project's root */
  readonly path: string
  readonly text: string
  readonly lines: number
  /** what is imported: project files by path, packages and built-ins by name */
  readonly imports: readonly string[]
  /** those of them that are loaded together with the file */
  readonly needs: readonly string[]
}

const root = join(import.meta.dirname, '..', '..')

/** A file, or all files below a folder whose names end in one of the endings. */
export function sourcesBelow(folder: string, endings: readonly string[]): readonly Source[] {
  if (endings.some((each) => folder.endsWith(each))) return [read(folder)]
  return readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && endings.some((each) => entry.name.endsWith(each)))
    .map((entry) => relative(root, join(entry.parentPath, entry.name)).split(sep).join('/'))
    .filter((path) => !path.includes('__pycache__'))
    .map(read)
}

function read(path: string): Source {
  const text = readFileSync(join(root, path), 'utf8')
  const code = text.replaceAll(/\/\*\*[^]*?\*\//g, '') // comments name types only
  const named = (pattern: RegExp): readonly string[] =>
    [...code.matchAll(pattern)].map(([, name = '']) =>
      name.startsWith('.') ? normalize(join(dirname(path), name)) : name,
    )
  const imports = path.endsWith('.py') ? pythonImports(path, text) : named(/(?:from|import\()\s*'([^']+)'/g)
  const needs = named(/^(?:import|export) (?!type )[^'(]*from '([^']+)'/gm)
  return { path, text, lines: text.split('\n').length - 1, imports, needs }
}

// Also those inside functions. Modules that are not ours, such as Python's own, are left out.
function pythonImports(path: string, text: string): readonly string[] {
  const imports = [...text.matchAll(/^ *(?:from (\.*)([\w.]*) )?import (\([^)]*\)|.*)$/gm)]
  return imports.flatMap(([, dots = '', from = '', list = '']) => {
    const folder =
      dots === '' ? 'runtime/python/sdk' : join(dirname(path), ...Array.from(dots.slice(1), () => '..'))
    const base = from.replace(/^_fnbox\.?/, '../').replaceAll(/(?<=\w)\./g, '/')
    const names = [...list.replaceAll(/#.*| as \w+/g, '').matchAll(/[\w.]+/g)].map(([name]) => name)
    return names.flatMap(
      (name) => moduleAt(join(folder, base, name.replaceAll('.', '/'))) ?? moduleAt(join(folder, base)) ?? [],
    )
  })
}

function moduleAt(path: string): string | undefined {
  return [`${path}.py`, join(path, '__init__.py')].find((file) => existsSync(join(root, file)))
}
