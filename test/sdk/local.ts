// A folder with a script of each language that runs one job without fnbox (jobs.md §11). Owns the folder.

import { execFile } from 'node:child_process'
import { copyFile, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { functionsOf } from '../runtime/player.ts'
import { python, type Ran } from './python.ts'

/** Runs `handler.mjs` or `handler.py`. */
export class LocalScripts implements AsyncDisposable {
  readonly folder: string

  private constructor(folder: string) {
    this.folder = folder
  }

  static async make(): Promise<LocalScripts> {
    const folder = await mkdtemp(join(tmpdir(), 'fnbox-test-'))
    await mkdir(join(folder, 'node_modules'))
    await symlink(join(import.meta.dirname, '..', '..'), join(folder, 'node_modules', 'fnbox'))
    await copyFile(join(functionsOf('node'), 'job_local.mjs'), join(folder, 'handler.mjs'))
    await writeFile(join(folder, 'handler.py'), handler)
    return new LocalScripts(folder)
  }

  run(language: 'node' | 'python', args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<Ran> {
    return language === 'node'
      ? this.node(['handler.mjs', ...args], env)
      : python(['handler.py', ...args], { cwd: this.folder })
  }

  node(args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<Ran> {
    const options = { cwd: this.folder, env: { ...process.env, ...env } }
    return new Promise((settle) => {
      execFile(process.execPath, args, options, (error, stdout, stderr) =>
        settle({ code: error === null ? 0 : Number(error.code), stdout, stderr }),
      )
    })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.folder, { recursive: true })
  }
}

/** What a script has printed as the result of its job. */
export function resultOf({ stdout }: Ran): unknown {
  const [, json = 'null'] = /^INFO {3}\| Job result: (.*)$/m.exec(stdout) ?? []
  return JSON.parse(json)
}

// The twin of job_local.mjs.
const handler = `
import sys
import runpod


@runpod.serverless.register_fitness_check
def check():
    raise AssertionError("a fitness check runs")


def yields(job):
    yield "first"
    yield {"n": 2}


def throws(job):
    raise ValueError("m")


def progress(job):
    runpod.serverless.progress_update(job, {"step": 1})
    return "done"


deeds = {
    "echo": lambda job: job,
    "yields": yields,
    "fails": lambda job: {"error": "boom"},
    "throws": throws,
    "nothing": lambda job: {},
    "number": lambda job: 7,
    "args": lambda job: sys.argv[1:],
    "progress": progress,
}

runpod.serverless.start({"handler": lambda job: deeds[job["input"]["do"]](job)})
`
