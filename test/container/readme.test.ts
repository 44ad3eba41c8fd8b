import { execFile } from 'node:child_process'
import { chmodSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { promisify } from 'node:util'
import { expect, it, onTestFinished } from 'vitest'
import { freePort } from './containers.ts'
import { findEngine, project, tryEngine } from './engine.ts'

const section =
  readFileSync(join(project, 'README.md'), 'utf8').split('\n## Build a function image\n')[1] ?? ''
const [, commands = ''] = /```sh\n([^]*?)```/.exec(section) ?? []

it('the README builds and runs a function image as it says', async () => {
  const port = await freePort()
  const folder = mkdtempSync(join(tmpdir(), 'fnbox-test-'))
  // The engine's network may be the host's own: then the port has to be told.
  writeFileSync(
    join(folder, 'docker'),
    `#!/bin/sh\ncommand=$1\nshift\n[ "$command" = run ] && set -- --env PORT=${port} "$@"\nexec '${findEngine()}' "$command" "$@"\n`,
  )
  chmodSync(join(folder, 'docker'), 0o755)
  const known = (await tryEngine('image', 'inspect', 'markdown')).code === 0
  onTestFinished(async () => {
    await tryEngine('rm', '--force', 'markdown')
    if (!known) await tryEngine('rmi', '--force', 'markdown')
  })
  const printed = commands.replaceAll('8080', String(port))
  const { stdout } = await promisify(execFile)('sh', ['-ec', printed], {
    cwd: project,
    env: { ...process.env, BUILDAH_LAYERS: 'true', PATH: `${folder}${delimiter}${process.env['PATH']}` },
    maxBuffer: 64 * 1024 ** 2,
  })
  expect(stdout).toContain('<h1>Hello from <em>Markdown</em></h1>')
})
