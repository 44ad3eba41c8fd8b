import { globSync, mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { composeProblems, readYaml } from '../harness/manifests.ts'

const project = join(import.meta.dirname, '..', '..')
const composeFiles = globSync('examples/**/compose.yaml', { cwd: project })

describe('the compose files of the examples', () => {
  it('are all there', () => {
    expect(composeFiles).toEqual(['examples/compose.yaml'])
  })

  it.each(composeFiles)('are what the Compose Specification asks for: %s', (path) => {
    expect(() => readYaml(join(project, path))).not.toThrow()
    expect(composeProblems(join(project, path))).toEqual([])
  })

  it('are refused with a name that does not exist', () => {
    const path = join(mkdtempSync(join(tmpdir(), 'fnbox-test-')), 'compose.yaml')
    writeFileSync(path, 'services:\n  hello:\n    imagee: fnbox\n')
    expect(composeProblems(path).join()).toContain('/services/hello')
  })
})
