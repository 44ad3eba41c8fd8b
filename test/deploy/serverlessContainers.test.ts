import { execFileSync, spawnSync } from 'node:child_process'
import { chmodSync, mkdtempSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { readConfig } from '../harness/config.ts'
import { options } from '../../src/options.ts'

const project = join(import.meta.dirname, '..', '..')

describe('deploy.sh of Serverless Containers', () => {
  const script = join(project, 'deploy/yandex-serverless-containers/deploy.sh')
  const required = { IMAGE: 'cr.yandex/r/hello:1', NAME: 'hello', SERVICE_ACCOUNT_ID: 'aje1' }

  /** Runs it with a `yc` that writes down what it is asked, and fails at what is not there and what it refuses. */
  function deploy(
    environment: Readonly<Record<string, string>>,
    { known = true, refused = '', flags = [''] } = {},
  ) {
    const folder = mkdtempSync(join(tmpdir(), 'fnbox-test-'))
    const record = join(folder, 'record')
    writeFileSync(record, '')
    const yc = [
      '#!/bin/sh',
      `IFS='\t'; printf '%s\\n' "$*" >>'${record}'`,
      `case $3 in '${refused}') false ;; create) : >'${folder}/created' ;; get) ${known} || [ -e '${folder}/created' ] ;; esac`,
    ]
    writeFileSync(join(folder, 'yc'), `${yc.join('\n')}\n`)
    chmodSync(join(folder, 'yc'), 0o755)
    const env = { PATH: `${folder}:${process.env['PATH']}`, ...environment }
    const { status, stderr } = spawnSync('sh', [script, ...flags.filter(Boolean)], { env, encoding: 'utf8' })
    const asked = readFileSync(record, 'utf8').split('\n').slice(0, -1)
    const words = asked.map((line) => line.split('\t').slice(2)) // all begin with "serverless container"
    return { status, stderr, words, lines: words.map((each) => each.join(' ')) }
  }

  it('is a script that a plain shell reads, and may be run as it is', () => {
    execFileSync('sh', ['-n', script])
    expect(statSync(script).mode & 0o111).toBe(0o111)
  })

  it('creates the container when it is missing, then deploys (X-2, X-8, X-10, X-11)', () => {
    const { status, lines } = deploy(required, { known: false })
    const revisionFlags = [
      '--container-name hello --image cr.yandex/r/hello:1 --service-account-id aje1',
      '--cores 1 --core-fraction 100 --memory 256MB --concurrency 1 --min-instances 0 --execution-timeout 50s',
      '--environment FNBOX_TIMEOUT=10s --environment FNBOX_INIT_TIMEOUT=30s --environment FNBOX_QUEUE_TIMEOUT=30s',
      '--environment FNBOX_INSTANCES=1 --environment FNBOX_MEMORY=128MB',
      '--environment FNBOX_TOKEN_URL=http://169.254.169.254/computeMetadata/v1/instance/service-accounts/default/token',
    ]
    expect([status, lines]).toEqual([
      0,
      [
        'get --name hello',
        'create --name hello',
        `revision deploy ${revisionFlags.join(' ')}`,
        'get --name hello',
      ],
    ])
  })

  it('deploys a revision of a container that is there, with what the caller adds last', () => {
    const sizes = { TIMEOUT: '60', START_TIMEOUT: '90', INSTANCES: '4', FUNCTION_MEMORY: '256', CORES: '2' }
    const { words, lines } = deploy(
      { ...required, ...sizes, HANDLER: 'main.handler' },
      { flags: ['--environment', 'A=b c'] },
    )
    expect(lines.map((line) => line.split(' --')[0])).toEqual(['get', 'revision deploy', 'get'])
    expect(lines[1]).toContain('--cores 2 --core-fraction 100 --memory 1152MB --concurrency 4 ')
    expect(lines[1]).toContain('--execution-timeout 160s --environment FNBOX_TIMEOUT=60s')
    expect(words[1]?.slice(-4)).toEqual(['--args', 'main.handler', '--environment', 'A=b c'])
  })

  it('sets only variables that fnbox knows and takes, and never PORT (X-2)', () => {
    const set = [...(deploy(required).lines[1] ?? '').matchAll(/--environment (\w+)=(\S+)/g)]
    const environment = Object.fromEntries(set.map(([, name = '', value = '']) => [name, value]))
    const known = new Set<string>(Object.values(options).map(({ env }) => env))
    expect(Object.keys(environment).filter((name) => name === 'PORT' || !known.has(name))).toEqual([])
    expect(
      readConfig('index.handler', {}, { ...environment, FNBOX_ROOT: join(project, 'examples/hello-node') })
        .options.instances,
    ).toBe(1)
  })

  it('opens the container to all callers only with the option for it', () => {
    expect(deploy({ ...required, PUBLIC: 'true' }).lines).toContain(
      'allow-unauthenticated-invoke --name hello',
    )
    expect(deploy({ ...required, PUBLIC: 'false' }).lines.join()).not.toContain('allow')
  })

  it('ends at the first command that fails, before it opens anything', () => {
    const { status, lines } = deploy({ ...required, PUBLIC: 'true' }, { refused: 'revision' })
    expect([status, lines.map((line) => line.split(' --')[0])]).toEqual([1, ['get', 'revision deploy']])
  })

  it.each(Object.keys(required))('asks for %s before it does anything', (name) => {
    const { status, stderr, lines } = deploy({ ...required, [name]: '' })
    expect([status === 0, stderr.includes(name), lines]).toEqual([false, true, []])
  })
})
