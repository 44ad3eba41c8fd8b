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

  it.each([
    ['help invoke', '--event NAME', '--queue-timeout'],
    ['invoke --help', '--event NAME', '--queue-timeout'],
    ['help serve', '--queue-timeout', '--event NAME'],
    ['check --help', '--queue-timeout', '--event NAME'],
  ])('prints the options of one command: %s', async (line, own, other) => {
    const { code, stdout } = await run(line.split(' '))
    expect([code, stdout.split('\n')[0]]).toEqual([0, 'Usage:'])
    expect(stdout).toContain(own)
    expect(stdout).not.toContain(other)
  })

  it('prints all options with help alone', async () => {
    expect((await run(['help'])).stdout).toBe((await run(['--help'])).stdout)
  })

  it('needs Node.js 24', async () => {
    const main = join(import.meta.dirname, '..', '..', 'src', 'main.ts')
    const older =
      "data:text/javascript,Object.defineProperty(process, 'versions', { value: { node: '22.1.0' } })"
    const running = promisify(execFile)(process.execPath, ['--import', older, main, '--version'])
    await expect(running).rejects.toMatchObject({
      code: 64,
      stderr: 'fnbox needs Node.js 24 or newer; this is 22.1.0.\n',
    })
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
