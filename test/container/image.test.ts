import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { runToEnd } from './containers.ts'
import { inspectImage, project } from './engine.ts'
import { bases } from './images.ts'

const { version } = JSON.parse(readFileSync(join(project, 'package.json'), 'utf8')) as { version: string } // npm's format
const builtFrom = {
  'fnbox:node': 'docker.io/library/node:24-bookworm-slim',
  'fnbox:python': 'docker.io/library/python:3.11-slim-bookworm',
  'fnbox:full': 'docker.io/library/python:3.11-slim-bookworm',
} as const

const npm = '/usr/local/lib/node_modules/npm/'
const shipped =
  /\.(js|mjs|py|pyc)$|\/LICENSE(S\.txt)?$|^\/function\/runtime\/(compiled\/|dist\/package\.json$)/
const useless =
  /\.ts$|\/(_cacache|\.npm|\.cache|test)\/|^\/(root|tmp|build)\/|^\/var\/(cache|log|lib\/apt\/lists)\/|\/bin\/(gcc|g\+\+|cc|c\+\+|make|clang)$/

// Everything below the root, with what belongs to the kernel left out.
async function filesOf(image: string): Promise<readonly string[]> {
  const { stdout, stderr, code } = await runToEnd(
    image,
    ['-c', 'find / -xdev \\( -path /proc -o -path /sys -o -path /dev \\) -prune -o -type f -print'],
    ['--user', '0', '--entrypoint', 'sh'],
  )
  if (code !== 0) throw new Error(stderr)
  return stdout.trimEnd().split('\n')
}

describe.each(bases)('the image %s (interface.md §9)', (image) => {
  it('says who it is, how it starts, and what it needs', async () => {
    const { config } = await inspectImage(image)
    expect(config).toMatchObject({
      User: '65532:65532',
      Entrypoint: ['/entrypoint.sh'],
      Cmd: ['index.handler'],
      WorkingDir: '/function/code',
      ExposedPorts: { '8080/tcp': {} },
      Volumes: { '/var/lib/fnbox': {} },
      Labels: {
        'org.opencontainers.image.title': 'fnbox',
        'org.opencontainers.image.description': expect.stringContaining('file.handler') as string,
        'org.opencontainers.image.licenses': 'MIT',
        'org.opencontainers.image.version': version,
      },
    })
    expect(config.Env).toEqual(
      expect.arrayContaining([
        'FNBOX_HOST=0.0.0.0',
        'FNBOX_ROOT=/function/code',
        'FNBOX_DATA_DIR=/var/lib/fnbox',
      ]),
    )
  })

  it('asks for its health without curl and without a shell', async () => {
    const { Healthcheck } = (await inspectImage(image)).config
    expect(Healthcheck.Test).toEqual(['CMD', 'node', '/function/runtime/dist/health.js'])
    expect(Healthcheck.Timeout).toBe(5e9)
  })

  it('is the release that it says', async () => {
    const { stdout } = await runToEnd(image, ['--version'])
    expect(stdout.trim()).toBe(version)
  })

  it('keeps what is fnbox from being changed by a function (yandex.md E-2)', async () => {
    const search = ['-c', 'find /function/runtime /entrypoint.sh -writable']
    expect(await runToEnd(image, search, ['--entrypoint', 'sh'])).toMatchObject({ code: 0, stdout: '' })
  })

  it('holds nothing that only a build or a test needs', async () => {
    const [files, before] = await Promise.all([filesOf(image), filesOf(builtFrom[image])])
    const own = files.filter((file) => file.startsWith('/function/') || file.startsWith('/var/lib/fnbox'))
    expect(own.filter((file) => !shipped.test(file))).toEqual([])
    const known = new Set(before)
    const added = files.filter((file) => !known.has(file) && !file.startsWith(npm))
    expect(added.filter((file) => useless.test(file))).toEqual([])
  })

  it('adds little to what it is built from', async () => {
    const [own, base] = await Promise.all([inspectImage(image), inspectImage(builtFrom[image])])
    const added = (own.size - base.size) / 1024 ** 2
    console.log(
      `${image} adds ${added.toFixed(1)} MB to ${(base.size / 1024 ** 2).toFixed(0)} MB of ${builtFrom[image]}`,
    )
    expect(added).toBeLessThan(image === 'fnbox:node' ? 40 : 160) // the others have Node.js itself in it
  })
})
