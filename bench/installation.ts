// fnbox as it is shipped: copies of the bundle and the runtimes, which a build does not change during a run.

import { execFileSync } from 'node:child_process'
import { cpSync } from 'node:fs'
import { join } from 'node:path'
import { newFolder } from './folders.ts'

/** Absolute path of the program as an image has it, with what V8 has compiled of it (see the Dockerfile). */
export function inImage(): string {
  const folder = newFolder()
  cpSync(join(project, 'runtime'), folder, { recursive: true })
  cpSync(join(project, 'dist'), join(folder, 'dist'), { recursive: true })
  execFileSync(process.execPath, [join(folder, 'dist', 'compile.js')])
  return join(folder, 'dist', 'main.js')
}

/** Absolute path of the program as npm installs it: V8 compiles it at each start. */
export function fromNpm(): string {
  const folder = newFolder()
  for (const each of ['dist', 'runtime', 'package.json'])
    cpSync(join(project, each), join(folder, each), { recursive: true })
  return join(folder, 'dist', 'main.js')
}

const project = join(import.meta.dirname, '..')
