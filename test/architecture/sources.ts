// The source files and what each of them imports, as text: the rules are about what is written.

import { readdirSync, readFileSync } from 'node:fs'
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
  const named = (pattern: RegExp): readonly string[] =>
    [...text.matchAll(pattern)].map(([, name = '']) =>
      name.startsWith('.') ? normalize(join(dirname(path), name)) : name,
    )
  const imports = named(/(?:from|import\()\s*'([^']+)'/g)
  const needs = named(/^(?:import|export) (?!type )[^'(]*from '([^']+)'/gm)
  return { path, text, lines: text.split('\n').length - 1, imports, needs }
}
