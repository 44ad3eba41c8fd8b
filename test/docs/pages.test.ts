// Every page of the documentation does what it says.

import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { blocksOf, isFile, project, Reader } from './page.ts'

const pages = [
  'README.md',
  'CONTRIBUTING.md',
  ...readdirSync(join(project, 'docs'), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.md'))
    .map((name) => `docs/${name}`),
  ...readdirSync(join(project, 'examples'), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('README.md') && !name.includes('node_modules'))
    .map((name) => `examples/${name}`),
]
const pagesWithCommands = pages.filter((path) =>
  blocksOf(path).some(({ language }) => language === 'console'),
)

describe('the documentation', () => {
  it('has pages with commands', () => {
    expect(pagesWithCommands.length).toBeGreaterThan(15)
  })

  it.each(pages)('%s shows only what is run, or says why it is not', (path) => {
    const unproven = blocksOf(path).filter(
      (block) =>
        block.language !== 'console' && !isFile(block) && !/^(?:shown|container): \S/.test(block.info),
    )
    expect(unproven).toEqual([])
  })

  it.each(pagesWithCommands)('%s prints what it says', async (path) => {
    await expect(follow(path)).resolves.toBeUndefined()
  })
})

async function follow(path: string): Promise<void> {
  await using reader = new Reader()
  for (const block of blocksOf(path))
    if (block.language === 'console' || isFile(block)) await reader.follow(block)
}
