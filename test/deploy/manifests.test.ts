import { globSync, readFileSync, statSync } from 'node:fs'
import { basename, join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { options } from '../../src/options.ts'
import { manifestProblems, readYaml, toValue } from '../harness/manifests.ts'

const project = join(import.meta.dirname, '..', '..')
const manifests = globSync('deploy/**/*.yaml', { cwd: project })

describe('the manifests', () => {
  it('are all there', () => {
    expect(manifests.map((path) => basename(path)).toSorted()).toEqual([
      'deployment.yaml',
      'disruption-budget.yaml',
      'service.yaml',
      'service.yaml',
    ])
  })

  it.each(manifests)('are what the schemas of Kubernetes and Knative ask for: %s', async (path) => {
    expect(await manifestProblems(readYaml(join(project, path)))).toEqual([])
  })

  it.each(manifests)('are refused with a name that does not exist: %s', async (path) => {
    const text = readFileSync(join(project, path), 'utf8').replace('metadata:', 'metadada:')
    expect((await manifestProblems(toValue(text))).join()).toContain('metadada')
  })

  it.each([
    ['a name deep inside', 'readOnlyRootFilesystem', 'readonlyRootFilesystem', 'readonlyRootFilesystem'],
    ['a value of another type', 'containerPort: 8080', 'containerPort: http', 'containerPort'],
    ['a quantity that is none', 'memory: 256Mi', 'memory: 256Mx', 'memory'],
    ['a misspelt name in a probe', 'failureThreshold', 'failureTreshold', 'failureTreshold'],
  ])('are refused with %s', async (_, right, wrong, named) => {
    const text = readFileSync(join(project, 'deploy/knative/service.yaml'), 'utf8')
    expect((await manifestProblems(toValue(text.replace(right, wrong)))).join()).toContain(named)
  })

  it.each([
    ['a key that is there twice', 'a: 1\na: 2'],
    ['a value that YAML 1.1 reads as another one', 'mode: 0440'],
  ])('are refused with %s', (_, text) => {
    expect(() => toValue(text)).toThrow(/unique|YAML 1\.1/)
  })
})

describe('the READMEs beside them', () => {
  const texts = globSync('deploy/**/*.md', { cwd: project }).map((path) =>
    readFileSync(join(project, path), 'utf8'),
  )
  const named = (pattern: RegExp) => texts.flatMap((text) => text.match(pattern) ?? [])

  it('name variables and metrics that there are', () => {
    const variables = new Set<string>(Object.values(options).map(({ env }) => env))
    expect(named(/\bFNBOX_\w+/g).filter((name) => !variables.has(name))).toEqual([])
    const metrics = readFileSync(join(project, 'docs/metrics.md'), 'utf8')
    expect(named(/\bfnbox_\w+/g).filter((name) => !metrics.includes(`\`${name}\``))).toEqual([])
  })

  it('say how to apply what is there', () => {
    const applied = named(/(?<=kubectl apply -f )\S+/g)
    expect(applied.map((path) => statSync(join(project, path)).size > 0)).toEqual([true, true])
  })
})
