import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { describe, expect, it } from 'vitest'
import { run } from '../harness/program.ts'
import { functionsIn } from '../harness/serving.ts'

describe('fnbox', () => {
  it('prints its options with --help, and its version with --version', async () => {
    const help = await run(['--help'])
    expect([help.code, help.stdout]).toEqual([0, expect.stringContaining('--queue-timeout D')])
    expect((await run(['--version'])).stdout).toMatch(/^\d+\.\d+\.\d+\n$/)
  })

  it('reports no bug when the reader of its output goes away', async () => {
    const main = join(import.meta.dirname, '..', '..', 'src', 'main.ts')
    const fnbox = `"${process.execPath}" "${main}"`
    const invoke = `${fnbox} invoke --root "${functionsIn('node')}" sized.text -d '{"length": 2000000}'`
    const { stdout } = await promisify(execFile)('sh', [
      '-c',
      `${fnbox} --help | true; ${invoke} 2>&1 >/dev/full`,
    ])
    expect(stdout).not.toContain('bug')
  })
})
