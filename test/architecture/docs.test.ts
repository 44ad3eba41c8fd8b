// What the documentation promises of itself: links lead somewhere, generated pages are those of the code.

import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, expect, it } from 'vitest'
import manifest from '../../package.json' with { type: 'json' }
import { bannedEverywhere, used } from './words.ts'
import { generatedPages } from '../../docs/generate.ts'

const root = join(import.meta.dirname, '..', '..')
const pages = readdirSync(root, { recursive: true, encoding: 'utf8' })
  .filter(
    (path) => path.endsWith('.md') && !/(?:^|\/)(?:node_modules|dist|\.fnbox|\.stryker[^/]*)\//.test(path),
  )
  .toSorted()

describe('the documentation', () => {
  it('has a front page of at most 120 lines', () => {
    expect(read('README.md').split('\n').length).toBeLessThanOrEqual(121)
  })

  it('has an index that names every page', () => {
    const named = new Set(linksOf('docs/README.md').map(({ path }) => path))
    const all = pages.filter((path) => path.startsWith('docs/') && path !== 'docs/README.md')
    expect(all.filter((path) => !named.has(path))).toEqual([])
  })

  it.each(pages)('%s has links that lead somewhere', (page) => {
    const broken = linksOf(page).filter(
      ({ path, anchor }) => !existsSync(join(root, path)) || (anchor !== '' && !anchorsOf(path).has(anchor)),
    )
    expect(broken).toEqual([])
  })

  it.each(pages)('%s has the words of the field', (page) => {
    expect(used(read(page), bannedEverywhere)).toEqual([])
  })

  it('says of each package why it is there', () => {
    const names = Object.keys({ ...manifest.dependencies, ...manifest.devDependencies })
    const named = new Set(
      [...read('CONTRIBUTING.md').matchAll(/(?:`|\| \[|, \[)([\w@/-]+)[`\]]/g)].map(([, name]) => name),
    )
    expect(names.filter((name) => !name.startsWith('@types/') && !named.has(name))).toEqual([])
  })

  it('has generated pages as `npm run docs` writes them', async () => {
    for (const [name, text] of await generatedPages()) expect(read(`docs/${name}`)).toBe(text)
  })
})

function read(path: string): string {
  return readFileSync(join(root, path), 'utf8')
}

// Links within the project, by the file that they lead to and the heading in it.
function linksOf(page: string): readonly { readonly path: string; readonly anchor: string }[] {
  const prose = read(page)
    .replaceAll(/^```[^]*?^```$/gm, '')
    .replaceAll(/`[^`\n]*`/g, '')
  return [...prose.matchAll(/\]\((?!https?:|mailto:)([^)\s]+)\)/g)].map(([, link = '']) => {
    const [path = '', anchor = ''] = link.split('#')
    return { path: path === '' ? page : join(dirname(page), path), anchor }
  })
}

// As GitHub makes them of headings.
function anchorsOf(page: string): ReadonlySet<string> {
  if (!page.endsWith('.md')) return new Set()
  const headings = read(page)
    .replaceAll(/^```[^]*?^```$/gm, '')
    .matchAll(/^#+ (.+)$/gm)
  return new Set(
    [...headings].map(([, title = '']) =>
      title
        .toLowerCase()
        .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
        .replaceAll(' ', '-'),
    ),
  )
}
