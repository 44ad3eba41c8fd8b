// Pages that build and run images, as their reader does.

import { execFile } from 'node:child_process'
import { chmodSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { promisify } from 'node:util'
import { expect, it, onTestFinished } from 'vitest'
import { blocksOf } from '../docs/page.ts'
import { freePort } from './containers.ts'
import { findEngine, project, tryEngine } from './engine.ts'

it.each([
  ['docs/images.md', '<h1>Hello from <em>Markdown</em></h1>'],
  ['examples/image-node/README.md', '<h1>Hello from <em>Markdown</em></h1>'],
  ['examples/image-typescript/README.md', '{"accepted":"3 × pears"}'],
])('%s builds and runs its image as it says', async (page, answer) => {
  const blocks = blocksOf(page).filter(({ info }) => info.startsWith('container: '))
  const commands = blocks.map(({ text }) => text).join('')
  const [, image = ''] = /docker stop (\w+)/.exec(commands) ?? []
  const port = await freePort()
  const folder = mkdtempSync(join(tmpdir(), 'fnbox-test-'))
  // The engine's network may be the host's own: then the port has to be told.
  writeFileSync(
    join(folder, 'docker'),
    `#!/bin/sh\ncommand=$1\nshift\n[ "$command" = run ] && set -- --env PORT=${port} "$@"\nexec '${findEngine()}' "$command" "$@"\n`,
  )
  chmodSync(join(folder, 'docker'), 0o755)
  const known = (await tryEngine('image', 'inspect', image)).code === 0
  onTestFinished(async () => {
    await tryEngine('rm', '--force', image)
    if (!known) await tryEngine('rmi', '--force', image)
  })
  const printed = commands.replaceAll('8080', String(port))
  const { stdout } = await promisify(execFile)('sh', ['-ec', printed], {
    cwd: project,
    env: { ...process.env, BUILDAH_LAYERS: 'true', PATH: `${folder}${delimiter}${process.env['PATH']}` },
    maxBuffer: 64 * 1024 ** 2,
  })
  expect(stdout).toContain(answer)
  if (page.startsWith('examples/'))
    expect(readFileSync(join(project, page), 'utf8')).toContain(`\`${answer}\``)
})
