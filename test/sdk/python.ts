// Runs Python outside fnbox, with the bundled modules on its path.

import { execFile } from 'node:child_process'
import { join } from 'node:path'

/** How a program has ended. */
export interface Ran {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

/** The folder of a program, and its variables besides those of the tests. */
export interface Environment {
  readonly cwd?: string
  readonly env?: Readonly<Record<string, string>>
}

/** Runs `python ...args`, without the packages that this machine has installed. */
export function python(args: readonly string[], { cwd, env }: Environment = {}): Promise<Ran> {
  const variables = { ...process.env, PYTHONPATH: sdk, PYTHONDONTWRITEBYTECODE: '1', ...env }
  return new Promise((settle) => {
    execFile(
      interpreter,
      ['-S', ...args],
      { env: variables, ...(cwd === undefined ? {} : { cwd }) },
      (error, stdout, stderr) => settle({ code: error === null ? 0 : Number(error.code), stdout, stderr }),
    )
  })
}

/** Runs a piece of code and gives what it leaves in `result`, as JSON. Rejects when it fails. */
export async function evaluate(code: string, environment?: Environment): Promise<unknown> {
  const program = `import json\n${code}\nprint("\\n" + json.dumps(result))`
  const { stdout, stderr } = await python(['-c', program], environment)
  const last = stdout.trimEnd().split('\n').at(-1)
  if (stderr !== '' || last === undefined) throw new Error(stderr)
  return JSON.parse(last)
}

const sdk = join(import.meta.dirname, '..', '..', 'runtime', 'python', 'sdk')

const interpreter = process.env['FNBOX_TEST_PYTHON'] ?? 'python3'
