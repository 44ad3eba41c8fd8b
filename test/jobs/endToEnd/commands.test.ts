// The commands with a script (jobs.md CLI-3, W-1, W-3).

import { describe, expect, it } from 'vitest'
import { freshFolder, runSync } from '../../harness/jobClient.ts'
import { run, start } from '../../harness/program.ts'
import { bothLanguages, functionsIn } from '../../harness/serving.ts'

const extension = { python: 'py', node: 'mjs' }

describe.each(bothLanguages)('a script on the command line (%s)', (language) => {
  const root = functionsIn(language)
  const works = `job_works.${extension[language]}`
  const yields = `job_yields.${extension[language]}`

  it('is invoked once by fnbox invoke, which prints its output and exits 0 (CLI-3)', async () => {
    const { code, stdout } = await run(['invoke', '--root', root, works, '-d', '{"return": {"a": [1]}}'])
    expect([code, JSON.parse(stdout)]).toEqual([0, { a: [1] }])
  })

  it('has each chunk printed as a line of JSON (CLI-3)', async () => {
    const { code, stdout } = await run(['invoke', '--root', root, yields, '-d', '{"chunks": 2}'])
    expect(code).toBe(0)
    expect(
      stdout
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as unknown),
    ).toEqual([{ index: 0 }, { index: 1 }])
  })

  it('that fails makes fnbox invoke exit 1, one that takes too long 2 (CLI-3)', async () => {
    const failed = await run(['invoke', '--root', root, works, '-d', '{"return": {"error": "boom"}}'])
    expect(failed.code).toBe(1)
    expect(failed.stderr).toContain('boom')
    expect((await run(['invoke', '--root', root, works, '-d', '{"exit": 3}'])).code).toBe(1)
    const late = await run([
      'invoke',
      '--root',
      root,
      works,
      '--timeout',
      '200ms',
      '-d',
      '{"await": "/nowhere"}',
    ])
    expect(late.code).toBe(2)
  })

  it('is found fine, or not, by fnbox check', async () => {
    expect((await run(['check', '--root', root, works])).code).toBe(0)
    const missing = await run(['check', '--root', root, `nowhere.${extension[language]}`])
    expect(missing.code).toBe(1)
    const endless = await run(['check', '--root', root, `job_never_starts.${extension[language]}`])
    expect(endless.code).toBe(1)
    expect(endless.stdout).toContain('start')
  })

  it('gets the arguments that follow it, also those that look like our flags (W-1)', async () => {
    const folder = freshFolder()
    const args = ['--mine', '1', '--', '--port', '5']
    await using program = start([
      'serve',
      '--root',
      root,
      '--port',
      '0',
      '--data-dir',
      folder,
      works,
      ...args,
    ])
    const { url } = await program.line('listening at ')
    const { output } = await runSync({ url: String(url).replace(/\/$/, '') }, { args: true })
    expect(output).toEqual(['--mine', '1', '--port', '5'])
  })
})
